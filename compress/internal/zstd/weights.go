package zstd

import "math"

// A weightTable is a distribution that the weights of literals are written in.
type weightTable struct {
	*fse
	header []byte
	cost   [maxCodeBits + 1]int // bits for each weight, in parts of 1/256
}

const weightLog = 6

// weightTables are for texts, digits and other bytes, from where most literals are used to where few are: with these few,
// what most messages would save by a distribution of their own is less than its description takes. Of 64, each weight has
// some, and so every code can be described.
var weightTables = []*weightTable{
	newWeightTable(5, 10, 15, 12, 10, 6, 1, 1, 1, 1, 1, 1),
	newWeightTable(28, 6, 13, 8, 2, 1, 1, 1, 1, 1, 1, 1),
	newWeightTable(34, 4, 2, 5, 11, 2, 1, 1, 1, 1, 1, 1),
	newWeightTable(35, 3, 4, 2, 5, 8, 2, 1, 1, 1, 1, 1),
	newWeightTable(43, 9, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1),
	newWeightTable(49, 2, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1),
}

func newWeightTable(counts ...int) *weightTable {
	t := &weightTable{fse: newFSE(weightLog, counts), header: describeCounts(weightLog, counts)}
	for weight, n := range counts {
		t.cost[weight] = int(256 * (weightLog - math.Log2(float64(n))))
	}
	return t
}

// weightTableFor is the distribution in which so many of each weight take the fewest bits.
func weightTableFor(counts *[maxCodeBits + 1]int) (best *weightTable) {
	least := math.MaxInt
	for _, t := range weightTables {
		cost := 256 * 8 * len(t.header)
		for weight, n := range counts {
			cost += n * t.cost[weight]
		}
		if cost < least {
			best, least = t, cost
		}
	}
	return best
}

// describeCounts is the description of a distribution without zeros (RFC 8878, 4.1.1). A count takes as many bits as are
// needed for what is left, or one less if it is below what these have to spare.
func describeCounts(log uint, counts []int) (header []byte) {
	bits, n := uint64(log-5), uint(4)
	left, size, width := 1<<log+1, 1<<log, log+1
	for _, count := range counts {
		spare := 2*size - 1 - left
		left -= count
		value := count + 1
		if value >= size {
			value += spare
		}
		bits |= uint64(value) << n
		n += width
		if value < spare {
			n--
		}
		for left < size && width > 1 {
			width--
			size >>= 1
		}
		for ; n >= 8; n -= 8 {
			header = append(header, byte(bits))
			bits >>= 8
		}
	}
	if n > 0 {
		header = append(header, byte(bits))
	}
	return header
}

// write writes weights by two states that take turns.
func (t *weightTable) write(buf []byte, at int, weights []uint8) int {
	at += copy(buf[at:], t.header)
	i := len(weights) - 1
	turn, other := t.begin(weights[i]), t.begin(weights[i-1])
	b := bitWriter{}
	n := uint32(0)
	for i -= 2; i >= 1; i -= 2 {
		last := turn
		turn, n = t.move(turn, weights[i])
		b = b.low(last, n)
		last = other
		other, n = t.move(other, weights[i-1])
		b = b.low(last, n)
		b, at = b.flush(buf, at)
	}
	if i == 0 {
		last := turn
		turn, n = t.move(turn, weights[0])
		b = b.low(last, n)
		turn, other = other, turn
	}
	// other is that of the first weight, and read first.
	b = b.low(turn, weightLog).low(other, weightLog)
	return b.end(buf, at)
}
