package aggregate

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"fluent-bit-kinesis/aggregate/aggregatepb"
)

// kinesisRecord is a record as it lies on a shard.
type kinesisRecord struct {
	partitionKey string
	data         []byte
}

// hashRange is the range of hash keys of a shard, both ends included.
type hashRange struct{ first, last *big.Int }

func (r hashRange) has(hash *big.Int) bool {
	return hash.Cmp(r.first) >= 0 && hash.Cmp(r.last) <= 0
}

// evenShards are the shards of a stream that was made with n of them.
func evenShards(n int64) []hashRange {
	all := new(big.Int).Lsh(big.NewInt(1), 128)
	end := func(i int64) *big.Int {
		return new(big.Int).Div(new(big.Int).Mul(all, big.NewInt(i)), big.NewInt(n))
	}
	shards := make([]hashRange, n)
	for i := range shards {
		shards[i] = hashRange{end(int64(i)), new(big.Int).Sub(end(int64(i)+1), big.NewInt(1))}
	}
	return shards
}

// kclDeaggregate does with the records of a shard what the deaggregation of the
// Kinesis Client Library does, and shares nothing with the package's reader. An
// aggregate with one user record that hashes outside the shard is dropped whole.
func kclDeaggregate(t *testing.T, shard hashRange, lying []kinesisRecord) []userRecord {
	var kept []userRecord
	for _, r := range lying {
		message, ok := kclMessage(r.data)
		if !ok {
			kept = append(kept, userRecord{r.partitionKey, r.data})
			continue
		}
		of, outside := kclUserRecords(t, shard, message)
		if !outside {
			kept = append(kept, of...)
		}
	}
	return kept
}

func kclMessage(data []byte) (*aggregatepb.AggregatedRecord, bool) {
	magic := []byte{0xF3, 0x89, 0x9A, 0xC2}
	if len(data) <= len(magic)+md5.Size || !bytes.Equal(data[:len(magic)], magic) {
		return nil, false
	}
	body, digest := data[len(magic):len(data)-md5.Size], data[len(data)-md5.Size:]
	if sum := md5.Sum(body); !bytes.Equal(sum[:], digest) {
		return nil, false
	}
	var message aggregatepb.AggregatedRecord
	return &message, proto.Unmarshal(body, &message) == nil
}

func kclUserRecords(
	t *testing.T, shard hashRange, message *aggregatepb.AggregatedRecord,
) (records []userRecord, outside bool) {
	for _, r := range message.Records {
		key := message.PartitionKeyTable[r.GetPartitionKeyIndex()]
		hash := md5Of(key)
		if r.ExplicitHashKeyIndex != nil {
			var ok bool
			hash, ok = new(big.Int).SetString(message.ExplicitHashKeyTable[r.GetExplicitHashKeyIndex()], 10)
			require.True(t, ok, "explicit hash keys are decimal numbers")
		}
		if !shard.has(hash) {
			return nil, true
		}
		records = append(records, userRecord{key, r.Data})
	}
	return records, false
}

// shardOf returns the shard on which Kinesis puts a record of this key.
func shardOf(shards []hashRange, key string) int {
	for i, shard := range shards {
		if shard.has(md5Of(key)) {
			return i
		}
	}
	return -1
}

// consume puts the records on a stream of these shards and reads all of them.
func consume(t *testing.T, shards []hashRange, put []kinesisRecord) []userRecord {
	lying := make([][]kinesisRecord, len(shards))
	for _, r := range put {
		i := shardOf(shards, r.partitionKey)
		lying[i] = append(lying[i], r)
	}
	var kept []userRecord
	for i, shard := range shards {
		kept = append(kept, kclDeaggregate(t, shard, lying[i])...)
	}
	return kept
}

// containerRecords returns n records of 40 containers in turns, each record
// recognizable by its data.
func containerRecords(n int) []userRecord {
	records := make([]userRecord, n)
	for i := range records {
		records[i] = userRecord{fmt.Sprintf("container-%d", i*i%40), fmt.Appendf(nil, "record %d", i)}
	}
	return records
}

const testLimit = 16 << 10

// pack fills aggregates of at most testLimit bytes with their partition keys.
func pack(t *testing.T, w *Writer, records []userRecord) []kinesisRecord {
	var put []kinesisRecord
	closeInto := func() {
		key, data := string(w.PartitionKey()), bytes.Clone(w.Close())
		require.LessOrEqual(t, len(key)+len(data), testLimit)
		put = append(put, kinesisRecord{key, data})
		w.Reset()
	}
	for _, r := range records {
		key := []byte(r.key)
		if w.Count() > 0 && w.SizeWith(key, len(r.data))+len(w.PartitionKey()) > testLimit {
			closeInto()
		}
		w.Add(key, r.data)
	}
	closeInto()
	return put
}

func TestTheKCLKeepsEveryRecordOnAnyNumberOfShards(t *testing.T) {
	records := containerRecords(10_000)
	put := pack(t, new(Writer), records)
	require.Less(t, len(put), len(records)/100)

	// An aggregate keeps its hash whatever becomes of the shards, so these
	// are the shards after any resharding as well.
	for _, n := range []int64{1, 2, 3, 4, 7, 64} {
		t.Run(fmt.Sprintf("%d shards", n), func(t *testing.T) {
			require.Equal(t, texts(records), texts(consume(t, evenShards(n), put)))
		})
	}
}

// texts makes records comparable, whatever order the shards give them.
func texts(records []userRecord) []string {
	all := make([]string, len(records))
	for i, r := range records {
		all[i] = r.key + ": " + string(r.data)
	}
	slices.Sort(all)
	return all
}

func TestTheKCLDropsMixedAggregatesWithoutExplicitHashKeys(t *testing.T) {
	records := containerRecords(10_000)
	put := pack(t, new(Writer), records)
	for i, r := range put {
		message, ok := kclMessage(r.data)
		require.True(t, ok)
		for _, user := range message.Records {
			user.ExplicitHashKeyIndex = nil
		}
		body, err := proto.Marshal(message)
		require.NoError(t, err)
		put[i].data = seal(body)
	}
	require.Len(t, consume(t, evenShards(1), put), len(records))
	require.Empty(t, consume(t, evenShards(64), put))
}

// Packed by shard, records lie on the shard of their own key; and where the shards
// have been split by then, they are kept all the same.
func TestAggregatesThatArePackedByShardAreKeptOnOtherShards(t *testing.T) {
	records := containerRecords(10_000)
	shards := evenShards(4)
	byShard := make([][]userRecord, len(shards))
	for _, r := range records {
		i := shardOf(shards, r.key)
		byShard[i] = append(byShard[i], r)
	}

	w := &Writer{}
	for i := range shards {
		put := pack(t, w, byShard[i])
		require.Equal(t, byShard[i], consume(t, shards, put), "in order")
		for _, r := range put {
			require.Equal(t, i, shardOf(shards, r.partitionKey), "on their own shard")
		}
		for _, n := range []int64{1, 3, 5, 64} {
			require.Equal(t, texts(byShard[i]), texts(consume(t, evenShards(n), put)), "%d shards", n)
		}
	}
}
