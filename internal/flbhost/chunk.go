package flbhost

import (
	"encoding/binary"
	"fmt"

	"time"

	"github.com/tinylib/msgp/msgp"
)

// Chunk writes a chunk as Fluent Bit does: a run of msgpack values `[header, body]`, one per event.
// The zero value is an empty chunk.
type Chunk struct {
	buf    []byte
	events int
}

// Header is the first half of an event. Make one with EventTime, WithMetadata, IntTime, FloatTime, GroupOpen,
// GroupClose or RawHeader.
type Header struct {
	msgpack []byte
}

// Field is a key and its value. Keys and values are:
//
//   - nil, bool, any integer type, float32, float64, string: the msgpack type of that name;
//   - []byte: bin; time.Time: an event time (ext type 0);
//   - []any: an array; []Field: a map in this order, where a key may come twice;
//   - Ext: an ext of any type; Raw: the bytes as they are, which need not be msgpack at all.
//
// A value of another type becomes the string "!(unsupported type)".
type Field struct {
	Key, Value any
}

// F is short for Field{key, value}.
func F(key, value any) Field {
	return Field{key, value}
}

// Ext is a msgpack extension value.
type Ext struct {
	Type int8
	Data []byte
}

// Raw is put into a chunk as it is.
type Raw []byte

// The seconds, read as int32, that mark a header as the begin or the end of a group (OpenTelemetry inputs).
const (
	groupOpen  = -1
	groupClose = -2
)

// EventTime is the header of most events before Fluent Bit 2.1: ext type 0 with 8 bytes, seconds and nanoseconds,
// each a big-endian uint32.
func EventTime(t time.Time) Header {
	return Header{appendEventTime(nil, t)}
}

// WithMetadata is the header of Fluent Bit 2.1 and later: `[event time, metadata]`.
func WithMetadata(t time.Time, metadata ...Field) Header {
	return Header{appendMap(appendEventTime(msgp.AppendArrayHeader(nil, 2), t), metadata)}
}

// IntTime is a header of whole seconds since 1970 as an integer.
func IntTime(seconds int64) Header {
	return Header{msgp.AppendInt64(nil, seconds)}
}

// FloatTime is a header of seconds since 1970 as a float64.
func FloatTime(seconds float64) Header {
	return Header{msgp.AppendFloat64(nil, seconds)}
}

// GroupOpen is the header that opens a group. What follows until GroupClose belongs to it; it is no record itself.
func GroupOpen(metadata ...Field) Header {
	return WithMetadata(time.Unix(groupOpen, 0), metadata...)
}

// GroupClose is the header that closes a group. It is no record.
func GroupClose() Header {
	return WithMetadata(time.Unix(groupClose, 0))
}

// RawHeader is a header of any bytes.
func RawHeader(msgpack []byte) Header {
	return Header{msgpack}
}

// Append adds an event: header, and a map of the fields in their order.
func (c *Chunk) Append(header Header, body ...Field) {
	c.AppendBody(header, body)
}

// AppendBody adds an event whose body may be anything that Field allows as a value.
func (c *Chunk) AppendBody(header Header, body any) {
	c.buf = msgp.AppendArrayHeader(c.buf, 2)
	c.buf = append(c.buf, header.msgpack...)
	c.buf = appendValue(c.buf, body)
	c.events++
}

// AppendRaw adds bytes as they are: events from elsewhere, or bytes that are none. They do not count in Len.
func (c *Chunk) AppendRaw(b []byte) {
	c.buf = append(c.buf, b...)
}

// Bytes is the chunk so far. It is valid until the next call of a method of c.
func (c *Chunk) Bytes() []byte {
	return c.buf
}

// Len is the number of events appended, group markers included.
func (c *Chunk) Len() int {
	return c.events
}

// Size is the length of Bytes. Fluent Bit closes a chunk at about 2 MB.
func (c *Chunk) Size() int {
	return len(c.buf)
}

// Reset empties the chunk and keeps its memory.
func (c *Chunk) Reset() {
	c.buf, c.events = c.buf[:0], 0
}

// Msgpack is one value as msgpack, of what Field allows as a value. A record is a []Field.
func Msgpack(value any) []byte {
	return appendValue(nil, value)
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return msgp.AppendNil(b)
	case string:
		return msgp.AppendString(b, v)
	case []byte:
		return msgp.AppendBytes(b, v)
	case bool:
		return msgp.AppendBool(b, v)
	case float64:
		return msgp.AppendFloat64(b, v)
	case float32:
		return msgp.AppendFloat32(b, v)
	case time.Time:
		return appendEventTime(b, v)
	case []any:
		b = msgp.AppendArrayHeader(b, uint32(len(v)))
		for _, element := range v {
			b = appendValue(b, element)
		}
		return b
	case []Field:
		return appendMap(b, v)
	case Ext:
		return appendExt(b, v)
	case Raw:
		return append(b, v...)
	}
	return appendInteger(b, value)
}

func appendInteger(b []byte, value any) []byte {
	switch v := value.(type) {
	case int:
		return msgp.AppendInt(b, v)
	case int8:
		return msgp.AppendInt8(b, v)
	case int16:
		return msgp.AppendInt16(b, v)
	case int32:
		return msgp.AppendInt32(b, v)
	case int64:
		return msgp.AppendInt64(b, v)
	case uint:
		return msgp.AppendUint(b, v)
	case uint8:
		return msgp.AppendUint8(b, v)
	case uint16:
		return msgp.AppendUint16(b, v)
	case uint32:
		return msgp.AppendUint32(b, v)
	case uint64:
		return msgp.AppendUint64(b, v)
	}
	return msgp.AppendString(b, fmt.Sprintf("!(unsupported %T)", value))
}

func appendMap(b []byte, fields []Field) []byte {
	b = msgp.AppendMapHeader(b, uint32(len(fields)))
	for _, f := range fields {
		b = appendValue(appendValue(b, f.Key), f.Value)
	}
	return b
}

func appendExt(b []byte, e Ext) []byte {
	ext := msgp.RawExtension{Type: e.Type, Data: e.Data}
	b, _ = msgp.AppendExtension(b, &ext) // RawExtension.MarshalBinaryTo never fails
	return b
}

func appendEventTime(b []byte, t time.Time) []byte {
	var data [8]byte
	binary.BigEndian.PutUint32(data[:4], uint32(t.Unix()))
	binary.BigEndian.PutUint32(data[4:], uint32(t.Nanosecond()))
	return appendExt(b, Ext{Type: 0, Data: data[:]})
}
