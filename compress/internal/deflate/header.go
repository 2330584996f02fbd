package deflate

import "fluent-bit-kinesis/compress/internal/huffman"

const (
	numCodeLengths = 19 // the alphabet that code lengths are written in: the lengths 0 to 15, and
	repeatLength   = 16 // the previous length 3 to 6 times,
	repeatZeros    = 17 // zero 3 to 10 times,
	repeatZerosBig = 18 // zero 11 to 138 times

	maxCodeLengthBits = 7
)

// codeLengthOrder is the order in which the lengths of this alphabet's own codewords are written.
var codeLengthOrder = [numCodeLengths]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

var codeLengthExtra = [numCodeLengths]uint8{repeatLength: 2, repeatZeros: 3, repeatZerosBig: 7}

// A header is what a dynamic block says of its codes (RFC 1951, 3.2.7): the length of each codeword, symbol after
// symbol, runs shortened, and the whole under a Huffman code of its own.
type header struct {
	symbols [numLiterals + numDistances + 2]headerSymbol // two are written where there may be one
	n       int
	freq    [numCodeLengths]uint16
	code    code
	size    int // in bits

	literals, distances, codeLengths int // symbols of each alphabet that are written
}

type headerSymbol struct {
	symbol uint8
	extra  uint8 // what the symbol's extra bits say
}

// prepare makes h the header for these two codes.
func (h *header) prepare(b *huffman.Builder, literals, distances *code) {
	h.literals, h.distances = literals.Last()+1, distances.Last()+1
	// The two alphabets are one run of lengths, which may go on from one into the other.
	run := lengthRun{}
	h.n = 0
	h.add(&run, literals, 0)
	h.add(&run, distances, h.literals)
	if run.more >= leastRepeat {
		h.repeat(run)
	}
	h.freq = [numCodeLengths]uint16{}
	for _, s := range h.symbols[:h.n] {
		h.freq[s.symbol]++
	}

	clear(h.code.Words[:numCodeLengths])
	h.code.build(b, h.freq[:], maxCodeLengthBits)
	h.codeLengths = numCodeLengths
	for h.codeLengths > 4 && h.freq[codeLengthOrder[h.codeLengths-1]] == 0 {
		h.codeLengths--
	}
	h.size = 14 + 3*h.codeLengths
	for symbol, f := range h.freq {
		h.size += int(f) * int(uint8(h.code.Words[symbol])+codeLengthExtra[symbol])
	}
}

// A lengthRun is the run of equal lengths that is being read: up to the place next, the length came more times again.
type lengthRun struct {
	next   int
	length uint8
	more   int
}

// leastRepeat is how many lengths more of a run are said as a repetition.
const leastRepeat = 3

// add adds the lengths of c's codewords; its first symbol has this place among the symbols of both alphabets. Whether a
// length is that of the symbol before is a toss, so that there is no branch on it: each is put as it is, and what turns out
// to be a run is put again.
func (h *header) add(run *lengthRun, c *code, place int) {
	next, last, more := run.next, run.length, run.more
	for _, u := range c.Used[:c.N] {
		at, length := place+int(u&0xffff), uint8(c.Words[u&0xffff])
		gap := at - next
		same := int(uint(gap|int(length^last))-1) >> 63 & 1 // 1 where both are 0
		if more*(1-same) >= leastRepeat {
			h.repeat(lengthRun{length: last, more: more})
		}
		more = (more + 1) * same
		if gap >= len(zeroRuns) {
			h.put(repeatZerosBig, biggestZeros-11)
			gap -= biggestZeros
		}
		if gap >= len(zeroRuns) { // of 285 at most, and a length between
			h.put(repeatZerosBig, biggestZeros-11)
			gap -= biggestZeros
		}
		zeros := zeroRuns[gap]
		h.symbols[h.n], h.symbols[h.n+1] = zeros.first, headerSymbol{}
		h.n += zeros.n
		h.put(length, 0)
		next, last = at+1, length
	}
	run.next, run.length, run.more = next, last, more
}

// biggestZeros is how many zeros one symbol says at most.
const biggestZeros = 138

// zeroRuns is how so many zeros are said: by no symbol, or one, or two of which the second is a zero.
var zeroRuns = func() (table [biggestZeros + 1]struct {
	first headerSymbol
	n     int
}) {
	for zeros := range table {
		r := &table[zeros]
		switch {
		case zeros >= 11:
			r.first, r.n = headerSymbol{repeatZerosBig, uint8(zeros - 11)}, 1
		case zeros >= 3:
			r.first, r.n = headerSymbol{repeatZeros, uint8(zeros - 3)}, 1
		default:
			r.n = zeros
		}
	}
	return table
}()

// repeat puts the end of a run, which is there as so many symbols, as repetitions.
func (h *header) repeat(run lengthRun) {
	h.n -= run.more
	for run.more >= leastRepeat {
		n := min(run.more, 6)
		h.put(repeatLength, uint8(n-3))
		run.more -= n
	}
	for range run.more {
		h.put(run.length, 0)
	}
}

func (h *header) put(symbol, extra uint8) {
	h.symbols[h.n] = headerSymbol{symbol, extra}
	h.n++
}

// write writes the header at this place of buf, behind the bits in b, and returns the bits and the place behind it.
func (h *header) write(buf []byte, at int, b bitBuffer) (bitBuffer, int) {
	b = b.add(uint64(h.literals-firstLength), 5).add(uint64(h.distances-1), 5).add(uint64(h.codeLengths-4), 4)
	b, at = b.flush(buf, at)
	for _, symbol := range codeLengthOrder[:h.codeLengths] {
		b = b.add(uint64(uint8(h.code.Words[symbol])), 3)
		b, at = b.flush(buf, at)
	}
	for i, s := range h.symbols[:h.n] { // of at most 14 bits, four of which go between two flushes
		b = b.word(h.code.Words[s.symbol]).add(uint64(s.extra), codeLengthExtra[s.symbol])
		if i&3 == 3 {
			b, at = b.flush(buf, at)
		}
	}
	return b.flush(buf, at)
}
