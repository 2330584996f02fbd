// Package zstd compresses short messages that repeat themselves, such as log records in JSON, with Zstandard (RFC 8878).
//
// Encoders for streams walk tables of hundreds of kilobytes, which a short message leaves nearly empty, and make
// distributions of a message's own, which it can hardly pay for. Here everything lives in arrays that fit the first-level
// cache:
//
//   - Package match finds what repeats.
//   - The literals between the matches are joined, and get a Huffman code. Its description is written in the best of a few
//     distributions that are made beforehand.
//   - The sequences are written in the distributions that the format predefines.
//
// What a stream's encoder makes smaller, an Encoder leaves to it: messages too short for the distributions to be as good,
// and those whose matches are few or short, as they are in prose and in digits.
//
// A frame has one block, says the size of its content and has no checksum.
package zstd

import (
	"fluent-bit-kinesis/compress/internal/huffman"
	"fluent-bit-kinesis/compress/internal/match"
)

// The shortest and the longest message in bytes that an Encoder takes.
const (
	MinLen = 400
	MaxLen = match.MaxLen
)

// What an Encoder takes has at least this part of its bytes in matches, which have so many bytes on average.
const (
	leastPart  = 8
	leastMatch = 6
)

// An Encoder compresses one message at a time. It is owned by one goroutine at a time.
type Encoder struct {
	// All is of the message in hand.
	finder   match.Finder
	literals literals
	builder  huffman.Builder
	buf      [blockRoom]byte // the block
}

// blockRoom is for the literals as they are, 8 bytes for each sequence, and headers.
const blockRoom = MaxLen + 8*(MaxLen/match.MinLength) + 64

// search tries one place for each match: a second would save a hundredth.
var search = match.Search{Depth: 1, Nice: 32, Most: MaxLen}

// far is how far back matches pay: a sequence takes about 14 bits beside as many as its distance has, and a literal of text
// about 5.
var far = func() (f match.Far) {
	f = match.Everywhere(MaxLen)
	f[4] = 1 << 6
	return f
}()

const compressedBlock = 2

// Append appends the frame of src to dst. Where it does not take src, it is false and dst as it was. The same src always
// makes the same bytes.
func (e *Encoder) Append(dst, src []byte) ([]byte, bool) {
	if len(src) < MinLen || len(src) > MaxLen {
		return dst, false
	}
	sequences, rest := e.finder.Find(src, search, &far)
	if !repeats(src, sequences, rest) {
		return dst, false
	}
	e.literals.join(src, sequences, rest)
	at := e.literals.write(&e.builder, e.buf[:])
	at = writeSequences(e.buf[:], at, sequences)
	if at >= len(src) {
		return dst, false
	}
	return append(appendHeaders(dst, len(src), at), e.buf[:at]...), true
}

// repeats is whether src repeats itself as much as what an Encoder takes.
func repeats(src []byte, sequences []match.Sequence, rest int) bool {
	matched := len(src) - rest
	for _, s := range sequences {
		matched -= int(s.Literals)
	}
	return matched >= len(src)/leastPart && matched >= leastMatch*len(sequences)
}

// appendHeaders appends what begins a frame of one segment (RFC 8878, 3.1.1.1), with the size of its content in two bytes,
// and its only block.
func appendHeaders(dst []byte, size, block int) []byte {
	const oneSegment, twoBytes, leastOfTwo = 1 << 5, 1 << 6, 256
	size -= leastOfTwo
	header := 1 | compressedBlock<<1 | block<<3
	return append(dst, 0x28, 0xB5, 0x2F, 0xFD, oneSegment|twoBytes, byte(size), byte(size>>8), byte(header), byte(header>>8), byte(header>>16))
}
