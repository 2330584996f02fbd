package deflate

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireInflates requires that the standard library makes src of data, and that nothing is left of it.
func requireInflates(t testing.TB, src, data []byte) {
	in := bytes.NewReader(data)
	got, err := io.ReadAll(flate.NewReader(in))
	require.NoError(t, err, "%d bytes", len(src))
	require.True(t, bytes.Equal(src, got), "%d bytes come back as %d", len(src), len(got))
	require.Zero(t, in.Len(), "bytes behind the block")
}

// messages are n bytes each, of kinds that go different ways.
func messages(n int) map[string][]byte {
	rnd := rand.New(rand.NewPCG(uint64(n), 3))
	random, few, skewed := make([]byte, n), make([]byte, n), make([]byte, n)
	for i := range random {
		random[i] = byte(rnd.Uint32())
		few[i] = "ab"[rnd.IntN(2)]
		skewed[i] = byte(rnd.ExpFloat64() * 8)
	}
	var text strings.Builder
	for text.Len() < n {
		fmt.Fprintf(&text, `{"log":"order %d took %dms","stream":"stdout","host":"ip-10-0-0-%d"}`, rnd.IntN(1e6), rnd.IntN(900), rnd.IntN(256))
	}
	return map[string][]byte{
		"text": []byte(text.String()[:n]), "random": random, "two letters": few, "skewed": skewed,
		"zeros": make([]byte, n), "all bytes": allBytes(n),
	}
}

func allBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

func TestEveryLengthComesBack(t *testing.T) {
	e := New(6)
	var dst []byte
	for n := 0; n <= MaxLen; n += 1 + n/150 {
		for _, src := range messages(n) {
			var ok bool
			dst, ok = e.Append(dst[:0], src)
			require.True(t, ok)
			requireInflates(t, src, dst)
			require.LessOrEqual(t, len(dst), n+5, "no more than a stored block")
		}
	}
}

func TestEveryLevelComesBack(t *testing.T) {
	for level := -1; level <= 11; level++ {
		e := New(level)
		for _, n := range []int{0, 1, 2, 3, 4, 5, 11, 12, 257, 258, 259, 260, 450, 1000, MaxLen - 1, MaxLen} {
			for name, src := range messages(n) {
				out, ok := e.Append([]byte("before"), src)
				require.True(t, ok)
				require.True(t, bytes.HasPrefix(out, []byte("before")), "%s of %d bytes", name, n)
				requireInflates(t, src, out[len("before"):])
			}
		}
	}
}

func TestALongerMessageIsRefused(t *testing.T) {
	out, ok := New(6).Append([]byte("before"), make([]byte, MaxLen+1))
	require.False(t, ok)
	require.Equal(t, "before", string(out))
}

func TestTheSmallestBlockIsChosen(t *testing.T) {
	const stored, fixed, dynamic = 0, 1, 2
	tests := []struct {
		name string
		src  []byte
		want byte
	}{
		{"nothing is a fixed block", nil, fixed},
		{"a word is a fixed block", []byte("hello"), fixed},
		{"a repeated word is a fixed block", []byte("hello hello hello hello"), fixed},
		{"random bytes are stored", messages(500)["random"], stored},
		{"a text is a dynamic block", messages(500)["text"], dynamic},
		{"bytes of which some are frequent are a dynamic block", messages(400)["skewed"], dynamic},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, ok := New(6).Append(nil, test.src)
			require.True(t, ok)
			require.Equal(t, byte(1), out[0]&1, "the last block")
			require.Equal(t, test.want, out[0]>>1&3)
		})
	}
}

func TestHigherLevelsAreNotLarger(t *testing.T) {
	size := func(level int) (total int) {
		e := New(level)
		for n := 300; n < 800; n += 10 {
			out, _ := e.Append(nil, messages(n)["text"])
			total += len(out)
		}
		return total
	}
	require.LessOrEqual(t, size(6), size(1))
	require.LessOrEqual(t, size(9), size(6))
}

func TestLengthsAreWrittenAsTheFormatSays(t *testing.T) {
	// RFC 1951, 3.2.5: the first length and the extra bits of each symbol.
	firsts := []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	for i, l := range lengths {
		require.Equal(t, i+minMatch, firsts[l.symbol-firstLength]+int(l.value))
		require.Less(t, int(l.value), 1<<l.extra)
		require.Equal(t, l.extra, literalExtra[l.symbol])
	}
	require.Equal(t, matchLength{symbol: 285}, lengths[maxMatch-minMatch])
}

func TestDistancesAreWrittenAsTheFormatSays(t *testing.T) {
	bases := []uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537}
	for code, base := range bases {
		require.Equal(t, base-1, distBase[code])
	}
	for distance := range MaxLen {
		code := distanceCode(distance)
		value := distance - int(distBase[code])
		require.GreaterOrEqual(t, value, 0)
		require.Less(t, value, 1<<distExtra[code])
	}
}

func TestNothingIsAllocated(t *testing.T) {
	e, src := New(6), messages(450)["text"]
	dst := make([]byte, 0, 1000)
	require.Zero(t, testing.AllocsPerRun(100, func() { dst, _ = e.Append(dst[:0], src) }))
}

func FuzzAppend(f *testing.F) {
	for _, n := range []int{0, 3, 450, MaxLen} {
		for _, src := range messages(n) {
			f.Add(src, 6)
		}
	}
	encoders := map[int]*Encoder{}
	for level := 1; level <= 9; level++ {
		encoders[level] = New(level)
	}
	f.Fuzz(func(t *testing.T, src []byte, level int) {
		e := encoders[1+int(uint(level)%9)]
		out, ok := e.Append(nil, src)
		require.Equal(t, len(src) <= MaxLen, ok)
		if ok {
			requireInflates(t, src, out)
		}
	})
}
