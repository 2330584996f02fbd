package huffman

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCodewordsAreAsLongAsManySymbolsNeed(t *testing.T) {
	var b Builder
	var c Code
	freq := make([]uint16, 200)
	for i := range freq {
		freq[i] = uint16(1 + i%3)
	}
	count := b.Build(&c, freq, 5)
	require.Equal(t, 200, c.N)
	sum := 0
	for length := 1; length <= MaxDepth; length++ {
		sum += int(count[length]) << (MaxDepth - length)
	}
	require.Equal(t, 1<<MaxDepth, sum, "it is complete")
	for length := 9; length <= MaxDepth; length++ {
		require.Zero(t, count[length], "eight bits are enough")
	}
}
