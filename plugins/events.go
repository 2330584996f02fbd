package plugins

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/tinylib/msgp/msgp"
)

// Events walks the events of a chunk in place: a run of msgpack values, each
// [header, body]. Nothing is copied or allocated.
//
//	events := plugins.NewEvents(chunk)
//	for events.Next() {
//		rest := events.Body() // begins with the body
//		...
//		events.Advance(n)     // the body was n bytes long; optional
//	}
//	if err := events.Err(); err != nil { ... }
//
// An encoder reads a body to its end anyway and says so with Advance, which
// saves a second walk over it. An Events belongs to one goroutine.
type Events struct {
	chunk   []byte
	pos     int // of the body at hand, or of the next event once advanced
	start   int // of the event at hand
	atBody  bool
	group   bool // the header at hand is a group's, not a record's
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

// NewEvents returns a walk over the chunk, standing before the first event.
func NewEvents(chunk []byte) Events {
	return Events{chunk: chunk, ordinal: -1}
}

// Next goes to the next event; group markers are passed over. It is false at
// the end of the chunk and at bytes that are no event: Err tells which.
func (e *Events) Next() bool {
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
		if !e.group {
			e.ordinal++
			return true
		}
	}
	return false
}

// Body is the chunk from the body of the event at hand on: a msgpack map,
// and whatever follows it.
func (e *Events) Body() []byte { return e.chunk[e.pos:] }

// Time is the time of the event at hand, in the process's time zone.
func (e *Events) Time() time.Time { return time.Unix(e.sec, e.nsec) }

// Ordinal numbers the events of the chunk from 0, group markers not counted.
func (e *Events) Ordinal() int { return e.ordinal }

// Advance says that the body at hand is n bytes long.
func (e *Events) Advance(n int) {
	e.pos += n
	e.atBody = false
}

// Malformed ends the walk because the event at hand cannot be read. It
// returns false, as Next does from then on.
func (e *Events) Malformed(reason error) bool {
	e.err = &MalformedError{Offset: e.start, Size: len(e.chunk), Reason: reason}
	return false
}

// Err is nil, or a *MalformedError where the walk ended before the chunk did.
func (e *Events) Err() error { return e.err }

func (e *Events) skipBody() bool {
	next, err := skip(e.chunk, e.pos)
	if err != nil {
		return e.Malformed(err)
	}
	e.pos, e.atBody = next, false
	return true
}

// header reads up to the body: an array of two whose first element is the
// time, or an array of the time and metadata.
func (e *Events) header() error {
	if e.usualHeader() {
		return e.checkBody()
	}
	n, pos, err := arrayHeader(e.chunk, e.pos)
	if err != nil {
		return fmt.Errorf("event is not an array: %w", err)
	}
	if n != 2 {
		return fmt.Errorf("event is an array of %d, not of header and body", n)
	}
	if pos >= len(e.chunk) {
		return errShort
	}
	if isArray(e.chunk[pos]) {
		pos, err = e.timeAndMetadata(pos)
	} else {
		pos, err = e.timestamp(pos)
	}
	if err != nil {
		return err
	}
	e.pos = pos
	return e.checkBody()
}

// usualHeader reads up to the body where the header is that of nearly all
// events: an event time, and metadata that is an empty map.
func (e *Events) usualHeader() bool {
	const begin, size = 0x9292d700, 13
	b := e.chunk[e.pos:]
	if len(b) < size || binary.BigEndian.Uint32(b) != begin || b[size-1] != 0x80 {
		return false
	}
	e.setTime(eventTime(b[4:]))
	e.pos += size
	return true
}

// timeAndMetadata reads the header of Fluent Bit 2.1 and later. The metadata
// may be anything: it is of no use here.
func (e *Events) timeAndMetadata(pos int) (int, error) {
	n, pos, err := arrayHeader(e.chunk, pos)
	if err != nil {
		return pos, err
	}
	if n != 2 {
		return pos, fmt.Errorf("event header is an array of %d, not of time and metadata", n)
	}
	if pos, err = e.timestamp(pos); err != nil {
		return pos, err
	}
	return skip(e.chunk, pos)
}

func (e *Events) checkBody() error {
	if e.pos >= len(e.chunk) {
		return errShort
	}
	if c := e.chunk[e.pos]; !isMap(c) {
		return fmt.Errorf("event body is of msgpack type %s, not a map", msgp.NextType(e.chunk[e.pos:]))
	}
	return nil
}

// timestamp reads an event time, or a number of seconds.
func (e *Events) timestamp(pos int) (next int, err error) {
	if pos >= len(e.chunk) {
		return pos, errShort
	}
	b := e.chunk[pos:]
	rest := b
	switch c := b[0]; {
	case isExt(c):
		return e.eventTime(pos)
	case c >= leadUint8 && c <= leadUint64:
		var sec uint64
		sec, rest, err = msgp.ReadUint64Bytes(b)
		e.setTime(int64(sec), 0)
	case isFixInt(c) || c >= leadInt8 && c <= leadInt64:
		var sec int64
		sec, rest, err = msgp.ReadInt64Bytes(b)
		e.setTime(sec, 0)
	case c == leadFloat32 || c == leadFloat64:
		var sec float64
		sec, rest, err = msgp.ReadFloat64Bytes(b)
		e.setTime(floatTime(sec))
	default:
		err = fmt.Errorf("event header is of msgpack type %s, not a time", msgp.NextType(b))
	}
	if err != nil {
		return pos, err
	}
	return len(e.chunk) - len(rest), nil
}

func (e *Events) eventTime(pos int) (next int, err error) {
	typ, payload, next, err := extAt(e.chunk, pos)
	if err != nil {
		return pos, err
	}
	if typ != eventTimeExt || len(payload) != eventTimeSize {
		return pos, fmt.Errorf("event header is ext type %d of %d bytes, not an event time", typ, len(payload))
	}
	e.setTime(eventTime(payload))
	return next, nil
}

// Fluent Bit 2.1 and later mark the begin and the end of a group of events,
// as OpenTelemetry inputs make them, by seconds that are these as an int32:
// see flb_log_event.h, FLB_LOG_EVENT_GROUP_START and FLB_LOG_EVENT_GROUP_END.
const groupStart, groupEnd = -1, -2

// The years that time can print: 1 to 9999. A time beyond them is no time, and
// the record keeps its worth without it: it counts as the epoch.
const minSeconds, maxSeconds = -62135596800, 253402300799

func (e *Events) setTime(sec, nsec int64) {
	mark := int32(sec)
	e.group = mark == groupStart || mark == groupEnd
	if sec < minSeconds || sec > maxSeconds {
		sec, nsec = 0, 0
	}
	e.sec, e.nsec = sec, nsec
}

// An event time is msgpack ext type 0 with 8 bytes: seconds and nanoseconds,
// both big-endian uint32, as the Fluentd forward protocol has it.
const (
	eventTimeExt  = 0
	eventTimeSize = 8
)

func eventTime(payload []byte) (sec, nsec int64) {
	return int64(binary.BigEndian.Uint32(payload)), int64(binary.BigEndian.Uint32(payload[4:]))
}

// floatTime splits seconds towards zero, as Fluent Bit does; what is left of
// a time before 1970 is negative.
func floatTime(f float64) (sec, nsec int64) {
	if math.IsNaN(f) || f < minSeconds || f > maxSeconds {
		return 0, 0
	}
	whole := math.Trunc(f)
	return int64(whole), int64((f - whole) * 1e9)
}
