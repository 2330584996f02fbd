package msgjson

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// Records with shapes and without must come out the same, whatever the shapes
// have been learned from before.
func TestShapesMakeNoDifference(t *testing.T) {
	for name, options := range map[string]Options{
		"plain":                  {},
		"replace_dots":           {ReplaceDots: []byte("_")},
		"picks":                  {Pick: pickOf(uint8(Write | Note1))},
		"picks that leave out":   {Pick: pickOf(uint8(Note2))},
		"replace_dots and picks": {ReplaceDots: []byte("_"), Pick: pickOf(0)},
	} {
		t.Run(name, func(t *testing.T) {
			r := randomRecords{rand.New(rand.NewPCG(1, 2))}
			e := NewEncoder(options)
			for range 1000 {
				record := packed(r.fields(1)...)
				for range 1 + r.IntN(2) {
					requireNoDifference(t, e, record)
				}
				if r.IntN(10) == 0 {
					requireAsTheReference(t, record, options)
				}
			}
			require.LessOrEqual(t, e.shapes, maxShapes)
		})
	}
}

func requireNoDifference(t *testing.T, e *Encoder, record []byte) {
	t.Helper()
	with, n, err := e.AppendRecord(nil, record)
	notedWith := e.notes
	without, m, withoutErr := e.thorough(nil, record)
	require.Equal(t, withoutErr, err)
	if err == nil {
		require.Equal(t, string(without), string(with))
		require.Equal(t, m, n)
		require.Equal(t, e.notes, notedWith)
	}
}

// randomRecords makes records of few keys, so that they repeat, and of all
// types of values.
type randomRecords struct{ *rand.Rand }

func (r randomRecords) fields(depth int) (members fields) {
	for range r.IntN(8) {
		members = append(members, kv(r.key(depth), r.value(depth)))
	}
	return members
}

func (r randomRecords) key(depth int) any {
	keys := []any{"a", "b", "c.d", "c_d", "e.f.g", "log", "5", "null", "", "k\xff", "k\xfe", "k\uFFFD", "\"", []byte("a"), flbhost.Raw{0xd9, 1, 'a'}}
	odd := []any{5, 5.0, 1.5, nil, math.NaN(), true, "true", when, flbhost.Ext{Type: 1, Data: []byte("x")}}
	switch n := r.IntN(40); {
	case n == 0 && depth < 4:
		return r.value(depth)
	case n < 4:
		return odd[r.IntN(len(odd))]
	}
	return keys[min(r.IntN(len(keys)), r.IntN(len(keys)))]
}

func (r randomRecords) value(depth int) any {
	switch n := r.IntN(12); {
	case n < 2 && depth < 6:
		return r.fields(depth + 1)
	case n == 2 && depth < 6:
		elements := list{}
		for range r.IntN(4) {
			elements = append(elements, r.value(depth+1))
		}
		return elements
	case n == 3:
		return math.Float64frombits(r.Uint64())
	case n == 4:
		return math.Float32frombits(r.Uint32())
	case n == 5:
		return int64(r.Uint64()) >> r.IntN(64)
	case n == 6:
		return r.Uint64() >> r.IntN(64)
	case n == 7:
		return flbhost.Ext{Type: int8(r.IntN(256)), Data: r.bytes(20)}
	case n == 8:
		return r.bytes(300)
	case n == 9:
		return []any{nil, true, false, when}[r.IntN(4)]
	}
	return string(r.bytes(60))
}

// bytes are text mostly.
func (r randomRecords) bytes(most int) []byte {
	b := make([]byte, r.IntN(most))
	for i := range b {
		b[i] = " abcdefghijklmnop\"\\\n"[r.IntN(20)]
		if r.IntN(20) == 0 {
			b[i] = byte(r.IntN(256))
		}
	}
	return b
}

func TestKeysThatNeverEndAreEncodedAllTheSame(t *testing.T) {
	for _, x := range []struct {
		name   string
		record func(i int) fields
		want   func(i int) string
	}{
		{"at the begin of the record",
			func(i int) fields { return fields{kv(fmt.Sprint("k", i), i), kv("log", "x")} },
			func(i int) string { return fmt.Sprintf(`{"k%d":%d,"log":"x"}`, i, i) }},
		{"at its end",
			func(i int) fields {
				return fields{kv("log", "x"), kv("m", fields{kv("a", 1), kv(fmt.Sprint("k", i), i)})}
			},
			func(i int) string { return fmt.Sprintf(`{"log":"x","m":{"a":1,"k%d":%d}}`, i, i) }},
		{"in few combinations each",
			func(i int) fields {
				return fields{kv(fmt.Sprint("a", i%7), 1), kv(fmt.Sprint("b", i%11), 2), kv(fmt.Sprint("c", i%13), 3), kv(fmt.Sprint("d", i%17), 4)}
			},
			func(i int) string { return fmt.Sprintf(`{"a%d":1,"b%d":2,"c%d":3,"d%d":4}`, i%7, i%11, i%13, i%17) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := NewEncoder(Options{})
			for i := range 10_000 {
				text, _, err := e.AppendRecord(nil, packed(x.record(i)...))
				require.NoError(t, err)
				if want := x.want(i); string(text) != want {
					t.Fatalf("record %d: %s, not %s", i, text, want)
				}
				require.LessOrEqual(t, e.shapes, maxShapes)
			}
		})
	}
}

func TestShapesAreForgottenWhenRecordsHaveBecomeOthers(t *testing.T) {
	e := NewEncoder(Options{})
	for i := 0; e.shapes < maxShapes; i++ {
		_, _, err := e.AppendRecord(nil, packed(kv(fmt.Sprint("a", i%8), 1), kv(fmt.Sprint("b", i/8%8), 1), kv(fmt.Sprint("c", i/64%8), 1), kv(fmt.Sprint("d", i/512), 1)))
		require.NoError(t, err)
	}
	record := packed(kv("log", "x"), kv("stream", "stdout"))
	out, forgotten := []byte(nil), false
	for range missesToForget + 2 {
		var err error
		out, _, err = e.AppendRecord(out[:0], record)
		require.NoError(t, err)
		require.Equal(t, `{"log":"x","stream":"stdout"}`, string(out))
		forgotten = forgotten || e.shapes < maxShapes
	}
	require.True(t, forgotten)
	require.Equal(t, 2, e.shapes, "those of the record that comes now")
}

func TestMapsBeyondWhatIsRememberedAreEncodedAllTheSame(t *testing.T) {
	for _, n := range []int{maxShapeKeys - 1, maxShapeKeys, maxShapeKeys + 1, 1000} {
		record := packed(kv("x", 1), kv("many", manyMembers(n)), kv("y", 2))
		options := Options{Pick: pickOf(1)}
		requireAsTheReference(t, record, options)
		requireNoDifference(t, NewEncoder(options), record)
		requireAsTheReference(t, packed(manyMembers(n)...), options)
	}
}

// What is remembered of a key is kept for as long as the encoder is.
func TestKeysThatAreRememberedAreBoundedInSize(t *testing.T) {
	const header = 2 // of a str of 8 bits of length
	for _, x := range []struct {
		name   string
		key    any
		shapes int
	}{
		{"a key at the bound is learned", strings.Repeat("k", maxKeySize-header), 1},
		{"a key beyond it is not", strings.Repeat("k", maxKeySize-header+1), 0},
		{"a huge key is not", strings.Repeat("k", 1<<20), 0},
		{"nor is a huge one that is no string", flbhost.Ext{Type: 1, Data: make([]byte, maxKeySize)}, 0},
		{"nor is one that is a map", fields{kv("a", 1)}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := NewEncoder(Options{})
			for range 3 {
				requireNoDifference(t, e, packed(kv(x.key, 1)))
			}
			require.Equal(t, x.shapes, e.shapes)
			require.Len(t, e.places, x.shapes)
			requireKeysAreShort(t, e.known)
		})
	}
}

func requireKeysAreShort(t *testing.T, s *shape) {
	require.LessOrEqual(t, len(s.key), maxKeySize)
	for _, next := range s.next {
		requireKeysAreShort(t, next)
	}
}

// Keys that some records have and others have not, before the map that most of
// the record is in.
func TestTheMapBehindOptionalKeysIsLearnedOnce(t *testing.T) {
	e := NewEncoder(Options{ReplaceDots: []byte("_")})
	var pod fields
	for i := range 60 {
		pod = append(pod, kv(fmt.Sprint("label.", i), i))
	}
	const optional = 7
	for round := range 2 {
		for set := range 1 << optional {
			var record fields
			for i := range optional {
				if set>>i&1 == 1 {
					record = append(record, kv(fmt.Sprint("k", i), set))
				}
			}
			requireNoDifference(t, e, packed(append(record, kv("kubernetes", pod))...))
		}
		require.Less(t, e.shapes, 2<<optional+len(pod), "round %d", round)
	}
	require.Equal(t, 1, e.memos)
}

func TestAMapThatRepeatsAKeyIsRememberedAllTheSame(t *testing.T) {
	e := NewEncoder(Options{Pick: pickOf(uint8(Write | Note1))})
	record := packed(kv("log", "x"), kv("map", fields{kv("a", 1), kv("b", 2), kv("a", 3)}), kv("end", true))
	for range 3 {
		requireNoDifference(t, e, record)
	}
	require.Equal(t, 1, e.memos)
}
