// Package events reads the chunks that Fluent Bit hands an output: buffers of
// msgpack values, each an event [header, body]. The header is the event's time,
// or the time and metadata; the body is a map. Nothing is copied or allocated.
//
//	event := events.NewReader(chunk)
//	for event.Next() {
//		rest := event.Body() // begins with the body
//		...
//		event.Advance(n)     // the body was n bytes long; optional
//	}
//	if err := event.Err(); err != nil { ... }
//
// An encoder reads a body to its end anyway and says so with Advance, which
// saves a second walk over it.
//
// A chunk comes from outside and may hold any bytes at all. Where it stops
// being a run of events the walk ends with a [MalformedError]; what came before
// is good.
package events

import (
	"fmt"
	"time"

	"fluent-bit-kinesis/plugins/msgpack"
)

// A Reader walks over the events of a chunk, in place. It belongs to one
// goroutine.
type Reader struct {
	chunk   []byte
	pos     int // of the body at hand, or of the next event once advanced
	start   int // of the event at hand
	atBody  bool
	mark    int32  // of the header at hand: groupStart or groupEnd; 0 where it is a record's
	group   []byte // the body of the marker that opened the group at hand; nil outside of groups
	ordinal int
	sec     int64
	nsec    int64
	err     error
}

// A MalformedError says where a chunk stops being a run of events. What came
// before Offset is good; what follows cannot be told apart.
type MalformedError struct {
	Offset int // of the event that could not be read, in bytes from the start of the chunk
	Size   int // of the chunk, in bytes
	Reason error
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("chunk cannot be read from byte %d of %d on: %v", e.Offset, e.Size, e.Reason)
}

func (e *MalformedError) Unwrap() error { return e.Reason }

// NewReader returns a walk over the chunk, standing before the first event.
func NewReader(chunk []byte) Reader {
	return Reader{chunk: chunk, ordinal: -1}
}

// Next goes to the next event; group markers are passed over. It is false at
// the end of the chunk and at bytes that are no event: Err tells which.
func (e *Reader) Next() bool {
	for e.err == nil {
		if e.atBody && !e.skipBody() {
			return false
		}
		if e.pos >= len(e.chunk) {
			return false
		}
		e.start = e.pos
		if err := e.header(); err != nil {
			return e.Malformed(err)
		}
		e.atBody = true
		if e.mark == 0 {
			e.ordinal++
			return true
		}
		if !e.passMarker() {
			return false
		}
	}
	return false
}

// passMarker goes behind a group marker. A group ends with its closing marker,
// or where another one is opened.
func (e *Reader) passMarker() bool {
	begin := e.pos
	if !e.skipBody() {
		return false
	}
	e.group = nil
	if e.mark == groupStart {
		e.group = e.chunk[begin:e.pos]
	}
	return true
}

// Body is the chunk from the body of the event at hand on: a msgpack map,
// and whatever follows it.
func (e *Reader) Body() []byte { return e.chunk[e.pos:] }

// Time is the time of the event at hand, in the process's time zone.
func (e *Reader) Time() time.Time { return time.Unix(e.sec, e.nsec) }

// Metadata is the metadata of the event at hand as msgpack: a map, as Fluent Bit
// has it, or any other value; nil where the header has none. It is to be asked
// for before Advance.
func (e *Reader) Metadata() []byte {
	_, pos, err := msgpack.ArrayHeader(e.chunk, e.start)
	if err != nil || pos >= e.pos || !msgpack.IsArray(e.chunk[pos]) {
		return nil
	}
	if _, pos, err = msgpack.ArrayHeader(e.chunk, pos); err == nil {
		pos, err = msgpack.Skip(e.chunk, pos) // the time
	}
	if err != nil || pos >= e.pos {
		return nil
	}
	return e.chunk[pos:e.pos]
}

// Group is the body of the marker that opened the group that the event at hand
// is in, as msgpack: a map of what its events have in common, as the resource
// and the scope of OpenTelemetry. It is nil for an event outside of groups. A
// chunk that begins within a group does not have its marker.
func (e *Reader) Group() []byte { return e.group }

// Ordinal numbers the events of the chunk from 0, group markers not counted.
func (e *Reader) Ordinal() int { return e.ordinal }

// Advance says that the body at hand is n bytes long.
func (e *Reader) Advance(n int) {
	e.pos += n
	e.atBody = false
}

// Malformed ends the walk because the event at hand cannot be read. It
// returns false, as Next does from then on.
func (e *Reader) Malformed(reason error) bool {
	e.err = &MalformedError{Offset: e.start, Size: len(e.chunk), Reason: reason}
	return false
}

// Err is nil, or a *MalformedError where the walk ended before the chunk did.
func (e *Reader) Err() error { return e.err }

func (e *Reader) skipBody() bool {
	next, err := msgpack.Skip(e.chunk, e.pos)
	if err != nil {
		return e.Malformed(err)
	}
	e.pos, e.atBody = next, false
	return true
}
