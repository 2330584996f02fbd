package msgjson

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// kv is a member of a map, fields a map, and list an array.
type (
	fields = []flbhost.Field
	list   = []any
)

func kv(key, value any) flbhost.Field { return flbhost.F(key, value) }

// packed is a record as msgpack.
func packed(members ...flbhost.Field) []byte { return flbhost.Msgpack(members) }

// packedValue is any value as msgpack.
func packedValue(value any) []byte { return flbhost.Msgpack(value) }

// nested is so many arrays, each in the other. As text it is brackets alone.
func nested(levels int) flbhost.Raw {
	return append(bytes.Repeat([]byte{0x91}, levels-1), 0x90)
}

// nestedMaps is so many maps, each under the key "a" of the other.
func nestedMaps(levels int) flbhost.Raw {
	return append(bytes.Repeat([]byte{0x81, 0xa1, 'a'}, levels-1), 0x80)
}

// thorough encodes a record without shapes.
func (e *Encoder) thorough(dst, src []byte) (out []byte, n int, err error) {
	e.notes = notes{}
	out, n, err = e.mapAt(dst, src, 0, 1, nil)
	e.trim()
	return out, n, err
}

// encoded is what a record becomes: at first sight, when its shape is known,
// and without shapes, which must be the same.
func encoded(t *testing.T, options Options, record []byte) string {
	t.Helper()
	e := NewEncoder(options)
	first, n, err := e.AppendRecord([]byte("before "), record)
	require.NoError(t, err)
	require.Equal(t, len(record), n)
	again, n, err := e.AppendRecord([]byte("before "), append(record, "what follows"...))
	require.NoError(t, err)
	require.Equal(t, len(record), n)
	require.Equal(t, string(first), string(again), "the second time")
	thorough, n, err := e.thorough([]byte("before "), record)
	require.NoError(t, err)
	require.Equal(t, len(record), n)
	require.Equal(t, string(first), string(thorough), "without shapes")
	require.Equal(t, "before ", string(first[:7]))
	return string(first[7:])
}

var when = time.Date(2026, time.March, 14, 9, 26, 53, 123_456_789, time.UTC)

// leavingOut is an encoder that does not write the members of this key.
func leavingOut(left string) *Encoder {
	return NewEncoder(Options{Pick: func(key []byte) Pick {
		if string(key) == left {
			return 0
		}
		return Write
	}})
}
