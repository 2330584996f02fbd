package events

import (
	"bytes"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// kv is a member of a map, fields a map, and list an array.
type (
	fields = []flbhost.Field
	list   = []any
)

func kv(key, value any) flbhost.Field { return flbhost.F(key, value) }

// packed is a body as msgpack.
func packed(members ...flbhost.Field) []byte { return flbhost.Msgpack(members) }

// nested is so many arrays, each in the other.
func nested(levels int) flbhost.Raw {
	return append(bytes.Repeat([]byte{0x91}, levels-1), 0x90)
}

// nestedMaps is so many maps, each under the key "a" of the other.
func nestedMaps(levels int) flbhost.Raw {
	return append(bytes.Repeat([]byte{0x81, 0xa1, 'a'}, levels-1), 0x80)
}

var when = time.Date(2026, time.March, 14, 9, 26, 53, 123_456_789, time.UTC)
