package deflate

import (
	"math"
	"math/bits"
)

// Bits are counted in parts of 1/256 where they are estimated.
const bitParts = 256

const logBits = 10

// logs is the logarithm to the base 2 of each number below 1<<logBits.
var logs = func() (table [1 << logBits]uint16) {
	for n := 1; n < len(table); n++ {
		table[n] = uint16(math.Round(math.Log2(float64(n)) * bitParts))
	}
	return table
}()

// log2 is the logarithm of n > 0 to the base 2, to about a thousandth.
func log2(n uint32) int {
	if n < 1<<logBits {
		return int(logs[n])
	}
	shift := bits.Len32(n) - logBits
	return int(logs[n>>shift]) + shift*bitParts
}

// entropy is what these counts' symbols take under the best code there could be.
func entropy(counts []uint16) (parts, used int) {
	total := 0
	for _, n := range counts {
		if n > 0 {
			total += int(n)
			used++
			parts -= int(n) * log2(uint32(n))
		}
	}
	if total > 0 {
		parts += total * log2(uint32(total))
	}
	return parts, used
}

// A worth says how far back a match may lie to take fewer bits than its bytes would as literals.
type worth struct {
	far [16]uint16 // the furthest distance, by length; longer ones always pay
}

// matchBits is about what a match takes beside as many bits as its distance has.
const matchBits = 8 * bitParts

// leastLiteral is what literals take at least for the estimate to be of use: where bytes are more alike than this, most of
// them are in matches, and those that are left are rare and take much more.
const leastLiteral = 5 * bitParts / 2

// learn estimates from a sample what a literal takes.
func (w *worth) learn(sample []byte) {
	var counts [256]uint16
	for _, c := range sample {
		counts[c]++
	}
	parts, _ := entropy(counts[:])
	literal := parts / max(1, len(sample))
	if literal < leastLiteral {
		*w = everyMatch
		return
	}
	for length := range w.far {
		saved := max(0, length*literal-matchBits)
		power, part := min(saved/bitParts, 15), saved%bitParts
		w.far[length] = uint16(min(windowSize, (bitParts+part)<<power/bitParts)) // about 2^saved
	}
}

// everyMatch is the worth where all matches pay.
var everyMatch = func() (w worth) {
	for length := range w.far {
		w.far[length] = windowSize
	}
	return w
}()

// worthLearning is the length of a message from which on it pays to learn. In a shorter one all distances are short, and
// it pays only where most matches are too.
const worthLearning = 512

// doubtful is whether the matches are about as short as can be, as they are by chance in random digits.
func (c *counts) doubtful() bool { return c.matched < 4*c.matches }

// pays is whether a match of this length at this distance is worth it.
func (w *worth) pays(length, distance int) bool { return w.least(length, distance) == length }

// least is the least length, from this one up, that pays at a distance.
func (w *worth) least(length, distance int) int {
	for length < len(w.far) && distance > int(w.far[length]) {
		length++
	}
	return length
}

// limit is how far back a match of this length may be.
func (w *worth) limit(length int) int {
	if length < len(w.far) {
		return min(int(w.far[length]), windowSize-1)
	}
	return windowSize - 1
}
