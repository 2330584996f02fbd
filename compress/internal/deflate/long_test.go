package deflate

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"fluent-bit-kinesis/compress/internal/match"
	"github.com/stretchr/testify/require"
)

func randomBytes(seed uint64, n int) []byte {
	rnd := rand.New(rand.NewPCG(seed, 5))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func base64Text(seed uint64, n int) []byte {
	return []byte(base64.StdEncoding.EncodeToString(randomBytes(seed, n)))[:n]
}

// mixtures are of parts that go different ways, in the message's length n.
func mixtures(n int) map[string][]byte {
	half := n / 2
	text, random, base64 := messages(n)["text"], randomBytes(1, n), base64Text(2, n)
	return map[string][]byte{
		"base64":                        base64,
		"random, then base64":           append(random[:half:half], base64[half:]...),
		"base64, then random":           append(base64[:half:half], random[half:]...),
		"text, then random":             append(text[:half:half], random[half:]...),
		"random bytes again":            append(random[:half:half], random[:n-half]...),
		"random, and zeros at its end":  append(random[:half:half], make([]byte, n-half)...),
		"a text between random bytes":   bytes.Join([][]byte{random[:n/3], text[:n/3], random[n/3 : n-n/3]}, nil)[:n],
		"a period of the window":        bytes.Repeat(random[:min(n, windowSize)], 1+n/windowSize)[:n],
		"a period just short of it":     bytes.Repeat(random[:min(n, windowSize-1)], 2+n/windowSize)[:n],
		"four letters in long matches":  []byte(runs(n)),
		"a line again and again":        []byte(strings.Repeat(lines[:170], 1+n/170)[:n]),
		"letters that hardly ever meet": bytes.ReplaceAll(base64, []byte("/"), []byte("//"))[:n],
	}
}

func TestLongMessagesOfEveryKindComeBackAtEveryLevel(t *testing.T) {
	l := NewLong()
	sizes := []int{0, 1, 2, 3, 4, 5, 7, 8, 100, MaxLen + 1, unitSymbols - 1, unitSymbols, unitSymbols + 1, unitSymbols + 5, 20_000, maxStored, maxStored + 1, 150_000}
	for level := 0; level <= 10; level++ {
		for i, n := range sizes {
			if n > 5000 && level%3 != i%3 {
				continue
			}
			for _, kinds := range []map[string][]byte{messages(n), mixtures(n)} {
				for name, src := range kinds {
					out := l.Append([]byte("before"), src, level)
					require.True(t, bytes.HasPrefix(out, []byte("before")), name)
					requireInflates(t, src, out[len("before"):])
				}
			}
		}
	}
}

func TestTheSameMessageMakesTheSameBytesWhateverCameBefore(t *testing.T) {
	used := NewLong()
	for _, n := range []int{3000, 100_000, 50_000} {
		for name, src := range mixtures(n) {
			for _, level := range []int{1, 6, 9} {
				require.True(t, bytes.Equal(NewLong().Append(nil, src, level), used.Append(nil, src, level)), "%s, level %d", name, level)
			}
		}
	}
}

func TestPositionsAreCountedBeyond32Bits(t *testing.T) {
	src := messages(40_000)["text"]
	want := NewLong().Append(nil, src, 6)
	l := NewLong()
	l.Append(nil, src, 6)
	for _, count := range []uint32{math.MaxUint32, math.MaxUint32 - 39_999, math.MaxUint32 - 40_000, math.MaxUint32 - 100_000} {
		l.chains.count = count
		for range 3 {
			require.True(t, bytes.Equal(want, l.Append(nil, src, 6)), "from %d on", count)
		}
	}
}

func TestBytesThatDoNotCompressTakeFiveMoreFor64KB(t *testing.T) {
	l := NewLong()
	for _, n := range []int{MaxLen + 1, 10_000, maxStored, maxStored + 1, 2 * maxStored, 2*maxStored + 1, 1_000_000} {
		for level := 1; level <= 9; level += 4 {
			out := l.Append(nil, randomBytes(uint64(n), n), level)
			require.LessOrEqual(t, len(out), n+5*((n+maxStored-1)/maxStored), "%d bytes at level %d", n, level)
		}
	}
}

// Each part of a mixture takes what it takes alone, and a little where it begins: up to there a block may go on that is
// none of its own.
func TestPartsOfAMixtureAreBlocksOfTheirOwn(t *testing.T) {
	const n = 40_000
	kinds := map[string][]byte{
		"random": randomBytes(1, n), "base64": base64Text(2, n), "text": messages(n)["text"], "digits": []byte(digits(n)),
	}
	l := NewLong()
	for first, a := range kinds {
		for second, b := range kinds {
			if first == second {
				continue
			}
			for level := 1; level <= 9; level += 4 {
				apart := len(l.Append(nil, a, level)) + len(l.Append(nil, b, level))
				together := len(l.Append(nil, append(bytes.Clone(a), b...), level))
				require.LessOrEqual(t, together, apart+unitSymbols/4, "%s, then %s at level %d", first, second, level)
			}
		}
	}
}

func digits(n int) string {
	var text strings.Builder
	for rnd := rand.New(rand.NewPCG(4, 4)); text.Len() < n; {
		fmt.Fprintf(&text, "%018d", rnd.Int64N(1e18))
	}
	return text.String()[:n]
}

// blockType is the type of a stream's first block.
func blockType(stream []byte) uint64 { return uint64(stream[0]) & (3 << 1) }

func TestTheFirstBlockOfALongMessageIsTheSmallest(t *testing.T) {
	l := NewLong()
	for _, test := range []struct {
		name string
		src  []byte
		want uint64
	}{
		{"random bytes", randomBytes(1, 5000), storedType},
		{"base64", base64Text(1, 5000), dynamicType},
		{"text", messages(5000)["text"], dynamicType},
		{"a few matches", make([]byte, 600), fixedType},
		{"a word", []byte("hello"), fixedType},
	} {
		require.Equal(t, test.want, blockType(l.Append(nil, test.src, 6)), test.name)
	}
}

func TestStoredBlocksAreCountedToTheBit(t *testing.T) {
	l := NewLong()
	for bits := range uint(8) {
		for _, sizes := range [][]int{{1}, {100, 200}, {maxStored}, {maxStored + 1}, {maxStored - 1, 1, 1}, {40_000, 40_000, 60_000}} {
			l.out = output{bits: bitBuffer{n: bits}}
			l.raw = 0
			counted := 0
			for _, n := range sizes {
				counted += l.storedSize(n)
				l.raw += n
			}
			l.out.writeStored(make([]byte, l.raw), 1)
			require.Zero(t, l.out.bits.n)
			require.Equal(t, 8*l.out.at-int(bits), counted, "%v behind %d bits", sizes, bits)
		}
	}
}

func TestALongMessageAllocatesNothing(t *testing.T) {
	l, src := NewLong(), mixtures(100_000)["random, then base64"]
	dst := make([]byte, 0, 120_000)
	require.Zero(t, testing.AllocsPerRun(3, func() { dst = l.Append(dst[:0], src, 6) }))
}

func TestEntropyIsWhatTheBestCodeTakesAtLeast(t *testing.T) {
	for _, test := range []struct {
		name   string
		counts []uint16
		bits   float64
		used   int
	}{
		{"nothing", make([]uint16, 5), 0, 0},
		{"one symbol", []uint16{0, 700}, 0, 1},
		{"two alike", []uint16{300, 0, 300}, 600, 2},
		{"sixteen alike", []uint16{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, 576, 16},
		{"one of a thousand", []uint16{1, 999}, 11.4, 2},
		{"many", []uint16{20_000, 5000, 5000}, 37_549, 3},
	} {
		parts, used := match.Entropy(test.counts)
		require.Equal(t, test.used, used, test.name)
		require.InDelta(t, test.bits, float64(parts)/match.BitParts, 2+test.bits/100, test.name)
	}
}

func TestAMatchPaysTheFurtherTheLongerItIs(t *testing.T) {
	var w worth
	pays := func(length, distance int) bool { return w.least(length, distance) == length }
	learn := func(letters string) {
		w.learn([]byte(strings.Repeat(letters, 40)))
		for length := minMatch; length+1 < len(w.far); length++ {
			require.LessOrEqual(t, w.far[length], w.far[length+1])
		}
		require.True(t, pays(maxMatch, windowSize-1))
	}
	learn("0123456789abcdef") // four bits each
	require.False(t, pays(3, 100), "12 bits, and a match takes 14")
	require.True(t, pays(4, 100))
	require.False(t, pays(4, 2000))
	require.True(t, pays(6, windowSize-1))
	require.Equal(t, 6, w.least(4, 20_000))
	learn("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") // six
	require.True(t, pays(3, 1000))
	require.False(t, pays(3, 5000))
	learn("ab")
	require.True(t, pays(3, windowSize-1), "too few to tell")
	learn("")
	require.True(t, pays(3, windowSize-1))
}

func FuzzLong(f *testing.F) {
	for _, n := range []int{0, 3, MaxLen, 6000} {
		for _, src := range mixtures(n) {
			f.Add(src, 6, uint16(2))
		}
	}
	l := NewLong()
	f.Fuzz(func(t *testing.T, src []byte, level int, times uint16) {
		src = bytes.Repeat(src, 1+int(times)%min(50, 1+40_000/(1+len(src)))) // long ones out of what the fuzzer likes
		level = 1 + int(uint(level)%9)
		out := l.Append(nil, src, level)
		requireInflates(t, src, out)
		require.LessOrEqual(t, len(out), len(src)+5*(1+len(src)/maxStored))
	})
}
