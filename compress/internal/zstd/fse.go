package zstd

import "math/bits"

// An fse is how the symbols of one distribution are written by finite state entropy coding (RFC 8878, 4.1): a state stands
// for a symbol, and the bits that it takes from one to the next are about as many as the symbol is rare. Encoding goes from
// the last symbol to the first, as decoding goes the other way.
//
// States are counted from the size of the table on.
type fse struct {
	log    uint8
	states [64]uint8 // by symbol and, of its states, in their order; less the size
	start  [64]uint8 // by symbol: where its states begin,
	first  [64]int16 // that less how many they are,
	bits   [64]uint32
}

// newFSE makes the table of a distribution, as the format lays it out. A count of -1 is of a symbol that is rarer than one
// in the table's size.
func newFSE(log uint8, counts []int) *fse {
	t := &fse{log: log}
	size := 1 << log
	var symbols [64]uint8
	high := size // from here on there are the rare ones
	for s, n := range counts {
		if n < 0 {
			high--
			symbols[high] = uint8(s)
		}
	}
	pos := 0
	for s, n := range counts {
		for range n {
			symbols[pos] = uint8(s)
			for more := true; more; more = pos >= high {
				pos = (pos + size>>1 + size>>3 + 3) & (size - 1)
			}
		}
	}
	var next [64]int
	at := 0
	for s, n := range counts {
		if n < 0 {
			n = 1
		}
		next[s] = at
		t.first[s], t.start[s] = int16(at-n), uint8(at)
		// A state x leaves so many bits that what stays of it is from n up to 2n: the most of them if x is at least n
		// shifted by as many. So the sum of x and this constant has their number above 16 bits.
		most := uint32(log) - uint32(bits.Len(uint(n))-1)
		t.bits[s] = most<<16 - uint32(n)<<most
		at += n
	}
	for state, s := range symbols[:size] {
		t.states[next[s]] = uint8(state)
		next[s]++
	}
	return t
}

// begin is a state that stands for a symbol: of these, one that leaves the most bits on the way to the one before. Of
// Huffman weights a decoder knows that there are no more by the lack of these bits.
func (t *fse) begin(symbol uint8) uint32 {
	return uint32(t.states[t.start[symbol&63]&63]) + 1<<t.log
}

// move is the state from which a decoder comes to this one after the symbol, with bits to write for it.
func (t *fse) move(state uint32, symbol uint8) (next, n uint32) {
	n = (state + t.bits[symbol&63]) >> 16
	return uint32(t.states[(int(state>>(n&31))+int(t.first[symbol&63]))&63]) + 1<<t.log, n
}
