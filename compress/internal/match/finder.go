// Package match finds what repeats in one short message, such as a log record.
//
// It works in two passes. The first joins each position to the nearest earlier one that begins with the same four bytes,
// without a branch that depends on the data. The second follows these links to the longest matches and leaves sequences:
// so many literals, then one match. What a format makes of them is up to the format.
//
// Everything lives in arrays of the finder: nothing is allocated.
package match

import (
	"encoding/binary"
	"math/bits"
)

const (
	// MaxLen is the longest message in bytes.
	MaxLen = 3 << 9
	// MinLength is of the shortest match. Formats have shorter ones, but in a short message these take about as many
	// bits as their bytes do, and looking for them takes more time than all others.
	MinLength = 4
)

// A Sequence is a run of literals and the match that ends it.
type Sequence struct {
	Literals uint16 // bytes of the run
	Length   uint16 // bytes of the match
	Distance uint16 // how far back it lies
}

// A Search says how hard to look for matches.
type Search struct {
	Depth int  // earlier positions tried for each match
	Nice  int  // a match of this many bytes is good enough
	Lazy  bool // see whether the next position has a longer match before taking one
	Most  int  // bytes of the longest match
}

const (
	hashBits = 11              // for the table to be cleared and walked within the first-level cache
	posMask  = 1<<hashBits - 1 // of the rest of an entry, which is a position; MaxLen is below
)

// A Finder finds the sequences of one message at a time. It is owned by one goroutine at a time.
type Finder struct {
	head [1 << hashBits]uint32 // see link
	// prev is by position 1 + the earlier one that begins with the same four bytes; 0 is none. Behind the last there is
	// one that is not 0.
	prev      [MaxLen + 1]uint16
	sequences [MaxLen/MinLength + 1]Sequence
}

// link fills prev for src.
//
// An entry of head is the last position seen with this hash, plus 1, below a tag. The hash multiplies the four bytes by
// an odd number, which maps them one to one: the upper bits are the index and the tag holds the rest, so that where the
// tag is the same the bytes are, without looking. A clash of hashes ends a chain.
func (f *Finder) link(src []byte) {
	clear(f.head[:])
	prev := f.prev[:len(src)-MinLength+1]
	for i := range prev {
		product := binary.LittleEndian.Uint32(src[i:i+4]) * 0x9E3779B1
		slot := &f.head[product>>(32-hashBits)]
		tag := product << hashBits
		earlier := *slot ^ tag
		*slot = tag | uint32(i+1)
		if earlier > posMask { // another tag, a conditional move
			earlier = 0
		}
		prev[i] = uint16(earlier)
	}
	f.prev[len(prev)] = 1
}

// Find is the sequences of src, which is at most MaxLen bytes, and how many bytes are left behind the last. The slice is
// the finder's, until the next message.
func (f *Finder) Find(src []byte, search Search, far *Far) (sequences []Sequence, rest int) {
	if len(src) <= MinLength {
		return nil, len(src)
	}
	f.link(src)
	n, start := 0, 0 // start is of the literals not yet in a sequence
	end := len(src) - MinLength
	for pos := 0; ; {
		for f.prev[pos] == 0 {
			pos++
		}
		if pos > end {
			return f.sequences[:n], len(src) - start
		}
		length, at := f.longest(src, pos, MinLength-1, &search, far)
		if length < MinLength {
			pos++
			continue
		}
		for search.Lazy && length < search.Nice && pos < end {
			nextLength, nextAt := f.longest(src, pos+1, length, &search, far)
			if nextLength <= length {
				break
			}
			pos, length, at = pos+1, nextLength, nextAt
		}
		f.sequences[n] = Sequence{uint16(pos - start), uint16(length), uint16(pos - at)}
		n++
		pos += length
		start = pos
		if pos > end {
			return f.sequences[:n], len(src) - start
		}
	}
}

// longest is the longest match for pos that is longer than length and pays, and where it begins; or length if there is
// none.
func (f *Finder) longest(src []byte, pos, length int, search *Search, far *Far) (longest, at int) {
	candidate := int(f.prev[pos])
	for depth := search.Depth; candidate > 0 && depth > 0; depth-- {
		from := candidate - 1
		if pos+length < len(src) && src[from+length] == src[pos+length] {
			if n := Length(src, from, pos, search.Most); n > length && far.pays(n, pos-from) {
				length, at = n, from
				if n >= search.Nice {
					break
				}
			}
		}
		candidate = int(f.prev[from])
	}
	return length, at
}

// Length is how many bytes from a on, at most so many, are the same as those from b on, where a < b.
func Length(src []byte, a, b, most int) int {
	end := min(len(src)-b, most)
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
