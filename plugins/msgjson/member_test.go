package msgjson

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestMemberIsTheLastOfItsKey(t *testing.T) {
	inner := fields{kv("x", 1)}
	for _, x := range []struct {
		name  string
		value any
		want  any // nil: none
	}{
		{"a string key", fields{kv("a", 1), kv("key", inner), kv("b", 2)}, inner},
		{"a binary key", fields{kv([]byte("key"), "x")}, "x"},
		{"a key that comes again", fields{kv("key", 1), kv("a", list{fields{kv("key", 3)}}), kv("key", 2)}, 2},
		{"a key in a map of keys that are no strings", fields{kv(5, 1), kv(list{1}, 2), kv("key", 3)}, 3},
		{"no such key", fields{kv("a", 1)}, nil},
		{"a key of a map in it", fields{kv("a", fields{kv("key", 1)})}, nil},
		{"a value of that text", fields{kv("a", "key")}, nil},
		{"an empty map", fields{}, nil},
		{"an array", list{"key", 1}, nil},
		{"a string", "key", nil},
		{"nothing", flbhost.Raw{}, nil},
		{"a map that is cut off", flbhost.Raw{0x82, 0xa3, 'k', 'e', 'y', 1}, nil},
		{"a map whose key is cut off", flbhost.Raw{0x81, 0xa3, 'k', 'e'}, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			member, ok := Member(packedValue(x.value), "key")
			require.Equal(t, x.want != nil, ok)
			if ok {
				require.Equal(t, packedValue(x.want), member)
			}
		})
	}
	for key, of := range map[string]any{"5": 5, "-1.5": -1.5, "true": true, "null": nil, `{"a":1}`: fields{kv("a", 1)}, "aGk=": flbhost.Ext{Type: 5, Data: []byte("hi")}} {
		t.Run("a key by its JSON: "+key, func(t *testing.T) {
			member, ok := Member(packedValue(fields{kv("a", 1), kv(of, "x")}), key)
			require.True(t, ok)
			require.Equal(t, packedValue("x"), member)
		})
	}
}
