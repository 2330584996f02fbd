package deflate

import (
	"math/bits"

	"fluent-bit-kinesis/compress/internal/huffman"
)

const maxCodeBits = 15 // of a literal's or distance's codeword

// A code is a canonical Huffman code (RFC 1951, 3.2.2), the first bit of a codeword to write the lowest.
type code struct {
	huffman.Code
	symbols int // how many the code was built for
	size    int // bits that they take, without the extra bits
}

// build makes c the best code for these frequencies in which no codeword has more than maxBits.
func (c *code) build(b *huffman.Builder, freq []uint16, maxBits int) {
	count := b.Build(&c.Code, freq, maxBits)
	c.assign(&count)
}

// assign replaces the lengths in words by codewords: in the order of the symbols within a length.
func (c *code) assign(count *huffman.Count) {
	var next [maxCodeBits + 1]uint16 // in the upper bits
	for length, word := 1, uint16(0); length <= maxCodeBits; length++ {
		next[length] = word
		word += count[length] << (16 - length)
	}
	symbols, size := 0, 0
	for _, u := range c.Used[:c.N] {
		word := &c.Words[u&0xffff]
		length := *word & 15
		*word = uint32(bits.Reverse16(next[length]))<<8 | length
		next[length] += 1 << 15 >> (length - 1)
		symbols += int(u >> 16)
		size += int(u>>16) * int(length)
	}
	c.symbols, c.size = symbols, size
}
