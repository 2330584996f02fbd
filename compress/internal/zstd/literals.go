package zstd

import (
	"encoding/binary"
	"math/bits"

	"fluent-bit-kinesis/compress/internal/huffman"
	"fluent-bit-kinesis/compress/internal/match"
)

const (
	maxCodeBits = 11 // of a literal's codeword
	oneStream   = 1023
	fewLiterals = 24 // for which a code is not worth its description
)

// The types of a section of literals.
const (
	rawLiterals = iota
	sameLiterals
	codedLiterals
)

// literals are the bytes of a message that are in no match.
type literals struct {
	bytes  [MaxLen + 8]byte
	n      int
	counts [256]uint16
	code   huffman.Code
	words  [256]uint16 // by literal, the codeword above the number of its bits in four
	weight [256]uint8  // by literal: 0 is unused, others are the more the shorter the codeword is

	longest int // codeword
}

// join gathers the literals of src. It copies by strides, and beyond the end of a run where there is more, for the ends of
// short runs are what a processor cannot foresee.
func (l *literals) join(src []byte, sequences []match.Sequence, rest int) {
	n := 0
	for _, s := range sequences {
		run := int(s.Literals)
		for at := 0; at < run; at += 8 {
			if len(src)-at < 8 {
				copy(l.bytes[n+at:], src[at:run])
				break
			}
			binary.LittleEndian.PutUint64(l.bytes[n+at:], binary.LittleEndian.Uint64(src[at:]))
		}
		n += run
		src = src[run+int(s.Length):]
	}
	l.n = n + copy(l.bytes[n:], src[:rest])
}

// write writes the section of literals (RFC 8878, 3.1.1.3.1) to the start of buf, and returns the place behind it.
func (l *literals) write(b *huffman.Builder, buf []byte) int {
	if l.n < fewLiterals {
		return l.writeRaw(buf)
	}
	clear(l.counts[:])
	for _, c := range l.bytes[:l.n] {
		l.counts[c]++
	}
	count := b.Build(&l.code, l.counts[:], min(maxCodeBits, bits.Len(uint(l.n-1))-1))
	if l.code.N == 1 {
		at := l.writeHeader(buf, sameLiterals)
		buf[at] = l.bytes[0]
		return at + 1
	}
	size := l.assign(&count)
	at := 3
	if l.n > oneStream {
		at = 4
	}
	start := at
	at = l.describe(buf, at, &count)
	if at == start || at+size/8 >= l.n {
		return l.writeRaw(buf)
	}
	if l.n <= oneStream {
		at = l.writeStream(buf, at, l.bytes[:l.n])
		coded := uint32(at - start)
		binary.LittleEndian.PutUint16(buf, uint16(codedLiterals|0<<2|uint32(l.n)<<4|coded<<14))
		buf[2] = byte(coded >> 2)
		return at
	}
	at = l.writeStreams(buf, at)
	coded := uint32(at - start)
	binary.LittleEndian.PutUint32(buf, codedLiterals|2<<2|uint32(l.n)<<4|coded<<18)
	return at
}

// writeRaw writes the literals as they are.
func (l *literals) writeRaw(buf []byte) int {
	at := l.writeHeader(buf, rawLiterals)
	return at + copy(buf[at:], l.bytes[:l.n])
}

// writeHeader writes the header of literals without a code.
func (l *literals) writeHeader(buf []byte, kind int) int {
	if l.n < 32 {
		buf[0] = byte(kind | l.n<<3)
		return 1
	}
	binary.LittleEndian.PutUint16(buf, uint16(kind|1<<2|l.n<<4))
	return 2
}

// assign gives the literals their codewords (RFC 8878, 4.2.1.3): the longest are the least numbers, and of one length they
// go up with the literals. It returns the bits that all literals take.
func (l *literals) assign(count *huffman.Count) (size int) {
	var next [maxCodeBits + 2]uint16
	l.longest = 0
	word := uint16(0)
	for length := maxCodeBits; length > 0; length-- {
		if count[length] > 0 {
			l.longest = max(l.longest, length)
		}
		next[length] = word
		word = (word + count[length]) >> 1
	}
	clear(l.weight[:])
	for _, u := range l.code.Used[:l.code.N] {
		literal := uint8(u)
		length := l.code.Words[literal] & 15
		l.words[literal] = next[length]<<4 | uint16(length)
		next[length]++
		l.weight[literal] = uint8(l.longest + 1 - int(length))
		size += int(u>>16) * int(length)
	}
	return size
}

// describe writes the weights (RFC 8878, 4.2.1.1), or nothing where they cannot be written. That of the last literal is not
// written: it follows from the others.
func (l *literals) describe(buf []byte, at int, count *huffman.Count) int {
	weights := l.weight[:l.code.Last()]
	direct := (len(weights) + 1) / 2 // bytes for half a byte each
	if len(weights) > 1 {            // one for each state
		counts := [maxCodeBits + 1]int{len(weights) - l.code.N + 1}
		for length, weight := l.longest, 1; length > 0; length, weight = length-1, weight+1 {
			counts[weight] = int(count[length])
		}
		counts[l.weight[l.code.Last()]]--
		end := weightTableFor(&counts).write(buf, at+1, weights)
		if n := end - at - 1; n < 128 && (n < direct || len(weights) > 128) {
			buf[at] = byte(n)
			return end
		}
	}
	if len(weights) > 128 {
		return at
	}
	buf[at] = byte(127 + len(weights))
	at++
	l.weight[len(weights)] = 0 // the other half of the last byte
	for i := 0; i < len(weights); i += 2 {
		buf[at] = weights[i]<<4 | l.weight[i+1]
		at++
	}
	return at
}

// writeStream writes some of the literals, the last first.
func (l *literals) writeStream(buf []byte, at int, some []byte) int {
	acc, n := uint64(0), uint(0)
	for ; len(some) >= 4; some = some[:len(some)-4] {
		last := some[len(some)-4:]
		word := l.words[last[3]]
		acc |= uint64(word>>4) << (n & 63)
		n += uint(word & 15)
		word = l.words[last[2]]
		acc |= uint64(word>>4) << (n & 63)
		n += uint(word & 15)
		word = l.words[last[1]]
		acc |= uint64(word>>4) << (n & 63)
		n += uint(word & 15)
		word = l.words[last[0]]
		acc |= uint64(word>>4) << (n & 63)
		n += uint(word & 15)
		binary.LittleEndian.PutUint64(buf[at:], acc)
		at += int(n >> 3)
		acc >>= n &^ 7 & 63
		n &= 7
	}
	b := bitWriter{acc, n}
	for i := len(some) - 1; i >= 0; i-- {
		word := l.words[some[i]]
		b = b.add(uint64(word>>4), uint32(word&15))
	}
	return b.end(buf, at)
}

// writeStreams writes the literals in four streams, behind the sizes of the first three.
func (l *literals) writeStreams(buf []byte, at int) int {
	sizes := buf[at : at+6]
	at += len(sizes)
	some, each := l.bytes[:l.n], (l.n+3)/4
	for i := range 4 {
		start := at
		at = l.writeStream(buf, at, some[:min(each, len(some))])
		some = some[min(each, len(some)):]
		if i < 3 {
			binary.LittleEndian.PutUint16(sizes[2*i:], uint16(at-start))
		}
	}
	return at
}
