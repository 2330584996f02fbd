package deflate

import (
	"math/bits"

	"fluent-bit-kinesis/compress/internal/huffman"
)

const maxCodeBits = 15 // of a literal's or distance's codeword

// A code is a canonical Huffman code (RFC 1951, 3.2.2), the first bit of a codeword to write the lowest.
type code struct{ huffman.Code }

// build makes c the best code for these frequencies in which no codeword has more than maxBits.
func (c *code) build(b *huffman.Builder, freq []uint16, maxBits int) {
	count := b.Build(&c.Code, freq, maxBits)
	c.assign(&count)
}

// assign replaces the lengths in words by codewords: in the order of the symbols within a length.
func (c *code) assign(count *huffman.Count) {
	var next [maxCodeBits + 1]uint16
	for length := 1; length < maxCodeBits; length++ {
		next[length+1] = (next[length] + count[length]) << 1
	}
	for _, u := range c.Used[:c.N] {
		word := &c.Words[u&0xffff]
		length := *word
		*word = uint32(bits.Reverse16(next[length]<<(16-length)))<<8 | length
		next[length]++
	}
}
