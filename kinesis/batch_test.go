package kinesis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// A wireCase is a wire, and how a reader that knows nothing of ours reads it.
type wireCase struct {
	name    string
	wire    wire
	records func(t testing.TB, body []byte) []putRecord
}

var wires = []wireCase{
	{"json", jsonWire{}, recordsOf},
	{"cbor", cborWire{}, cborRecordsOf},
}

func cborRecordsOf(t testing.TB, body []byte) []putRecord {
	t.Helper()
	strict, err := cbor.DecOptions{ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, UTF8: cbor.UTF8RejectInvalid}.DecMode()
	require.NoError(t, err)
	var request struct {
		StreamName string
		Records    []putRecord
	}
	require.NoError(t, strict.Unmarshal(body, &request))
	require.Equal(t, "logs", request.StreamName)
	return request.Records
}

func (w wireCase) newBatch() *batch { return newBatch(w.wire, w.wire.appendHead(nil, "logs")) }

func forEachWire(t *testing.T, test func(t *testing.T, w wireCase)) {
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}

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

func TestBatchBodyIsWhatAnyReaderReadsAsTheRecords(t *testing.T) {
	forEachWire(t, func(t *testing.T, w wireCase) {
		random := rand.New(rand.NewPCG(1, 1))
		b := w.newBatch()
		for _, n := range []int{1, 2, 3, 4, 23, 24, 25, 255, 256, 499, 500} {
			records := randomRecords(random, n)
			b.addAll(records)
			require.Equal(t, records, w.records(t, b.close()))
			require.Equal(t, sizeOf(records), b.size)
			require.Len(t, b.entries, n)
			b.reset()
		}
	})
}

func TestBatchBodyHasDataOfAllSizes(t *testing.T) {
	forEachWire(t, func(t *testing.T, w wireCase) {
		for _, size := range []int{0, 1, 2, 3, 4, 23, 24, 255, 256, 65535, 65536, maxRecordBytes - 1} {
			b := w.newBatch()
			records := []putRecord{{bytes.Repeat([]byte{0xf3}, size), "k"}, {[]byte{}, "l"}}
			b.addAll(records)
			require.Equal(t, records, w.records(t, b.close()), "%d bytes", size)
		}
	})
}

func TestBatchKeepsTheSpanOfEachEntry(t *testing.T) {
	records := randomRecords(rand.New(rand.NewPCG(2, 2)), 100)
	b := wires[0].newBatch()
	b.addAll(records)
	for i, e := range b.entries {
		var one putRecord
		require.NoError(t, json.Unmarshal(b.body[e.start:e.end], &one))
		require.Equal(t, records[i], one)
		require.Equal(t, len(one.Data)+len(one.PartitionKey), int(e.size))
		require.Equal(t, []uint32{uint32(2 * i), uint32(2*i + 1)}, b.carried(i))
	}
}

func TestBatchCanBeClosedAgain(t *testing.T) {
	forEachWire(t, func(t *testing.T, w wireCase) {
		records := randomRecords(rand.New(rand.NewPCG(3, 3)), 4)
		b := w.newBatch()
		b.addAll(records[:3])
		first := bytes.Clone(b.close())
		b.reopen()
		require.Equal(t, first, b.close())
		b.reopen()
		b.add(records[3].Data, []byte(records[3].PartitionKey), unknownShard, 9)
		require.Equal(t, records, w.records(t, b.close()))
	})
}

func TestBatchCopiesEntriesAsTheyStand(t *testing.T) {
	forEachWire(t, func(t *testing.T, w wireCase) {
		random := rand.New(rand.NewPCG(4, 4))
		for range 100 {
			n := 1 + random.IntN(30)
			records := randomRecords(random, n)
			from, part, direct := w.newBatch(), w.newBatch(), w.newBatch()
			from.addAll(records)
			if random.IntN(2) == 0 {
				from.close() // as it is when an answer has come
			}
			var kept []putRecord
			for i, r := range records {
				if random.IntN(3) > 0 {
					continue
				}
				part.copyEntry(from, i)
				direct.add(r.Data, []byte(r.PartitionKey), unknownShard, uint32(2*i), uint32(2*i+1))
				kept = append(kept, r)
			}
			requireSameBatch(t, direct, part)
			if len(kept) > 0 {
				require.Equal(t, kept, w.records(t, part.close()))
			}
		}
	})
}

func TestBatchCopiesAllEntriesOfAnother(t *testing.T) {
	forEachWire(t, func(t *testing.T, w wireCase) {
		records := randomRecords(rand.New(rand.NewPCG(5, 5)), 30)
		direct, one, two := w.newBatch(), w.newBatch(), w.newBatch()
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
		require.Equal(t, records, w.records(t, one.close()))
	})
}

func requireSameBatch(t *testing.T, want, got *batch) {
	t.Helper()
	require.Equal(t, string(want.body), string(got.body))
	require.Equal(t, len(want.entries), len(got.entries))
	for i := range want.entries {
		require.Equal(t, want.entries[i], got.entries[i], "entry %d", i)
	}
	require.Equal(t, fmt.Sprint(want.ordinals), fmt.Sprint(got.ordinals))
	require.Equal(t, want.size, got.size)
	require.Equal(t, want.stripes, got.stripes)
}

func TestBatchIsEmptyAfterReset(t *testing.T) {
	forEachWire(t, func(t *testing.T, w wireCase) {
		b := w.newBatch()
		b.addAll(randomRecords(rand.New(rand.NewPCG(6, 6)), 10))
		b.stripes.set(7)
		b.shards = shardMap{{id: "s"}}
		b.close()
		b.reset()
		requireSameBatch(t, w.newBatch(), b)
		require.Nil(t, b.shards)
		require.Equal(t, b.head, b.body, "the head is not what complete wrote into")
	})
}

func TestBatchSwapExchangesEverything(t *testing.T) {
	a, b := wires[0].newBatch(), wires[0].newBatch()
	a.add([]byte("1"), []byte("k"), unknownShard, 1)
	b.add([]byte("2"), []byte("l"), unknownShard, 2, 3)
	a.swap(b)
	require.Equal(t, []uint32{2, 3}, a.ordinals)
	require.Equal(t, []putRecord{{[]byte("2"), "l"}}, recordsOf(t, a.close()))
	require.Equal(t, []uint32{1}, b.ordinals)
	require.Equal(t, []putRecord{{[]byte("1"), "k"}}, recordsOf(t, b.close()))
}

func TestBatchTakes500Records(t *testing.T) {
	b, other := wires[0].newBatch(), wires[0].newBatch()
	for range 499 {
		require.True(t, b.fits(1))
		b.add(nil, []byte("k"), unknownShard, 0)
	}
	other.add(nil, []byte("k"), unknownShard, 0)
	require.True(t, b.fits(1))
	require.True(t, b.fitsAll(other))
	other.add(nil, []byte("k"), unknownShard, 0)
	require.False(t, b.fitsAll(other))
	b.add(nil, []byte("k"), unknownShard, 0)
	require.False(t, b.fits(0))
	require.Len(t, recordsOf(t, b.close()), 500)
}

func TestBatchTakes5MiBOfDataAndKeysBeforeBase64(t *testing.T) {
	const limit = 5 * 1_048_576
	b, other := wires[0].newBatch(), wires[0].newBatch()
	for range 5 {
		require.True(t, b.fits(maxRecordBytes-1))
		b.add(make([]byte, maxRecordBytes-3), []byte("é"), unknownShard, 0)
	}
	require.Equal(t, limit-5, b.size)
	require.True(t, b.fits(5))
	require.False(t, b.fits(6))
	other.add([]byte("1234"), []byte("k"), unknownShard, 0)
	require.True(t, b.fitsAll(other))
	other.add(nil, []byte("k"), unknownShard, 0)
	require.False(t, b.fitsAll(other))
	b.add([]byte("1234"), []byte("k"), unknownShard, 0)
	require.Equal(t, limit, b.size)
	require.False(t, b.fits(1))
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
		"of bytes":   {maxRecordBytes, 11, []int{5, 5, 1}},
		"of bytes, with a record that does not fill the request": {maxRecordBytes/2 + 1, 20, []int{9, 9, 2}},
		"of both": {maxBatchBytes / maxBatchRecords, 501, []int{500, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var requests []int
			o := outputOf(t, posterFunc(func(_ context.Context, _ []byte, n int, into *response) error {
				requests = append(requests, n)
				return offline(func([]byte) {}).post(t.Context(), nil, n, into)
			}), "log_key", "log", "requests_in_flight", "1")
			log := strings.Repeat("a", test.size-randomKeySize)
			require.Equal(t, OK, o.Flush(chunkOf(test.n, func(int) fields { return fields{kv("log", log)} }), "tag"))
			require.Equal(t, test.requests, requests)
			require.EqualValues(t, test.n*test.size, o.counts.Bytes.Load())
		})
	}
}
