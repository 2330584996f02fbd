package deflate

import (
	"encoding/binary"
	"math/bits"
)

// hashBits is small for the table to be cleared and walked within the first-level cache.
const hashBits = 11

// A sequence is a run of literals and the match that ends it.
type sequence struct {
	literals uint16 // bytes of the run
	length   uint16 // bytes of the match, minMatch to maxMatch; 0 is none, in the last one
	distance uint16 // how far back the match lies, less 1
	code     uint16 // the distance's symbol
}

// link fills prev for src.
//
// An entry of head is the last position seen with this hash, plus 1, below a tag. The hash multiplies the three bytes
// by an odd number, which maps them one to one onto 24 bits: the upper hashBits of them are the index and the tag
// holds the rest, so that where the tag is the same the bytes are, without looking. A clash of hashes ends a chain.
func (e *Encoder) link(src []byte) {
	clear(e.head[:])
	if len(src) <= minMatch {
		return
	}
	prev := e.prev[:len(src)-minMatch]
	for i := range prev {
		product := binary.LittleEndian.Uint32(src[i:i+4]) << 8 * 0x9E3779B1
		hash := product >> (32 - hashBits)
		tag := product << hashBits &^ 0xffff
		earlier := e.head[hash] ^ tag
		e.head[hash] = tag | uint32(i+1)
		if earlier > 0xffff { // another tag, a conditional move
			earlier = 0
		}
		prev[i] = uint16(earlier)
	}
}

// parse covers src with sequences and counts the symbols that they need.
func (e *Encoder) parse(src []byte) {
	e.counts = counts{}
	e.body.n = 0
	start := 0 // of the literals not yet in a sequence
	for pos, end := 0, len(src)-minMatch; pos < end; {
		if e.prev[pos] == 0 {
			pos++
			continue
		}
		length, from := e.longest(src, pos, minMatch-1)
		if length < minMatch {
			pos++
			continue
		}
		for e.search.lazy && length < e.search.nice && pos+1 < end {
			nextLength, nextFrom := e.longest(src, pos+1, length)
			if nextLength <= length {
				break
			}
			pos, length, from = pos+1, nextLength, nextFrom
		}
		e.body.take(&e.counts, src[start:pos], length, pos-from)
		pos += length
		start = pos
	}
	e.body.takeRest(&e.counts, src[start:])
}

// longest is the longest match for pos that is longer than length, and where it begins; or length if there is none.
func (e *Encoder) longest(src []byte, pos, length int) (longest, from int) {
	candidate := int(e.prev[pos])
	for depth := e.search.depth; candidate > 0 && depth > 0; depth-- {
		at := candidate - 1
		if pos+length < len(src) && src[at+length] == src[pos+length] {
			if n := matchLen(src, at, pos); n > length && e.worth.pays(n, pos-at) {
				length, from = n, at
				if n >= e.search.nice {
					break
				}
			}
		}
		candidate = int(e.prev[at])
	}
	return length, from
}

// matchLen is how many bytes from a on, at most maxMatch, are the same as those from b on, where a < b.
func matchLen(src []byte, a, b int) int {
	end := min(len(src)-b, maxMatch)
	n := 0
	for ; n+8 <= end; n += 8 {
		if x := binary.LittleEndian.Uint64(src[a+n:]) ^ binary.LittleEndian.Uint64(src[b+n:]); x != 0 {
			return n + bits.TrailingZeros64(x)/8
		}
	}
	for n < end && src[a+n] == src[b+n] {
		n++
	}
	return n
}
