package compress

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A content makes n bytes of a kind, the same for the same seed.
type content func(seed uint64, n int) []byte

var contents = map[string]content{
	"text": textOf,
	"JSON": func(seed uint64, n int) []byte { return bytes.Join(logRecords(seed, 1+n/400), []byte("\n"))[:n] },
	"base64": func(seed uint64, n int) []byte {
		return []byte(base64.StdEncoding.EncodeToString(noiseOf(seed, n))[:n])
	},
	"hex":    func(seed uint64, n int) []byte { return []byte(hex.EncodeToString(noiseOf(seed, n))[:n]) },
	"random": noiseOf,
	"half random, half base64": func(seed uint64, n int) []byte {
		return append(noiseOf(seed, n/2), base64.StdEncoding.EncodeToString(noiseOf(seed+1, n))[:n-n/2]...)
	},
	"JSON with base64 in it": func(seed uint64, n int) (text []byte) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		for len(text) < n {
			image := base64.StdEncoding.EncodeToString(noiseOf(rnd.Uint64(), 100+rnd.IntN(3000)))
			text = fmt.Appendf(text, `{"log":"uploaded","id":%d,"image":"%s","stream":"stdout"}`, rnd.IntN(1e6), image)
		}
		return text[:n]
	},
}

func noiseOf(seed uint64, n int) []byte {
	rnd := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func textOf(seed uint64, n int) (text []byte) {
	words := strings.Fields(`the of and to in a is that for it as was with be by on not he i this are or his from at which but have an
		had they you were their one all we can her has there been if more when will would who so no said what up its about into than
		them only some could time these two may then do first any my now such like our over man me even most made after also did many`)
	rnd := rand.New(rand.NewPCG(seed, 3))
	for len(text) < n {
		text = append(text, words[int(float64(len(words))*rnd.Float64()*rnd.Float64())]...)
		text = append(text, " "...)
	}
	return text[:n]
}

// A yardstick is the standard library at one level.
type yardstick struct {
	level int
	buf   bytes.Buffer
	w     *flate.Writer
}

func (y *yardstick) size(t testing.TB, src []byte) int {
	var err error
	y.buf.Reset()
	if y.w == nil {
		y.w, err = flate.NewWriter(&y.buf, y.level)
		require.NoError(t, err)
	}
	y.w.Reset(&y.buf)
	_, err = y.w.Write(src)
	require.NoError(t, err)
	require.NoError(t, y.w.Close())
	return y.buf.Len()
}

// require requires at most 1.02 times what the standard library makes at the same level.
func (y *yardstick) require(t testing.TB, d *deflater, src []byte) {
	most := y.size(t, src) * 102 / 100
	out := d.deflate(nil, src)
	require.LessOrEqual(t, len(out), most, "%d bytes at level %d", len(src), y.level)
}

func TestOutputIsAtMostTwoHundredthsLongerThanTheStandardLibrarys(t *testing.T) {
	if underRace {
		t.Skip("sizes are the same under the race detector, and ten times as long in coming")
	}
	sizes := []int{50, 75, 120, 200, 300, 450, 511, 512, 800, 1200, 1500, 1536, 1537, 1800, 2300, 3500, 5000, 9000, 20_000, 65_535, 66_000, 120_000}
	for name, make := range contents {
		t.Run(name, func(t *testing.T) {
			for level := 1; level <= 9; level++ {
				y, d := yardstick{level: level}, newDeflater(level)
				for _, n := range sizes {
					y.require(t, &d, make(uint64(n), n))
				}
			}
		})
	}
}

func TestTheSameHoldsForMegabytes(t *testing.T) {
	if underRace {
		t.Skip("sizes are the same under the race detector, and ten times as long in coming")
	}
	for _, test := range []struct {
		kind   string
		n      int
		levels []int
	}{
		{"text", 1_300_000, []int{1, 3}},
		{"JSON", 1_300_000, []int{1, 3, 6}},
		{"base64", 1_300_000, []int{1, 6, 9}},
		{"hex", 1_300_000, []int{1, 6}},
		{"half random, half base64", 1_300_000, []int{1, 6}},
		{"JSON", 10_000_000, []int{2}},
		{"base64", 10_000_000, []int{1}},
		{"random", 10_000_000, []int{6}},
	} {
		src := contents[test.kind](1, test.n)
		for _, level := range test.levels {
			t.Run(fmt.Sprintf("%s of %d bytes at level %d", test.kind, test.n, level), func(t *testing.T) {
				y, d := yardstick{level: level}, newDeflater(level)
				y.require(t, &d, src)
			})
		}
	}
}

// The standard library has no zstd: the measure is the encoder that zstd's other records go to.
func TestZstdIsAtMostTwoHundredthsLongerThanTheLibrarys(t *testing.T) {
	if underRace {
		t.Skip("sizes are the same under the race detector, and ten times as long in coming")
	}
	compressor := newCompressor(t, Zstd, DefaultLevel)
	library := compressor.(zstdCompressor).encoder
	for name, make := range contents {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{0, 50, 200, 399, 400, 450, 511, 800, 1000, 1200, 1536, 1537} {
				const rounds = 30
				out, most := 0, 0
				for seed := range rounds {
					src := make(uint64(n+1000*seed), n)
					data, err := compressor.Append(nil, src)
					require.NoError(t, err)
					out, most = out+len(data), most+len(library.EncodeAll(src, nil))
				}
				require.LessOrEqual(t, out, most*102/100, "%d bytes", n)
			}
		})
	}
}

func TestContentsOfEveryKindComeBackFromTheStandardLibrary(t *testing.T) {
	for _, f := range []Format{Gzip, Zlib} {
		for name, make := range contents {
			for level := 1; level <= 9; level++ {
				c := newCompressor(t, f, level)
				for _, n := range []int{0, 450, 1536, 1537, 2300, 40_000} {
					src := make(uint64(n), n)
					data, err := c.Append(nil, src)
					require.NoError(t, err)
					require.True(t, bytes.Equal(src, inflate(t, f, data)), "%s: %d bytes at level %d", name, n, level)
				}
			}
		}
	}
}

// inflate decompresses with the standard library.
func inflate(t testing.TB, f Format, data []byte) []byte {
	var r io.Reader
	var err error
	if f == Gzip {
		r, err = gzip.NewReader(bytes.NewReader(data))
	} else {
		r, err = zlib.NewReader(bytes.NewReader(data))
	}
	require.NoError(t, err)
	out, err := io.ReadAll(r)
	require.NoError(t, err)
	return out
}

func TestBytesThatDoNotCompressGrowByFiveFor64KB(t *testing.T) {
	for level := 1; level <= 9; level++ {
		d := newDeflater(level)
		for _, n := range []int{1, 50, 500, 1536, 1537, 65_535, 65_536, 200_000} {
			out := d.deflate(nil, noiseOf(uint64(n), n))
			require.LessOrEqual(t, len(out), n+5*(1+(n-1)/65_535), "%d bytes at level %d", n, level)
		}
	}
}

func TestBase64ThatFitsCompressedIsNotCut(t *testing.T) {
	src := contents["base64"](1, 1_300_000)
	for _, f := range []Format{Gzip, Zlib} {
		for level := 1; level <= 9; level++ {
			data, tried := requireFit(t, f, newCompressor(t, f, level), src, 1<<20)
			require.Empty(t, tried, "level %d", level)
			require.Less(t, len(data), 990_000)
		}
	}
}
