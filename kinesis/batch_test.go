package kinesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
)

// recordOf is a record of this data under this key.
func recordOf(data, key string) *record.Record {
	return &record.Record{Data: []byte(data), Key: []byte(key)}
}

func emptyBatch() *batch {
	return newBatch(wire.NewBody(jsonFormat, jsonFormat.AppendHead(nil, "logs")))
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
		records[i] = putRecord{Data: data, PartitionKey: keys[random.IntN(len(keys))]}
	}
	return records
}

// addAll adds records of flushes in turn, three of each, with the ordinals 0, 10,
// 20, ...
func (b *batch) addAll(records []putRecord, flushes ...*flush) {
	for i, r := range records {
		b.addOne(i, r, flushes...)
	}
}

func (b *batch) addOne(i int, r putRecord, flushes ...*flush) {
	f := &flush{}
	if len(flushes) > 0 {
		f = flushes[i/3%len(flushes)]
	}
	b.add(&record.Record{Data: r.Data, Key: []byte(r.PartitionKey)}, stripeSet(uint8(i)), nil, f, uint32(10*i))
}

// eventsOf lists the events of an entry, as text.
func (b *batch) eventsOf(i int) string {
	var text []string
	for f, ordinals := range b.events.span(int(b.entries[i].first), int(b.entries[i].last)) {
		text = append(text, fmt.Sprintf("%p %d", f, ordinals))
	}
	return strings.Join(text, ", ")
}

func sizeOf(records []putRecord) (size int) {
	for _, r := range records {
		size += len(r.Data) + len(r.PartitionKey)
	}
	return size
}

func TestBatchKeepsTheEventsOfEachEntry(t *testing.T) {
	b, flushes := emptyBatch(), []*flush{{}, {}, {}}
	b.addAll(randomRecords(rand.New(rand.NewPCG(2, 2)), 100), flushes...)
	for i := range b.entries {
		require.Equal(t, fmt.Sprintf("%p [%d]", flushes[i/3%3], 10*i), b.eventsOf(i))
	}
	require.Equal(t, 34, b.events.flushes())
}

func TestBatchKeepsTheEventsOfSeveralFlushesInOneEntry(t *testing.T) {
	f, g := &flush{}, &flush{}
	a := newOpenAggregate()
	for i, of := range []*flush{f, f, g, f} {
		a.add([]byte("k"), []byte("data"), stripeSet(7), of, uint32(i))
	}
	b, other := emptyBatch(), emptyBatch()
	b.add(recordOf("alone", "k"), stripes{}, nil, g, 9)
	b.addAggregate(&sealed{data: a.writer.Close(), key: a.key(), last: a.count()}, a)
	want := fmt.Sprintf("%p [0 1], %p [2], %p [3]", f, g, f)
	require.Equal(t, want, b.eventsOf(1))
	other.copyEntry(b, 1)
	require.Equal(t, want, other.eventsOf(0))
	require.Equal(t, stripeSet(7), other.stripes)
}

func TestBatchCopiesEntriesWithTheirEvents(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	flushes := []*flush{{}, {}}
	for range 100 {
		records := randomRecords(random, 1+random.IntN(30))
		from, part, direct := emptyBatch(), emptyBatch(), emptyBatch()
		from.addAll(records, flushes...)
		if random.IntN(2) == 0 {
			from.body.Close() // as it is when an answer has come
		}
		for i, r := range records {
			if random.IntN(3) > 0 {
				continue
			}
			part.copyEntry(from, i)
			direct.addOne(i, r, flushes...)
		}
		requireSameBatch(t, direct, part)
	}
}

func TestBatchCopiesAllEntriesOfAnother(t *testing.T) {
	records := randomRecords(rand.New(rand.NewPCG(5, 5)), 30)
	direct, one, two, f := emptyBatch(), emptyBatch(), emptyBatch(), &flush{}
	direct.addAll(records, f)
	for i, r := range records {
		b := one
		if i >= 20 {
			b = two
		}
		b.addOne(i, r, f)
	}
	one.copyAll(two)
	requireSameBatch(t, direct, one)
	require.Equal(t, records, recordsOf(t, one.body.Close()))
}

func requireSameBatch(t *testing.T, want, got *batch) {
	t.Helper()
	require.Equal(t, string(want.body.Close()), string(got.body.Close()))
	want.body.Reopen()
	got.body.Reopen()
	require.Equal(t, len(want.entries), len(got.entries))
	for i := range want.entries {
		require.Equal(t, want.entries[i], got.entries[i], "entry %d", i)
		require.Equal(t, want.eventsOf(i), got.eventsOf(i), "entry %d", i)
		require.Equal(t, want.body.EntrySize(i), got.body.EntrySize(i), "entry %d", i)
	}
	require.Equal(t, want.body.Size(), got.body.Size())
	require.Equal(t, want.stripes, got.stripes)
	require.Equal(t, want.sharded, got.sharded)
}

func TestBatchIsEmptyAfterReset(t *testing.T) {
	b := emptyBatch()
	b.addAll(randomRecords(rand.New(rand.NewPCG(6, 6)), 10))
	b.add(recordOf("data", "k"), stripeSet(7), &shard{}, &flush{}, 3)
	b.body.Close()
	b.reset()
	requireSameBatch(t, emptyBatch(), b)
	for _, o := range b.events.owners[:cap(b.events.owners)] {
		require.Nil(t, o.flush, "a batch that is kept must keep no flush alive")
	}
}

func TestBatchSwapExchangesEverything(t *testing.T) {
	a, b := emptyBatch(), emptyBatch()
	f, g := &flush{}, &flush{}
	a.add(recordOf("1", "k"), stripeSet(1), nil, f, 1)
	b.add(recordOf("2", "l"), stripeSet(2), nil, g, 2)
	a.swap(b)
	require.Equal(t, fmt.Sprintf("%p [2]", g), a.eventsOf(0))
	require.Equal(t, []putRecord{{Data: []byte("2"), PartitionKey: "l"}}, recordsOf(t, a.body.Close()))
	require.Equal(t, fmt.Sprintf("%p [1]", f), b.eventsOf(0))
	require.Equal(t, []putRecord{{Data: []byte("1"), PartitionKey: "k"}}, recordsOf(t, b.body.Close()))
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
				return offline(func([]byte) {}).Post(t.Context(), nil, n, into)
			}), "log_key", "log", "requests_in_flight", "1")
			log := strings.Repeat("a", test.size-8) // a random partition key has 8
			require.Equal(t, OK, o.Flush(chunkOf(test.n, func(int) fields { return fields{kv("log", log)} }), "tag"))
			require.Equal(t, test.requests, requests)
			require.EqualValues(t, test.n*test.size, o.Counts().Bytes)
		})
	}
}
