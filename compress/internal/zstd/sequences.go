package zstd

import (
	"math/bits"

	"fluent-bit-kinesis/compress/internal/match"
)

// The distributions that the format predefines (RFC 8878, 3.1.1.3.2.2).
var (
	literalsFSE = newFSE(6, []int{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1})
	matchFSE    = newFSE(6, []int{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1})
	offsetFSE   = newFSE(5, []int{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1})
)

// A lengthCode is how a length is written: a code, then bits for which of its lengths it is.
type lengthCode struct {
	code, extra uint8
	value       uint16
}

var (
	literalCodes = lengthCodes(16, 0, []uint8{1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10})
	matchCodes   = lengthCodes(32, 3, []uint8{1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10})
)

// lengthCodes are the codes by length: the first so many, from the least length on, have no extra bits, the others these.
func lengthCodes(plain, least int, extra []uint8) (table [MaxLen + 1]lengthCode) {
	length := least
	for code := 0; length < len(table); code++ {
		var width uint8
		if code >= plain {
			width = extra[code-plain]
		}
		for value := 0; value < 1<<width && length < len(table); value++ {
			table[length] = lengthCode{uint8(code), width, uint16(value)}
			length++
		}
	}
	return table
}

// writeSequences writes the section of sequences (RFC 8878, 3.1.1.3.2) to this place of buf, and returns that behind it.
func writeSequences(buf []byte, at int, sequences []match.Sequence) int {
	if len(sequences) < 128 {
		buf[at] = byte(len(sequences))
		at++
	} else {
		buf[at], buf[at+1] = byte(len(sequences)>>8+128), byte(len(sequences))
		at += 2
	}
	if len(sequences) == 0 {
		return at
	}
	buf[at] = 0 // predefined, all three
	at++
	setOffsets(sequences)
	b := bitWriter{}
	var literalsState, matchState, offsetState uint32
	for i := len(sequences) - 1; i >= 0; i-- {
		s := &sequences[i]
		l, m := literalCodes[s.Literals], matchCodes[s.Length]
		o := uint8(bits.Len16(s.Distance) - 1)
		if i == len(sequences)-1 {
			literalsState, matchState, offsetState = literalsFSE.begin(l.code), matchFSE.begin(m.code), offsetFSE.begin(o)
		} else {
			var n uint32
			last := offsetState
			offsetState, n = offsetFSE.move(last, o)
			b = b.low(last, n)
			last = matchState
			matchState, n = matchFSE.move(last, m.code)
			b = b.low(last, n)
			last = literalsState
			literalsState, n = literalsFSE.move(last, l.code)
			b = b.low(last, n)
		}
		b = b.add(uint64(l.value), uint32(l.extra)).add(uint64(m.value), uint32(m.extra)).low(uint32(s.Distance), uint32(o))
		b, at = b.flush(buf, at)
	}
	b = b.low(matchState, 6).low(offsetState, 5).low(literalsState, 6)
	return b.end(buf, at)
}

// setOffsets replaces distances by what is written for them (RFC 8878, 3.1.1.5): 1 to 3 for one of the last three
// distances, others 3 more than they are.
func setOffsets(sequences []match.Sequence) {
	last := [3]uint16{1, 4, 8}
	for i := range sequences {
		s := &sequences[i]
		d := s.Distance
		switch {
		case s.Literals == 0: // where the last one would have made a longer match
			s.Distance = offsetBehindMatch(d, &last)
		case d == last[0]:
			s.Distance = 1
		case d == last[1]:
			s.Distance = 2
			last[0], last[1] = d, last[0]
		case d == last[2]:
			s.Distance = 3
			last[0], last[1], last[2] = d, last[0], last[1]
		default:
			s.Distance = d + 3
			last[0], last[1], last[2] = d, last[0], last[1]
		}
	}
}

// offsetBehindMatch is what is written for a distance without literals in front.
func offsetBehindMatch(d uint16, last *[3]uint16) uint16 {
	if d == last[1] {
		last[0], last[1] = d, last[0]
		return 1
	}
	offset := d + 3
	if d == last[2] {
		offset = 2
	} else if d == last[0]-1 {
		offset = 3
	}
	last[0], last[1], last[2] = d, last[0], last[1]
	return offset
}
