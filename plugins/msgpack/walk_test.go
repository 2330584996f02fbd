package msgpack

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tinylib/msgp/msgp"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestWalkFindsTheEndAndCountsWhatIsNested(t *testing.T) {
	for _, x := range []struct {
		name   string
		value  any
		nested int
	}{
		{"nil", nil, 0},
		{"a small number", 5, 0},
		{"a float", 1.5, 0},
		{"a string", "tea", 0},
		{"a long string", string(make([]byte, 70_000)), 0},
		{"an ext", flbhost.Ext{Type: 5, Data: make([]byte, 300)}, 0},
		{"an empty map", []flbhost.Field{}, 1},
		{"maps and arrays side by side", []any{[]any{}, []flbhost.Field{}, 1, []any{2}}, 4},
		{"a map as a key, and one as a value", []flbhost.Field{flbhost.F([]flbhost.Field{}, []flbhost.Field{})}, 3},
		{"a million arrays, each in the other", flbhost.Raw(append(bytes.Repeat([]byte{0x91}, 999_999), 0x90)), 1_000_000},
	} {
		t.Run(x.name, func(t *testing.T) {
			value := flbhost.Msgpack(x.value)
			src := append(append([]byte("before"), value...), "behind"...)
			next, nested, err := Walk(src, len("before"))
			require.NoError(t, err)
			require.Equal(t, len("before")+len(value), next)
			require.Equal(t, x.nested, nested)

			_, _, err = Walk(src[:len("before")+len(value)-1], len("before"))
			require.Error(t, err, "a byte less")
		})
	}
}

func TestHeadersDoNotAnnounceMoreThanThereIs(t *testing.T) {
	for name, src := range map[string][]byte{
		"a map of 16 bits of length":    {0xde, 0, 2, 1, 1, 2},
		"a map of 32 bits of length":    {0xdf, 0xff, 0xff, 0xff, 0xff, 1, 1},
		"an array of 16 bits of length": {0xdc, 0, 3, 1, 2},
		"an array of 32 bits of length": {0xdd, 0xff, 0xff, 0xff, 0xff, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n, next, err := Elements(src, 0)
			require.ErrorIs(t, err, ErrShort)
			require.Zero(t, n)
			require.Zero(t, next)
		})
	}
}

// FuzzSkip: whatever the bytes are, the end of the value is where the library
// finds it, and within the bytes.
func FuzzSkip(f *testing.F) {
	for _, value := range []any{
		nil, 5, "tea", []byte{1}, 1.5, []any{1, "a", []any{}}, []flbhost.Field{flbhost.F("a", flbhost.Ext{Type: 5, Data: []byte("x")})},
		flbhost.Raw{0xc1}, flbhost.Raw{0xdf, 0xff, 0xff, 0xff, 0xff}, flbhost.Raw{0xdb, 0, 0, 0, 9, 'x'},
	} {
		f.Add(flbhost.Msgpack(value))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		next, err := Skip(src, 0)
		rest, wantErr := msgp.Skip(src)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error %v, the library: %v", err, wantErr)
		}
		if want := len(src) - len(rest); err == nil && next != want {
			t.Fatalf("ends at %d, the library: %d", next, want)
		}
	})
}
