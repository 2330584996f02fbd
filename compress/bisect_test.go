package compress

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
)

// A curve is a compressor in no more than the sizes of what it makes: of n bytes
// as many as the test says, and the more the larger n is. It counts the
// compressions.
type curve struct {
	size         func(n int) int
	compressions int
}

func (c *curve) Append(dst, src []byte) ([]byte, error) {
	c.compressions++
	return append(dst, make([]byte, c.size(len(src)))...), nil
}

// requireNear fits n bytes and requires what holds for any curve: at most eight
// compressions, and then 31/32 of the limit are used, or what is kept is shorter
// by at most a quarter of n than the longest prefix that fits. For where a guess
// in proportion was twice wrong to the same side, the middle is tried: two of the
// six tries at least halve what is left.
func requireNear(t *testing.T, size func(n int) int, n, limit int) {
	t.Helper()
	c := &curve{size: size}
	src := make([]byte, n)
	out, kept, err := Fit(c, nil, src, limit, func(n int) []byte { return src[:n] })
	require.NoError(t, err)
	require.LessOrEqual(t, c.compressions, 8)
	require.Equal(t, size(kept), len(out))
	require.LessOrEqual(t, len(out), limit)
	longest := sort.Search(n+1, func(n int) bool { return size(n) > limit }) - 1
	if len(out) < limit-limit/32 {
		require.LessOrEqual(t, longest-kept, n/4+1, "%d of %d bytes fit, %d are kept", longest, n, kept)
	}
}

func TestACutIsNearTheLongestThatFitsWhateverTheData(t *testing.T) {
	const n = 1 << 20
	power := func(p float64) func(int) int {
		return func(x int) int { return int(n / 2 * math.Pow(float64(x)/n, p)) }
	}
	step := func(at int) func(int) int { // little before that place, much behind it
		return func(x int) int {
			if x < at {
				return x / 1000
			}
			return n / 2
		}
	}
	for name, size := range map[string]func(int) int{
		"all alike":                        power(1),
		"the end compresses better":        power(0.2),
		"nearly all of it is at the start": power(0.02),
		"the end compresses worse":         power(5),
		"nearly all of it is at the end":   power(50),
		"a lump at the end":                step(n * 9 / 10),
		"a lump in the middle":             step(n / 2),
		"a lump near the start":            step(n / 3),
	} {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []int{n / 1000, n / 100, n / 10, n / 4, n/2 - 1} {
				t.Run(fmt.Sprint(limit), func(t *testing.T) { requireNear(t, size, n, limit) })
			}
		})
	}
	t.Run("steps at random", func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(7, 7))
		for range 500 {
			n := 100 + rnd.IntN(20_000)
			at, heights := rnd.Perm(n)[:1+rnd.IntN(5)], make([]int, 5)
			for i := range heights {
				heights[i] = 1 << rnd.IntN(14)
			}
			size := func(x int) (size int) {
				for i, at := range at {
					if x >= at {
						size += heights[i]
					}
				}
				return size + x/50
			}
			if whole := size(n); size(0) < whole-1 {
				requireNear(t, size, n, size(0)+1+rnd.IntN(whole-size(0)-1))
			}
		}
	})
}
