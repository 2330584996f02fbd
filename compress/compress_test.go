package compress

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// decode decompresses without this package: with the standard library where it knows the format.
func decode(f Format, data []byte) ([]byte, error) {
	switch f {
	case None:
		return data, nil
	case Gzip:
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case Zlib:
		r, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case Zstd:
		r, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	case Snappy:
		return snappy.DecodeStrict(nil, data)
	}
	return nil, errors.New("unknown format")
}

func newCompressor(t testing.TB, f Format, level int) Compressor {
	c, err := New(f, level)
	require.NoError(t, err)
	return c
}

// requireRoundTrip compresses behind bytes that must stay, and decodes with another's decoder and this package's.
func requireRoundTrip(t testing.TB, f Format, c Compressor, src []byte) {
	before := []byte("before")
	out, err := c.Append(before, src)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(out, before))
	data := out[len(before):]

	got, err := decode(f, data)
	require.NoError(t, err, "%d bytes", len(src))
	require.True(t, bytes.Equal(src, got), "%d bytes come back as %d", len(src), len(got))
	got, err = Decompress(f, data, len(src))
	require.NoError(t, err, "%d bytes", len(src))
	require.True(t, bytes.Equal(src, got), "%d bytes come back as %d", len(src), len(got))
}

// someInputs are of many sizes and of kinds that go different ways through a compressor.
func someInputs(size int) map[string][]byte {
	rnd := rand.New(rand.NewPCG(uint64(size), 7))
	random, few := make([]byte, size), make([]byte, size)
	for i := range random {
		random[i] = byte(rnd.Uint32())
		few[i] = "ab"[rnd.IntN(2)]
	}
	logs := bytes.Join(logRecords(uint64(size), 1+size/300), []byte("\n"))[:size]
	return map[string][]byte{"logs": logs, "random": random, "two letters": few, "zeros": make([]byte, size)}
}

func TestEveryFormatComesBackWithStandardDecoders(t *testing.T) {
	sizes := []int{100, 450, 2047, 2048, 2049, 5000, 32 << 10, 64 << 10, 128 << 10, 128<<10 + 1, 2 << 20}
	for size := range 40 {
		sizes = append(sizes, size)
	}
	for _, f := range Formats() {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			c := newCompressor(t, f, DefaultLevel)
			for _, size := range sizes {
				for _, input := range someInputs(size) {
					requireRoundTrip(t, f, c, input)
				}
			}
		})
	}
}

func TestEverySizeUpTo5000ComesBack(t *testing.T) {
	logs := bytes.Join(logRecords(3, 20), nil)
	for _, f := range Formats() {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			c := newCompressor(t, f, DefaultLevel)
			var dst []byte
			step := 1
			if underRace {
				step = 31 // memory is what matters there, and it is slow
			}
			for size := 0; size <= 5000; size += step {
				var err error
				dst, err = c.Append(dst[:0], logs[:size])
				require.NoError(t, err)
				got, err := Decompress(f, dst, size)
				require.NoError(t, err, "%d bytes", size)
				require.True(t, bytes.Equal(logs[:size], got), "%d bytes", size)
			}
		})
	}
}

func TestEveryLevelComesBack(t *testing.T) {
	for _, f := range Formats() {
		levels := []int{1, 2, 3, 4, 5, 6, 7, 8, 9}
		if f == Zstd {
			levels = []int{1, 3, 6, 10, 22} // each of the library's, and the highest
		}
		for _, level := range levels {
			if _, _, _, ok := f.Levels(); !ok {
				continue
			}
			t.Run(fmt.Sprint(f, level), func(t *testing.T) {
				c := newCompressor(t, f, level)
				for _, size := range []int{0, 1, 4, 450, 2048, 2049, 20_000} {
					for _, input := range someInputs(size) {
						requireRoundTrip(t, f, c, input)
					}
				}
			})
		}
	}
}

func TestOutputIsLittleLongerThanAnInputThatDoesNotCompress(t *testing.T) {
	for _, f := range Formats() {
		c := newCompressor(t, f, DefaultLevel)
		for _, size := range []int{0, 1, 10, 450, 2048, 2049, 100_000, 1 << 20} {
			out, err := c.Append(nil, someInputs(size)["random"])
			require.NoError(t, err)
			require.LessOrEqual(t, len(out), size+size/1000+30, "%v of %d bytes", f, size)
		}
	}
}

func TestRecordsGetSmaller(t *testing.T) {
	for f, most := range map[Format]float64{Gzip: 0.75, Zlib: 0.72, Zstd: 0.76, Snappy: 1.02} {
		c := newCompressor(t, f, DefaultLevel)
		in, out := 0, 0
		for _, record := range logRecords(5, 200) {
			compressed, err := c.Append(nil, record)
			require.NoError(t, err)
			in, out = in+len(record), out+len(compressed)
		}
		require.Less(t, float64(out)/float64(in), most, f.String())
	}
}

func TestOutputDoesNotDependOnWhatWasCompressedBefore(t *testing.T) {
	inputs := append(logRecords(6, 30), someInputs(3000)["logs"], someInputs(150_000)["logs"], nil)
	for _, f := range Formats() {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			used := newCompressor(t, f, DefaultLevel)
			for range 2 {
				for i, input := range inputs {
					got, err := used.Append(nil, input)
					require.NoError(t, err)
					want, err := newCompressor(t, f, DefaultLevel).Append(nil, input)
					require.NoError(t, err)
					require.True(t, bytes.Equal(want, got), "input %d of %d bytes", i, len(input))
				}
			}
		})
	}
}
