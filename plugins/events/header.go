package events

import (
	"encoding/binary"
	"fmt"

	"github.com/tinylib/msgp/msgp"

	"fluent-bit-kinesis/plugins/msgpack"
)

// header reads up to the body: an array of two whose first element is the
// time, or an array of the time and metadata.
func (e *Reader) header() error {
	if e.usualHeader() {
		return e.checkBody()
	}
	n, pos, err := msgpack.ArrayHeader(e.chunk, e.pos)
	if err != nil {
		return fmt.Errorf("event is not an array: %w", err)
	}
	if n != 2 {
		return fmt.Errorf("event is an array of %d, not of header and body", n)
	}
	if pos >= len(e.chunk) {
		return msgpack.ErrShort
	}
	if msgpack.IsArray(e.chunk[pos]) {
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
func (e *Reader) usualHeader() bool {
	const begin, size = 0x9292d700, 13
	b := e.chunk[e.pos:]
	if len(b) < size || binary.BigEndian.Uint32(b) != begin || b[size-1] != 0x80 {
		return false
	}
	e.setTime(msgpack.EventTime(b[4:]))
	e.pos += size
	return true
}

// timeAndMetadata reads the header of Fluent Bit 2.1 and later. The metadata
// may be anything: it is passed over, and looked up where it is asked for.
func (e *Reader) timeAndMetadata(pos int) (int, error) {
	n, pos, err := msgpack.ArrayHeader(e.chunk, pos)
	if err != nil {
		return pos, err
	}
	if n != 2 {
		return pos, fmt.Errorf("event header is an array of %d, not of time and metadata", n)
	}
	if pos, err = e.timestamp(pos); err != nil {
		return pos, err
	}
	return msgpack.Skip(e.chunk, pos)
}

func (e *Reader) checkBody() error {
	if e.pos >= len(e.chunk) {
		return msgpack.ErrShort
	}
	if c := e.chunk[e.pos]; !msgpack.IsMap(c) {
		return fmt.Errorf("event body is of msgpack type %s, not a map", msgp.NextType(e.chunk[e.pos:]))
	}
	return nil
}

// timestamp reads an event time, or a number of seconds.
func (e *Reader) timestamp(pos int) (next int, err error) {
	if pos >= len(e.chunk) {
		return pos, msgpack.ErrShort
	}
	b := e.chunk[pos:]
	rest := b
	switch c := b[0]; {
	case msgpack.IsExt(c):
		return e.eventTime(pos)
	case c >= msgpack.LeadUint8 && c <= msgpack.LeadUint64:
		var sec uint64
		sec, rest, err = msgp.ReadUint64Bytes(b)
		e.setTime(int64(sec), 0)
	case msgpack.IsFixInt(c) || c >= msgpack.LeadInt8 && c <= msgpack.LeadInt64:
		var sec int64
		sec, rest, err = msgp.ReadInt64Bytes(b)
		e.setTime(sec, 0)
	case c == msgpack.LeadFloat32 || c == msgpack.LeadFloat64:
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

func (e *Reader) eventTime(pos int) (next int, err error) {
	typ, payload, next, err := msgpack.ExtAt(e.chunk, pos)
	if err != nil {
		return pos, err
	}
	if !msgpack.IsEventTime(typ, payload) {
		return pos, fmt.Errorf("event header is ext type %d of %d bytes, not an event time", typ, len(payload))
	}
	e.setTime(msgpack.EventTime(payload))
	return next, nil
}
