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
	symbols [numLiterals + numDistances]headerSymbol
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
	h.n = 0
	h.freq = [numCodeLengths]uint16{}
	h.literals, h.distances = literals.Last()+1, distances.Last()+1
	// The two alphabets are one run of lengths, which may go on from one into the other.
	run := lengthRun{}
	h.add(&run, literals, 0)
	h.add(&run, distances, h.literals)
	h.repeat(run)

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

// add adds the lengths of c's codewords; its first symbol has this place among the symbols of both alphabets.
func (h *header) add(run *lengthRun, c *code, place int) {
	for _, u := range c.Used[:c.N] {
		at, length := place+int(u&0xffff), uint8(c.Words[u&0xffff])
		if at == run.next && length == run.length {
			run.next++
			run.more++
			continue
		}
		h.repeat(*run)
		h.zeros(at - run.next)
		h.put(length, 0)
		*run = lengthRun{next: at + 1, length: length}
	}
}

func (h *header) repeat(run lengthRun) {
	for run.more >= 3 {
		n := min(run.more, 6)
		h.put(repeatLength, uint8(n-3))
		run.more -= n
	}
	for range run.more {
		h.put(run.length, 0)
	}
}

func (h *header) zeros(n int) {
	for n >= 11 {
		some := min(n, 138)
		h.put(repeatZerosBig, uint8(some-11))
		n -= some
	}
	if n >= 3 {
		h.put(repeatZeros, uint8(n-3))
		return
	}
	for range n {
		h.put(0, 0)
	}
}

func (h *header) put(symbol, extra uint8) {
	h.symbols[h.n] = headerSymbol{symbol, extra}
	h.n++
	h.freq[symbol]++
}

// write writes the header at this place of buf, behind the bits in b, and returns the bits and the place behind it.
func (h *header) write(buf []byte, at int, b bitBuffer) (bitBuffer, int) {
	b = b.add(uint64(h.literals-firstLength), 5).add(uint64(h.distances-1), 5).add(uint64(h.codeLengths-4), 4)
	b, at = b.flush(buf, at)
	for _, symbol := range codeLengthOrder[:h.codeLengths] {
		b = b.add(uint64(uint8(h.code.Words[symbol])), 3)
		b, at = b.flush(buf, at)
	}
	for _, s := range h.symbols[:h.n] {
		b = b.word(h.code.Words[s.symbol]).add(uint64(s.extra), codeLengthExtra[s.symbol])
		b, at = b.flush(buf, at)
	}
	return b, at
}
