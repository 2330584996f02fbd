package msgjson

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// The body itself is the first of 128 levels, so a member may have 127.
func TestDepth(t *testing.T) {
	for _, x := range []struct {
		name   string
		member func(levels int) flbhost.Field
	}{
		{"of arrays", func(levels int) flbhost.Field { return kv("a", nested(levels)) }},
		{"of maps", func(levels int) flbhost.Field { return kv("a", nestedMaps(levels)) }},
		{"of maps in arrays", func(levels int) flbhost.Field {
			return kv("a", flbhost.Raw(append(bytes.Repeat([]byte{0x91}, 100), nestedMaps(levels-100)...)))
		}},
		{"of arrays in maps", func(levels int) flbhost.Field {
			maps := nestedMaps(101)
			return kv("a", append(maps[:len(maps)-1], nested(levels-100)...))
		}},
		{"of arrays that are keys", func(levels int) flbhost.Field { return kv(nested(levels), 1) }},
		{"of arrays that are keys of a map deep inside", func(levels int) flbhost.Field {
			maps := nestedMaps(101)
			maps[len(maps)-1] = 0x81
			return kv("a", append(append(maps, nested(levels-101)...), 1))
		}},
		{"of maps that repeat a key", func(levels int) flbhost.Field {
			var maps flbhost.Raw
			for range levels - 1 {
				maps = append(maps, 0x82, 0xa1, 'a', 1, 0xa1, 'a')
			}
			return kv("a", append(maps, 0x80))
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			for options, make := range map[string]func() *Encoder{
				"written":     func() *Encoder { return NewEncoder(Options{}) },
				"left out":    func() *Encoder { return NewEncoder(Options{Pick: func([]byte) Pick { return 0 }}) },
				"noted alone": func() *Encoder { return NewEncoder(Options{Pick: func([]byte) Pick { return Note1 }}) },
			} {
				good := packed(kv("x", 1), x.member(127), kv("y", 2))
				deep := packed(kv("x", 1), x.member(128), kv("y", 2))
				e := make()
				for range 2 {
					_, n, err := e.AppendRecord(nil, good)
					require.NoError(t, err, options)
					require.Equal(t, len(good), n)
					_, n, err = e.AppendRecord(nil, deep)
					require.ErrorIs(t, err, ErrTooDeep, options)
					require.Equal(t, len(deep), n)
				}
				_, _, err := e.thorough(nil, good)
				require.NoError(t, err, options)
				_, _, err = e.thorough(nil, deep)
				require.ErrorIs(t, err, ErrTooDeep, options)
			}
		})
	}
}

func TestDepthOfValues(t *testing.T) {
	e := NewEncoder(Options{})
	text, err := e.AppendValue(nil, nested(127))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("[", 127)+strings.Repeat("]", 127), string(text))
	text, err = e.AppendValue(nil, nestedMaps(127))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat(`{"a":`, 126)+strings.Repeat("}", 126), strings.Replace(string(text), "{}", "", 1))
	for _, value := range []flbhost.Raw{nested(128), nestedMaps(128), nested(1_000_000), nestedMaps(300_000)} {
		_, err = e.AppendValue(nil, value)
		require.ErrorIs(t, err, ErrTooDeep)
	}
}

func TestARepeatedMemberThatIsTooDeepCostsTheRecord(t *testing.T) {
	record := packed(kv("a", nested(128)), kv("a", 1))
	_, n, err := NewEncoder(Options{}).AppendRecord(nil, record)
	require.ErrorIs(t, err, ErrTooDeep)
	require.Equal(t, len(record), n)
}

// Each level of keys in keys doubles the backslashes: 127 of them would take
// more bytes than there are.
func TestKeysInKeysAreBounded(t *testing.T) {
	keys := func(levels int) []byte { // {{{...:nil}:nil}:nil}
		return append(bytes.Repeat([]byte{0x81}, levels), bytes.Repeat([]byte{0xc0}, levels+1)...)
	}
	for levels := 1; levels <= 200; levels++ {
		text, n, err := NewEncoder(Options{}).AppendRecord(nil, keys(levels))
		require.Equal(t, len(keys(levels)), n)
		if levels-1 > maxKeysAround {
			require.ErrorIs(t, err, ErrTooDeep)
			continue
		}
		require.NoError(t, err)
		require.Less(t, len(text), 200)
	}
	deepest, _, err := NewEncoder(Options{}).AppendRecord(nil, keys(3))
	require.NoError(t, err)
	require.Equal(t, `{"{\"{\\\"null\\\":null}\":null}":null}`, string(deepest))
}

// What is announced is not there: nothing is sized by it.
func TestAnnouncedSizesCostNothing(t *testing.T) {
	for name, value := range map[string]flbhost.Raw{
		"map32":                          {0xdf, 0xff, 0xff, 0xff, 0xff},
		"array32":                        {0xdd, 0xff, 0xff, 0xff, 0xff},
		"str32":                          {0xdb, 0xff, 0xff, 0xff, 0xff},
		"bin32":                          {0xc6, 0xff, 0xff, 0xff, 0xff},
		"ext32":                          {0xc9, 0xff, 0xff, 0xff, 0xff, 1},
		"maps that each announce 65535":  bytes.Repeat([]byte{0xde, 0xff, 0xff, 0xa1, 'a'}, 60_000),
		"arrays that each announce much": bytes.Repeat([]byte{0xdd, 0, 1, 0, 0}, 60_000),
	} {
		t.Run(name, func(t *testing.T) {
			record := packed(kv("a", value))
			for _, e := range []*Encoder{NewEncoder(Options{}), leavingOut("a")} {
				_, _, err := e.AppendRecord(nil, record) // shapes are learned
				require.Error(t, err)
				out := make([]byte, 0, 1<<20)
				bytesPerRun := allocatedBytes(func() { out, _, err = e.AppendRecord(out[:0], record) })
				require.Error(t, err)
				require.Less(t, bytesPerRun, uint64(64<<10))
				bytesPerRun = allocatedBytes(func() { out, _, err = e.thorough(out[:0], record) })
				require.Error(t, err)
				require.Less(t, bytesPerRun, uint64(1<<20))
			}
		})
	}
}

// allocatedBytes is how many bytes a call of f allocates.
func allocatedBytes(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
