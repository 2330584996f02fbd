package msgjson

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestAMapThatComesAgainIsNotMistakenForAnother(t *testing.T) {
	pod := fields{kv("pod", "web-0"), kv("labels", fields{kv("app", "web"), kv("n", 1)})}
	for _, x := range []struct {
		name  string
		other fields
	}{
		{"another value at its end", fields{kv("pod", "web-0"), kv("labels", fields{kv("app", "web"), kv("n", 2)})}},
		{"a value that begins like it", fields{kv("pod", "web-0"), kv("labels", fields{kv("app", "web"), kv("n", 1000)})}},
		{"another value at its begin", fields{kv("pod", "web-1"), kv("labels", fields{kv("app", "web"), kv("n", 1)})}},
		{"one member less", fields{kv("pod", "web-0")}},
		{"one member more", append(pod[:2:2], kv("x", nil))},
		{"the same keys in another order", fields{pod[1], pod[0]}},
		{"no member", fields{}},
		{"the map that is in it", fields{kv("app", "web"), kv("n", 1)}},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := NewEncoder(Options{})
			records := [][]byte{
				packed(kv("kubernetes", pod), kv("n", 1)), packed(kv("kubernetes", x.other), kv("n", 2)),
				packed(kv("kubernetes", list{pod, x.other}), kv("n", 3)), packed(kv("kubernetes", list{list{x.other}, pod})),
				packed(kv("k", pod)), packed(kv("n", 4), kv("kubernetes", x.other)),
			}
			for i := range 300 {
				requireNoDifference(t, e, records[(i*i+i/40)%len(records)])
			}
		})
	}
}

// The same map can be too deep in one place, and not in another of the same
// shape: arrays around it do not tell in its shape.
func TestAMapThatComesAgainDeeperIsTooDeep(t *testing.T) {
	e := NewEncoder(Options{})
	in := func(arrays int) []byte {
		b := packed(kv("a", nil))
		b = b[:len(b)-1]
		for range arrays {
			b = append(b, 0x91)
		}
		return append(b, packedValue(fields{kv("b", nested(26))})...)
	}
	for range 20 {
		_, _, err := e.AppendRecord(nil, in(100))
		require.NoError(t, err)
		_, n, err := e.AppendRecord(nil, in(101))
		require.ErrorIs(t, err, ErrTooDeep)
		require.Equal(t, len(in(101)), n)
	}
}

// memosOf are the memos that the encoder keeps.
func memosOf(e *Encoder) (kept []*memo) {
	for _, begin := range e.places {
		if begin.memo != nil {
			kept = append(kept, begin.memo)
		}
	}
	return kept
}

func TestMemosAreBoundedInNumber(t *testing.T) {
	e := NewEncoder(Options{})
	var maps fields
	for i := range maxMemos + 36 {
		maps = append(maps, kv(fmt.Sprint("m", i), fields{kv("a", i)}))
	}
	for range 3 * missesToMemorize {
		requireNoDifference(t, e, packed(maps...))
	}
	require.Len(t, memosOf(e), maxMemos)
	require.Equal(t, maxMemos, e.memos)
	e.forget()
	require.Empty(t, memosOf(e))
	require.Zero(t, e.memos)
	requireNoDifference(t, e, packed(maps...))
	require.Len(t, memosOf(e), maxMemos)
}

func TestMemosAreBoundedInSize(t *testing.T) {
	text := func(s string) fields { return fields{kv("text", s)} }
	const around = len(`{"text":""}`) // which is more than it is as msgpack
	for _, x := range []struct {
		name string
		of   fields
		kept bool
	}{
		{"a map at the bound is kept", text(strings.Repeat("x", maxMemoSize-around)), true},
		{"a map beyond it is not", text(strings.Repeat("x", maxMemoSize-around+1)), false},
		{"a map of which only the JSON is beyond it is not", text(strings.Repeat("\x00", maxMemoSize/4)), false},
		{"a map whose msgpack is at the bound is kept", numbersOf(maxMemoSize), true},
		{"a map of which only the msgpack is beyond it is not", numbersOf(maxMemoSize + 1), false},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := NewEncoder(Options{})
			for range 3 * missesToMemorize {
				requireNoDifference(t, e, packed(kv("m", x.of)))
				requireNoDifference(t, e, packed(kv("m", 1)))
			}
			memos := memosOf(e)
			require.Len(t, memos, 1)
			require.Equal(t, x.kept, len(memos[0].value) > 0)
			require.LessOrEqual(t, cap(memos[0].value), maxMemoSize)
			require.LessOrEqual(t, cap(memos[0].text), maxMemoSize)
		})
	}
}

// numbersOf is a map of so many bytes as msgpack, which as JSON is shorter.
func numbersOf(size int) fields {
	elements := list{}
	for size -= len("\x81\xa1n\xdc\x01\x00"); size >= 9; size -= 9 {
		elements = append(elements, flbhost.Raw{0xcf, 0, 0, 0, 0, 0, 0, 0, 7})
	}
	for range size {
		elements = append(elements, 7)
	}
	return fields{kv("n", elements)}
}

func TestMapsThatAreNeverTheSameAreEncodedAllTheSame(t *testing.T) {
	e := NewEncoder(Options{ReplaceDots: []byte("_")})
	for i := range 1000 {
		requireNoDifference(t, e, packed(kv("request", fields{kv("i.d", i), kv("q", flbhost.Ext{Type: 1, Data: []byte{byte(i)}})})))
	}
}

// Chunks of one pod each, as short as they may be: the first record of the next
// one makes its map the one that is remembered.
func TestTheFirstOtherMapIsRememberedAtOnce(t *testing.T) {
	e := NewEncoder(Options{})
	for i := range 100 {
		pod := fields{kv("pod", i)}
		for range 2 {
			requireNoDifference(t, e, packed(kv("kubernetes", pod)))
		}
		memo := e.places[place{e.known, string(packedValue("kubernetes"))}].memo
		require.Equal(t, string(packedValue(pod)), string(memo.value), "pod %d", i)
	}
}
