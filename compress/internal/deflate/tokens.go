package deflate

import (
	"encoding/binary"

	"fluent-bit-kinesis/compress/internal/match"
)

// A token is a symbol and what the extra bits behind its codeword say. Both alphabets are one here, so that all tokens are
// counted and written alike.
type token uint32

const (
	firstDistance = 288 // of the distances' symbols
	numTokens     = 512 // whatever the bits of a symbol are, they are an index into a table of as many
	valueShift    = 9
)

func (t token) symbol() uint32 { return uint32(t) & (numTokens - 1) }

// tokens are those of a message.
type tokens struct {
	list   [MaxLen + 16]token // a match has less than its bytes; the rest is room for the end, and for whole strides
	n      int
	counts [numTokens]uint16
	words  [numTokens]tokenWord
}

// A tokenWord is how a symbol is written: its codeword, above the number of its bits and extra bits together, above that of
// its own bits.
type tokenWord uint32

// lengthTokens are by match length less minMatch.
var lengthTokens = func() (table [maxMatch - minMatch + 1]token) {
	for i, l := range lengths {
		table[i] = token(l.symbol) | token(l.value)<<valueShift
	}
	return table
}()

func distanceToken(distance uint16) token {
	code := distanceCode(int(distance) - 1)
	return token(firstDistance+code) | token(distance-1-distBase[code])<<valueShift
}

// fill makes the tokens of src.
func (t *tokens) fill(src []byte, sequences []match.Sequence, rest int) {
	t.n = 0
	for _, s := range sequences {
		t.literals(src, int(s.Literals))
		src = src[int(s.Literals)+int(s.Length):]
		pair := t.list[t.n : t.n+2]
		pair[0], pair[1] = lengthTokens[uint8(s.Length-minMatch)], distanceToken(s.Distance)
		t.n += 2
	}
	t.literals(src, rest)
	t.list[t.n] = endOfBlock
	t.n++
}

// literals adds the first n bytes of src. It goes by strides, and beyond n where there is more, for the ends of short
// runs are what a processor cannot foresee.
func (t *tokens) literals(src []byte, n int) {
	list := t.list[t.n:]
	t.n += n
	at := 0
	for ; at < n && at+8 <= len(src); at += 8 {
		v := binary.LittleEndian.Uint64(src[at:])
		l := list[at : at+8]
		l[0], l[1], l[2], l[3] = token(uint8(v)), token(uint8(v>>8)), token(uint8(v>>16)), token(uint8(v>>24))
		l[4], l[5], l[6], l[7] = token(uint8(v>>32)), token(uint8(v>>40)), token(uint8(v>>48)), token(uint8(v>>56))
	}
	for ; at < n; at++ {
		list[at] = token(src[at])
	}
}

// count counts the symbols of each alphabet.
func (t *tokens) count(c *counts) {
	clear(t.counts[:])
	for _, token := range t.list[:t.n] {
		t.counts[token.symbol()]++
	}
	copy(c.literal[:], t.counts[:firstDistance])
	copy(c.distance[:], t.counts[firstDistance:])
}

// write writes the tokens. There is room for them, and flushRoom.
func (t *tokens) write(o *output, literals, distances *code) {
	t.setWords(literals, 0, literalExtra[:])
	t.setWords(distances, firstDistance, distExtra[:])
	t.list[t.n], t.words[numTokens-1] = numTokens-1, 0 // nothing, where the tokens are odd in number
	out, at, bits, n := o.buf, o.at, o.bits.bits, o.bits.n
	for i := 0; i < t.n && i+1 < len(t.list); i += 2 { // two of at most 15 and 13 bits go between two flushes
		first, second := t.list[i], t.list[i+1]
		word := t.words[first.symbol()]
		bits |= (uint64(word>>16) | uint64(first>>valueShift)<<(word&31)) << (n & 63)
		n += uint(uint8(word >> 8))
		word = t.words[second.symbol()]
		bits |= (uint64(word>>16) | uint64(second>>valueShift)<<(word&31)) << (n & 63)
		n += uint(uint8(word >> 8))
		binary.LittleEndian.PutUint64(out[at:], bits)
		at += int(n >> 3)
		bits >>= n &^ 7 & 63
		n &= 7
	}
	o.at, o.bits = at, bitBuffer{bits, n}
}

// setWords sets the words of the symbols from first on.
func (t *tokens) setWords(c *code, first uint32, extra []uint8) {
	for _, u := range c.Used[:c.N] {
		symbol := u & 0xffff
		word := c.Words[symbol]
		length := word & 0xff
		t.words[(first+symbol)&(numTokens-1)] = tokenWord(word>>8<<16 | (length+uint32(extra[symbol]))<<8 | length)
	}
}
