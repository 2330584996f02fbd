package kinesis

import (
	"sync/atomic"

	"fluent-bit-kinesis/compress"
)

// A squeeze is how much compression leaves of joined lines. How large a record
// becomes is known only when it has been compressed, so lines are gathered until,
// by what it left of others lately, the record is about as large as it may be.
// Whatever turns out larger goes as several. It is safe for concurrent use.
type squeeze struct {
	part atomic.Int64 // of squeezed bytes of lines; 0 until something was learned
}

const (
	squeezed = 1024
	// firstPart is a guess: compression leaves less of most logs, once some
	// hundred lines are together.
	firstPart = squeezed / 4
	// mostLines bounds what a reader has to unpack one record into, and what is
	// kept in memory for it.
	mostLines = 4 << 20
)

// lines is how many bytes of lines come to a record of most bytes, about.
func (s *squeeze) lines(most int) int {
	part := s.part.Load()
	if part == 0 {
		part = firstPart
	}
	return int(min(mostLines, int64(most-most/16)*squeezed/part))
}

// learn remembers what became of lines, if they were about as many as there may be:
// of a few, more is left. It is for records of most bytes.
func (s *squeeze) learn(lines, packed, most int) {
	if lines < s.lines(most)/2 && packed <= most/2 {
		return
	}
	part := 1 + int64(packed)*squeezed/int64(lines)
	if was := s.part.Load(); was > part {
		part = was - (was-part+3)/4 // slowly: what is too large has to be compressed again
	}
	s.part.Store(part)
}

// atMost is the most bytes that a record of so many bytes of lines may come to.
func (d *destination) atMost(lines int) int {
	if d.config.Compression == compress.None {
		return lines
	}
	return lines + lines/64 + 128 // of what is stored as it is, more than any format adds
}

// mostOpen is how large an aggregate may become that is not closed yet, with its
// partition key.
func (d *destination) mostOpen() int {
	most := d.mostAggregate()
	if !d.config.SimpleAggregation || d.config.Compression == compress.None {
		return most
	}
	return d.squeeze.lines(most)
}
