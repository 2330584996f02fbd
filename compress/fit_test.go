package compress

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const mark = "[Truncated...]\n"

// cutter cuts as records are cut, and keeps account of it.
type cutter struct {
	src []byte
	buf []byte
	ns  []int
}

func (c *cutter) cut(n int) []byte {
	c.ns = append(c.ns, n)
	for n > 0 && !utf8.RuneStart(c.src[n]) {
		n--
	}
	c.buf = append(append(c.buf[:0], c.src[:n]...), mark...)
	return c.buf
}

// requireFit fits src and checks all that Fit promises of any input. It returns the output and what was tried.
func requireFit(t testing.TB, f Format, c Compressor, src []byte, limit int) (data []byte, tried []int) {
	before := []byte("before")
	cuts := &cutter{src: src}
	out, n, err := Fit(c, before, src, limit, cuts.cut)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(out, before))
	data = out[len(before):]
	require.LessOrEqual(t, len(data), limit)
	require.LessOrEqual(t, len(cuts.ns), maxCuts+1)
	want := src
	if n < len(src) {
		require.Contains(t, cuts.ns, n)
		want = (&cutter{src: src}).cut(n)
	}
	got, err := decode(f, data)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%d bytes kept", n)
	require.True(t, utf8.Valid(got) || !utf8.Valid(src))
	return data, cuts.ns
}

func TestWhatFitsIsNotCut(t *testing.T) {
	record := logRecords(1, 1)[0]
	for _, f := range Formats() {
		c := newCompressor(t, f, DefaultLevel)
		whole, err := c.Append(nil, record)
		require.NoError(t, err)
		for _, limit := range []int{len(whole), len(whole) + 1, 1 << 20} {
			data, tried := requireFit(t, f, c, record, limit)
			require.Equal(t, whole, data)
			require.Empty(t, tried)
		}
		data, tried := requireFit(t, f, c, record, len(whole)-1)
		require.NotEqual(t, whole, data)
		require.NotEmpty(t, tried, "%v: one byte too many is cut", f)
	}
}

func TestALongInputIsCutInFewAttempts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	random := make([]byte, 2<<20)
	for i := range random {
		random[i] = 'A' + byte(rnd.IntN(64)) // incompressible but for a quarter, and valid UTF-8
	}
	logs := bytes.Join(logRecords(1, 5000), []byte("\n"))[:2<<20]
	tests := []struct {
		name     string
		src      []byte
		limit    int
		used     float64 // of the limit, at least
		attempts int     // beside the whole
	}{
		{"lines of logs", logs, 1 << 18, 0.96, 3},
		{"lines of logs, cut to a little", logs, 5000, 0.9, 6},
		{"random letters to the record limit", random, 1 << 20, 0.96, 2},
		{"random letters, a little too long", random[:1<<20], 700_000, 0.96, 2},
		{"zeros, then random letters", append(make([]byte, 1<<20), random[:1<<20]...), 500_000, 0.96, 4},
		{"random letters, then zeros", append(bytes.Clone(random[:1<<20]), make([]byte, 1<<20)...), 500_000, 0.96, 4},
		// In proportion, a guess at these closes in from one side by a little each time, and comes too late.
		{"random letters, then many more zeros", append(bytes.Clone(random[:512<<10]), make([]byte, 1<<20)...), 350_000, 0.96, 6},
		{"zeros, then random letters that hardly fit", append(make([]byte, 1<<20), random[:256<<10]...), 20_000, 0.8, 6},
		{"emoji", []byte(strings.Repeat("🙂🙃😀😉", 200) + string(random[:4000])), 2000, 0.9, 6},
	}
	for _, test := range tests {
		for _, f := range []Format{Gzip, Zstd} {
			t.Run(fmt.Sprint(test.name, " ", f), func(t *testing.T) {
				data, tried := requireFit(t, f, newCompressor(t, f, DefaultLevel), test.src, test.limit)
				t.Logf("used %.3f in %d", float64(len(data))/float64(test.limit), len(tried))
				if len(tried) == 0 {
					return
				}
				require.GreaterOrEqual(t, float64(len(data)), test.used*float64(test.limit), "tried %v", tried)
				require.LessOrEqual(t, len(tried), test.attempts, "tried %v", tried)
			})
		}
	}
}

func TestEveryLimitIsKept(t *testing.T) {
	record := append(logRecords(2, 1)[0], "äöü€🙂äöü€🙂äöü€🙂äöü€🙂"...)
	for _, f := range Formats() {
		t.Run(f.String(), func(t *testing.T) {
			c := newCompressor(t, f, DefaultLevel)
			least, err := c.Append(nil, []byte(mark))
			require.NoError(t, err)
			whole, err := c.Append(nil, record)
			require.NoError(t, err)
			for limit := len(least); limit <= len(whole); limit++ {
				requireFit(t, f, c, record, limit)
			}
			for limit := -1; limit < len(least); limit++ {
				cuts := &cutter{src: record}
				out, n, err := Fit(c, []byte("before"), record, limit, cuts.cut)
				require.ErrorIs(t, err, ErrNoFit, "limit %d", limit)
				require.Zero(t, n)
				require.Equal(t, "before", string(out))
				require.LessOrEqual(t, len(cuts.ns), maxCuts+1)
				require.Zero(t, cuts.ns[len(cuts.ns)-1], "the empty prefix was tried")
			}
		})
	}
}

func TestTheBufferIsUsedAgain(t *testing.T) {
	src := bytes.Join(logRecords(1, 500), nil)
	c := newCompressor(t, Gzip, DefaultLevel)
	dst := make([]byte, 0, len(src)*2)
	out, n, err := Fit(c, dst, src, 30_000, (&cutter{src: src}).cut)
	require.NoError(t, err)
	require.Positive(t, n)
	require.Same(t, &dst[:1][0], &out[0])
}

// failing fails from the n-th call on.
type failing struct{ n int }

func (f *failing) Append(dst, src []byte) ([]byte, error) {
	if f.n--; f.n < 0 {
		return dst, errors.New("out of order")
	}
	return append(dst, src...), nil
}

func TestAnErrorOfTheCompressorIsHandedOn(t *testing.T) {
	src := bytes.Repeat([]byte("a"), 1000)
	for n := range 3 {
		limit := 500
		if n == 2 {
			limit = 15 // nothing but the mark fits
		}
		out, kept, err := Fit(&failing{n}, []byte("before"), src, limit, (&cutter{src: src}).cut)
		require.EqualError(t, err, "out of order")
		require.Zero(t, kept)
		require.Equal(t, "before", string(out))
	}
}

func FuzzFit(f *testing.F) {
	f.Add(logRecords(1, 1)[0], 100)
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa🙂🙂🙂"), 40)
	c := newCompressor(f, Gzip, DefaultLevel)
	f.Fuzz(func(t *testing.T, src []byte, limit int) {
		least, err := c.Append(nil, []byte(mark))
		require.NoError(t, err)
		requireFit(t, Gzip, c, src, max(limit, len(least)))
	})
}
