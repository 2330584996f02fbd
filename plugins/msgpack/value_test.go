package msgpack

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestTextIsAStringOrBinary(t *testing.T) {
	for _, x := range []struct {
		name  string
		value any
		want  string
		ok    bool
	}{
		{"a string", "tea", "tea", true},
		{"an empty string", "", "", true},
		{"a long string", string(make([]byte, 70_000)), string(make([]byte, 70_000)), true},
		{"binary", []byte{0xff, 0}, "\xff\x00", true},
		{"a number", 5, "", false},
		{"nil", nil, "", false},
		{"an array of a string", []any{"tea"}, "", false},
		{"an ext", flbhost.Ext{Type: 5, Data: []byte("tea")}, "", false},
		{"a string that is cut off", flbhost.Raw{0xa3, 't'}, "", false},
		{"nothing", flbhost.Raw{}, "", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			text, ok := Text(flbhost.Msgpack(x.value))
			require.Equal(t, x.ok, ok)
			require.Equal(t, x.want, string(text))
		})
	}
}

func TestScalarsAreNumbersBooleansAndExts(t *testing.T) {
	for _, scalar := range []any{0, 127, -1, -32, int64(1) << 40, int64(math.MinInt64), uint64(math.MaxUint64), 1.5, float32(1.5), math.NaN(), true, false, time.Unix(1, 2), flbhost.Ext{Type: 5, Data: make([]byte, 16)}, flbhost.Ext{Type: 5, Data: make([]byte, 70_000)}} {
		require.True(t, IsScalar(flbhost.Msgpack(scalar)), "%T %v", scalar, scalar)
	}
	for _, other := range []any{nil, "", "5", []byte{5}, []any{}, []any{5}, []flbhost.Field{}, []flbhost.Field{flbhost.F(5, 5)}, flbhost.Raw{}, flbhost.Raw{0xc1}, string(make([]byte, 70_000)), make([]any, 70_000)} {
		require.False(t, IsScalar(flbhost.Msgpack(other)), "%T", other)
	}
}
