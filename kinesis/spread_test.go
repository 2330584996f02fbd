package kinesis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
)

func TestRandomKeysOfAggregatesComeToRestEvenly(t *testing.T) {
	for _, shards := range []int{2, 4, 8, 32} {
		var s spread
		on := make([]int, shards)
		for range 10 * shards {
			key := s.append([]byte("x"))
			require.Len(t, key, 1+8)
			on[aggregate.HashOf(key[1:]).Hi/(1<<63/uint64(shards)*2)]++
		}
		for i := range on {
			require.InDelta(t, 10, on[i], 1, "shard %d of %d", i, shards)
		}
	}
}
