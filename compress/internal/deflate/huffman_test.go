package deflate

import (
	"bytes"
	"container/heap"
	"math/rand/v2"
	"sort"
	"testing"

	"fluent-bit-kinesis/compress/internal/huffman"
	"github.com/stretchr/testify/require"
)

// weights is a heap for Huffman's own algorithm.
type weights struct{ sort.IntSlice }

func (w *weights) Push(x any) { w.IntSlice = append(w.IntSlice, x.(int)) }
func (w *weights) Pop() any {
	last := w.IntSlice[len(w.IntSlice)-1]
	w.IntSlice = w.IntSlice[:len(w.IntSlice)-1]
	return last
}

// bestCost is the bits that the best code takes for these frequencies.
func bestCost(freq []uint16) (bits int) {
	w := &weights{}
	for _, f := range freq {
		if f > 0 {
			heap.Push(w, int(f))
		}
	}
	for w.Len() > 1 {
		sum := heap.Pop(w).(int) + heap.Pop(w).(int)
		bits += sum
		heap.Push(w, sum)
	}
	return bits
}

// requireCode requires a complete code whose words are no prefixes of each other, and returns its cost and longest word.
func requireCode(t *testing.T, c *code, freq []uint16) (cost, longest int) {
	taken := make([]uint8, 1<<maxCodeBits) // how many codewords each word begins with
	used := 0
	for symbol, f := range freq {
		if f == 0 {
			continue
		}
		require.Equal(t, uint32(f)<<16|uint32(symbol), c.Used[used])
		used++
		length, bits := int(uint8(c.Words[symbol])), int(c.Words[symbol]>>8)
		require.Positive(t, length)
		require.Less(t, bits, 1<<length)
		cost += int(f) * length
		longest = max(longest, length)
		for word := bits; word < len(taken); word += 1 << length { // the codeword's bits are the lowest
			taken[word]++
		}
	}
	require.Equal(t, used, c.N)
	once := bytes.Repeat([]byte{1}, len(taken))
	require.True(t, bytes.Equal(once, taken), "each word begins with one codeword")
	return cost, longest
}

func TestCodesAreTheBest(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var b huffman.Builder
	var c code
	for round := range 300 {
		freq := make([]uint16, 3+rnd.IntN(numLiterals-2))
		for i := range freq {
			if rnd.IntN(3) > 0 || i < 3 {
				freq[i] = uint16(1 + rnd.ExpFloat64()*float64(1+round%30)) // some beyond what is sorted by counting
			}
		}
		c.build(&b, freq, maxCodeBits)
		cost, longest := requireCode(t, &c, freq)
		require.LessOrEqual(t, longest, maxCodeBits)
		require.Equal(t, bestCost(freq), cost)
	}
}

func TestALimitOnCodewordsIsKept(t *testing.T) {
	// Frequencies in the Fibonacci series make the deepest tree.
	freq := []uint16{1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181}
	var b huffman.Builder
	var c code
	for _, maxBits := range []int{maxCodeLengthBits, 10, maxCodeBits} {
		c.build(&b, freq, maxBits)
		cost, longest := requireCode(t, &c, freq)
		require.Equal(t, maxBits, longest)
		best := bestCost(freq)
		require.Greater(t, cost, best)
		require.Less(t, cost, best+best/5, "not much is lost")
	}
}

func TestCodesOfOneAndTwoSymbolsHaveOneBit(t *testing.T) {
	var b huffman.Builder
	var c code
	c.build(&b, []uint16{0, 7, 0}, maxCodeBits)
	require.Equal(t, 1, c.N)
	require.Equal(t, uint32(1), c.Words[1])
	c.build(&b, []uint16{3, 0, 7}, maxCodeBits)
	cost, _ := requireCode(t, &c, []uint16{3, 0, 7})
	require.Equal(t, 10, cost)
}

func TestTheFixedCodeIsTheFormats(t *testing.T) {
	// RFC 1951, 3.2.6: the first codeword of each length's range, here with the first bit lowest.
	for symbol, want := range map[int]uint32{0: 0b00001100<<8 | 8, 144: 0b000010011<<8 | 9, 256: 0<<8 | 7, 280: 0b00000011<<8 | 8} {
		require.Equal(t, want, fixedLiteral.Words[symbol], "symbol %d", symbol)
	}
	require.Equal(t, uint32(0b10000<<8|5), fixedDist.Words[1])
}
