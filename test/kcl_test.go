package test

import (
	"bytes"
	"crypto/md5"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"fluent-bit-kinesis/aggregate/aggregatepb"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A hashRange is the hash keys that a shard takes, both ends included.
type hashRange struct{ first, last *big.Int }

func (r hashRange) has(hash *big.Int) bool { return hash.Cmp(r.first) >= 0 && hash.Cmp(r.last) <= 0 }

// evenRanges are the shards of a stream that was made with n of them.
func evenRanges(n int64) []hashRange {
	all := new(big.Int).Lsh(big.NewInt(1), 128)
	start := func(i int64) *big.Int { return new(big.Int).Div(new(big.Int).Mul(all, big.NewInt(i)), big.NewInt(n)) }
	ranges := make([]hashRange, n)
	for i := range ranges {
		ranges[i] = hashRange{start(int64(i)), new(big.Int).Sub(start(int64(i)+1), big.NewInt(1))}
	}
	return ranges
}

// rangesOf are the shards of a stream by their ids, closed ones included.
func rangesOf(s *kinesistest.Server, stream string) map[string]hashRange {
	ranges := map[string]hashRange{}
	for _, shard := range s.Shards(stream) {
		ranges[shard.ID] = hashRange{decimalHash(shard.Start.String()), decimalHash(shard.End.String())}
	}
	return ranges
}

// decimalHash reads a hash key; nil where it is none.
func decimalHash(text string) *big.Int {
	hash, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return nil
	}
	return hash
}

// A kcl is a consumer that takes records apart as the Kinesis Client Library
// does, and shares no code with the plugin's own reader. What came in an
// aggregate of which one user record hashes outside the shard that it was read
// from is thrown away as a whole.
type kcl struct {
	t      *testing.T
	hashes map[string]*big.Int // of partition keys that were met

	kept   []landing
	thrown []kinesistest.Record // aggregates
	// explicit counts the user records with an explicit hash key.
	explicit int
}

func newKCL(t *testing.T) *kcl { return &kcl{t: t, hashes: map[string]*big.Int{}} }

func (k *kcl) hashOf(key string) *big.Int {
	hash, known := k.hashes[key]
	if !known {
		sum := md5.Sum([]byte(key))
		hash = new(big.Int).SetBytes(sum[:])
		k.hashes[key] = hash
	}
	return hash
}

// read takes a record that lies on a shard of that range.
func (k *kcl) read(r kinesistest.Record, shard hashRange) {
	k.t.Helper()
	message, packed := k.message(r.Data)
	if !packed {
		k.kept = append(k.kept, landing{string(r.Data), r.PartitionKey, r.Unanswered})
		return
	}
	before := len(k.kept)
	for _, user := range message.Records {
		key := message.PartitionKeyTable[user.GetPartitionKeyIndex()]
		hash := k.hashOf(key)
		if user.ExplicitHashKeyIndex != nil {
			hash = decimalHash(message.ExplicitHashKeyTable[user.GetExplicitHashKeyIndex()])
			require.NotNil(k.t, hash, "an explicit hash key is a decimal number")
			k.explicit++
		}
		if !shard.has(hash) {
			k.kept, k.thrown = k.kept[:before], append(k.thrown, r)
			return
		}
		k.kept = append(k.kept, landing{string(user.Data), key, r.Unanswered})
	}
}

// message is what is in an aggregate: magic number, protobuf, MD5 of that.
func (k *kcl) message(data []byte) (*aggregatepb.AggregatedRecord, bool) {
	k.t.Helper()
	magic := []byte{0xF3, 0x89, 0x9A, 0xC2}
	if !bytes.HasPrefix(data, magic) {
		return nil, false
	}
	require.Greater(k.t, len(data), len(magic)+md5.Size)
	body, digest := data[len(magic):len(data)-md5.Size], data[len(data)-md5.Size:]
	require.Equal(k.t, md5.Sum(body), [md5.Size]byte(digest), "the checksum of an aggregate")
	var message aggregatepb.AggregatedRecord
	require.NoError(k.t, proto.Unmarshal(body, &message))
	return &message, true
}

// kclReads is what the KCL makes of all records of a stream.
func kclReads(t *testing.T, s *kinesistest.Server, stream string) *kcl {
	t.Helper()
	k := newKCL(t)
	ranges := rangesOf(s, stream)
	for _, r := range s.Records(stream) {
		k.read(r, ranges[r.ShardID])
	}
	return k
}

// kclReadsElsewhere is what the KCL would make of the records, had they been
// put on a stream of n shards.
func kclReadsElsewhere(t *testing.T, records []kinesistest.Record, n int64) *kcl {
	t.Helper()
	k := newKCL(t)
	shards := evenRanges(n)
	for _, r := range records {
		for _, shard := range shards {
			if shard.has(k.hashOf(r.PartitionKey)) {
				k.read(r, shard)
			}
		}
	}
	return k
}

// requireKept requires that the KCL hands on each record of a lot, once, and
// has thrown nothing away.
func (k *kcl) requireKept(l *lot) {
	k.t.Helper()
	require.Empty(k.t, len(k.thrown), "aggregates that the KCL throws away")
	l.requireTimes(k.t, 1, k.kept)
}
