package kinesis

import (
	"math/bits"
	"sync/atomic"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/record"
)

// A spread makes random keys for aggregates, which come to rest evenly on the
// shards. A shard takes some forty aggregates a second: chance alone would give
// one ten too many and the next ten too few. Of a thousand records it need not be
// afraid. It is safe for concurrent use.
type spread struct{ keys atomic.Uint32 }

// strata is the binary logarithm of the parts of the hash keys that the keys go to
// in turn. To find a key takes as many hashes as there are parts, some 2 us.
const strata = 5

// append appends a key to dst. Keys that follow each other are far apart.
func (s *spread) append(dst []byte) []byte {
	want := uint64(bits.Reverse32(s.keys.Add(1)) >> (32 - strata))
	for {
		key := record.AppendRandomKey(dst)
		if aggregate.HashOf(key[len(dst):]).Hi>>(64-strata) == want {
			return key
		}
	}
}
