package kinesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

func emptyBatch() *batch { return newBatch(jsonFormat, jsonFormat.AppendHead(nil, "logs")) }

// randomRecords are records of all bytes and sizes, under keys with whatever
// needs escaping.
func randomRecords(random *rand.Rand, n int) []putRecord {
	keys := []string{"a", `"quoted"`, `back\slash`, "\n\t\x01", "é語😀", "</>&", strings.Repeat("😀", 256), "\u2028"}
	records := make([]putRecord, n)
	for i := range records {
		data := make([]byte, random.IntN(400))
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		records[i] = putRecord{data, keys[random.IntN(len(keys))]}
	}
	return records
}

// addAll adds records, record i with the ordinals 2i and 2i+1.
func (b *batch) addAll(records []putRecord) {
	for i, r := range records {
		b.add(r.Data, []byte(r.PartitionKey), unknownShard, uint32(2*i), uint32(2*i+1))
	}
}

func sizeOf(records []putRecord) (size int) {
	for _, r := range records {
		size += len(r.Data) + len(r.PartitionKey)
	}
	return size
}

func TestBatchKeepsTheEventsOfEachEntry(t *testing.T) {
	b := emptyBatch()
	b.addAll(randomRecords(rand.New(rand.NewPCG(2, 2)), 100))
	for i := range b.entries {
		require.Equal(t, []uint32{uint32(2 * i), uint32(2*i + 1)}, b.carried(i))
	}
}

func TestBatchCopiesEntriesWithTheirEvents(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for range 100 {
		records := randomRecords(random, 1+random.IntN(30))
		from, part, direct := emptyBatch(), emptyBatch(), emptyBatch()
		from.addAll(records)
		if random.IntN(2) == 0 {
			from.Close() // as it is when an answer has come
		}
		for i, r := range records {
			if random.IntN(3) > 0 {
				continue
			}
			part.copyEntry(from, i)
			direct.add(r.Data, []byte(r.PartitionKey), unknownShard, uint32(2*i), uint32(2*i+1))
		}
		requireSameBatch(t, direct, part)
	}
}

func TestBatchCopiesAllEntriesOfAnother(t *testing.T) {
	records := randomRecords(rand.New(rand.NewPCG(5, 5)), 30)
	direct, one, two := emptyBatch(), emptyBatch(), emptyBatch()
	direct.addAll(records)
	for i, r := range records {
		b := one
		if i >= 20 {
			b = two
		}
		b.add(r.Data, []byte(r.PartitionKey), unknownShard, uint32(2*i), uint32(2*i+1))
	}
	one.stripes.set(3)
	two.stripes.set(200)
	one.copyAll(two)
	direct.stripes.set(3)
	direct.stripes.set(200)
	requireSameBatch(t, direct, one)
	require.Equal(t, records, recordsOf(t, one.Close()))
}

func requireSameBatch(t *testing.T, want, got *batch) {
	t.Helper()
	require.Equal(t, string(want.Close()), string(got.Close()))
	want.Reopen()
	got.Reopen()
	require.Equal(t, len(want.entries), len(got.entries))
	for i := range want.entries {
		require.Equal(t, want.entries[i], got.entries[i], "entry %d", i)
		require.Equal(t, want.EntrySize(i), got.EntrySize(i), "entry %d", i)
	}
	require.Equal(t, fmt.Sprint(want.ordinals), fmt.Sprint(got.ordinals))
	require.Equal(t, want.Size(), got.Size())
	require.Equal(t, want.stripes, got.stripes)
}

func TestBatchIsEmptyAfterReset(t *testing.T) {
	b := emptyBatch()
	b.addAll(randomRecords(rand.New(rand.NewPCG(6, 6)), 10))
	b.stripes.set(7)
	b.shards = shardMap{{id: "s"}}
	b.Close()
	b.reset()
	requireSameBatch(t, emptyBatch(), b)
	require.Nil(t, b.shards)
}

func TestBatchSwapExchangesEverything(t *testing.T) {
	a, b := emptyBatch(), emptyBatch()
	a.add([]byte("1"), []byte("k"), unknownShard, 1)
	b.add([]byte("2"), []byte("l"), unknownShard, 2, 3)
	a.swap(b)
	require.Equal(t, []uint32{2, 3}, a.ordinals)
	require.Equal(t, []putRecord{{[]byte("2"), "l"}}, recordsOf(t, a.Close()))
	require.Equal(t, []uint32{1}, b.ordinals)
	require.Equal(t, []putRecord{{[]byte("1"), "k"}}, recordsOf(t, b.Close()))
}

// Whatever is added, no request of a flush goes over a limit, and none is made
// before one is reached.
func TestFlushFillsRequestsToTheLimits(t *testing.T) {
	for name, test := range map[string]struct {
		size     int // of a record with its key
		n        int
		requests []int
	}{
		"of records": {20, 1001, []int{500, 500, 1}},
		"of bytes":   {wire.MaxRecordBytes, 11, []int{5, 5, 1}},
		"of bytes, with a record that does not fill the request": {wire.MaxRecordBytes/2 + 1, 20, []int{9, 9, 2}},
		"of both": {wire.MaxBytes / wire.MaxRecords, 501, []int{500, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var requests []int
			o := outputOf(t, posterFunc(func(_ context.Context, _ []byte, n int, into *wire.Answer) error {
				requests = append(requests, n)
				return offline(func([]byte) {}).post(t.Context(), nil, n, into)
			}), "log_key", "log", "requests_in_flight", "1")
			log := strings.Repeat("a", test.size-8) // a random partition key has 8
			require.Equal(t, OK, o.Flush(chunkOf(test.n, func(int) fields { return fields{kv("log", log)} }), "tag"))
			require.Equal(t, test.requests, requests)
			require.EqualValues(t, test.n*test.size, o.counts.Bytes.Load())
		})
	}
}
