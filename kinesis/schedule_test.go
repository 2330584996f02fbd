package kinesis

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/kinesis/service"
)

// ways are the settings under which flushes share requests.
var ways = []way{
	{name: "plain"},
	{name: "by key", keyed: true},
	{name: "packed", options: []string{"aggregation", "on", "aggregation_maximum_record_size", "2k", "skip_aggregation_record_size", "1k"}},
	{name: "packed by key", keyed: true, options: []string{"aggregation", "on", "aggregation_maximum_record_size", "4k", "skip_aggregation_record_size", "600"}},
	{name: "packed by key, at any size", keyed: true, options: []string{"aggregation", "on"}},
	{name: "packed and gzipped", packed: compress.Gzip, options: []string{"aggregation", "on", "aggregation_compression", "gzip"}},
	{name: "packed by key, and zstd", keyed: true, packed: compress.Zstd, options: []string{"aggregation", "on", "aggregation_compression", "zstd", "wire_format", "cbor"}},
	{name: "packed by shard", keyed: true, sharded: true, options: []string{"aggregation", "on", "aggregation_shard_map", "on"}},
	{name: "joined", options: []string{"simple_aggregation", "on", "aggregation_maximum_record_size", "2k", "skip_aggregation_record_size", "1k"}},
	{name: "joined by key", keyed: true, options: []string{"simple_aggregation", "on", "skip_aggregation_record_size", "600"}},
	{name: "joined, and gzip", packed: compress.Gzip, options: []string{"simple_aggregation", "on", "compression", "gzip", "aggregation_maximum_record_size", "4k"}},
	{name: "joined by key, and zstd", keyed: true, packed: compress.Zstd, options: []string{"simple_aggregation", "on", "compression", "zstd", "wire_format", "cbor"}},
	{name: "in the background", background: true},
	{name: "in the background, packed by key", keyed: true, background: true, options: []string{"aggregation", "on"}},
	{name: "in the background, joined by key", keyed: true, background: true, options: []string{"simple_aggregation", "on"}},
}

type way struct {
	name                       string
	options                    []string
	packed                     compress.Format
	keyed, sharded, background bool
}

// with is the options of this way and others.
func (w way) with(pairs ...string) []string {
	all := append(slices.Clone(w.options), pairs...)
	if w.keyed {
		all = append(all, "partition_key", "key")
	}
	return all
}

// Whatever the schedule, and whatever goes wrong, each record lands once and
// byte for byte, and each flush has the answer that its own records call for.
func TestEachRecordLandsOnceAndEachFlushHasItsOwnAnswer(t *testing.T) {
	for _, w := range ways {
		for seed := range uint64(6) {
			t.Run(fmt.Sprintf("%s, seed %d", w.name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { newTrial(t, w, seed).run() })
			})
		}
	}
}

// A trial is one random schedule of workers that flush, on a stream with random
// troubles.
type trial struct {
	t *testing.T
	way
	s       *fakeStream
	o       *Output
	workers [][]trialChunk
	want    []string // the record of each number
	keys    []string // and its key

	latency, think time.Duration // at most
	slow           bool          // now and then a request takes seconds
	troubles       troubles

	handedBack atomic.Int64 // records

	mu      sync.Mutex // guards the following; fakeStream.mu may be held
	random  *rand.Rand
	landed  []int // how many times, by number
	arrived []arrivedChunk
}

// troubles are how often things go wrong, in percent.
type troubles struct{ records, requests, panics int }

type trialChunk struct {
	tag         string
	bytes       []byte
	first, last int // its records' numbers
}

type arrivedChunk struct {
	at time.Time
	trialChunk
}

// mostWorkersOfATrial is also the number of nanoseconds in which each worker has
// one of its own: so no two flushes come at the same time, and it is known in
// which order they came.
const mostWorkersOfATrial = 64

func newTrial(t *testing.T, w way, seed uint64) *trial {
	tr := &trial{t: t, way: w, random: rand.New(rand.NewPCG(7, seed))}
	of := func(values ...int) int { return values[tr.random.IntN(len(values))] }
	tr.latency = time.Duration(of(0, 1, 25, 200)) * time.Millisecond
	tr.think = time.Duration(of(0, 1, 20, 200)) * time.Millisecond
	tr.slow = of(0, 0, 1) == 1
	if seed%3 != 0 {
		tr.troubles = troubles{records: of(0, 2, 25), requests: of(0, 5, 30), panics: of(0, 2)}
	}
	if w.background { // what panics there is lost
		tr.troubles.panics = 0
	}
	tr.chunks(of(1, 2, 5, 16, 64), of(1, 3, 40, 2000))

	tr.s = &fakeStream{t: t, packed: w.packed, refuse: tr.refuse, fail: tr.fail, before: tr.before}
	options := w.with("delivery_timeout", fmt.Sprint(of(0, 1, 30), "s"), "requests_in_flight", fmt.Sprint(of(1, 3, 10, 64)))
	if w.background {
		options = append(options, "experimental_concurrency", "4", "experimental_concurrency_retries", "10000")
	}
	tr.o = outputOf(t, tr.s, options...)
	if w.sharded {
		generation := 0
		tr.o.d.shards = newShardWatch(tr.o.log, func(context.Context) ([]service.Shard, error) {
			generation++ // each is found wrong, for all records come to rest on one shard
			return evenShards(2+generation%3, fmt.Sprint(generation, " ")), nil
		})
	}
	return tr
}

// chunks makes the workers' chunks: of a few records, and now and then of so many
// that they fill requests.
func (tr *trial) chunks(workers, keys int) {
	tr.workers = make([][]trialChunk, workers)
	for i := range 80 {
		n := 1 + tr.random.IntN(50)
		if tr.random.IntN(60) == 0 {
			n = 700 + tr.random.IntN(800)
		}
		c := trialChunk{tag: fmt.Sprint("tag ", i), first: len(tr.want), last: len(tr.want) + n}
		c.bytes = chunkOf(n, func(i int) []flbhost.Field {
			key, pad := fmt.Sprint("k", tr.random.IntN(keys)), strings.Repeat("x", tr.random.IntN(60))
			if tr.random.IntN(40) == 0 {
				pad = strings.Repeat("y", tr.random.IntN(3000))
			}
			tr.want = append(tr.want, fmt.Sprintf(`{"key":"%s","n":%d,"pad":"%s"}`, key, c.first+i, pad))
			tr.keys = append(tr.keys, key)
			return fields{kv("key", key), kv("n", c.first+i), kv("pad", pad)}
		})
		tr.workers[i%workers] = append(tr.workers[i%workers], c)
	}
	tr.landed = make([]int, len(tr.want))
}

// chance is true so often of a hundred times.
func (tr *trial) chance(percent int) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.random.IntN(100) < percent
}

// upTo is a random time.
func (tr *trial) upTo(most time.Duration) time.Duration {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return time.Duration(tr.random.Int64N(int64(most) + 1))
}

// before is the time that a request takes, if it is not a panic.
func (tr *trial) before(ctx context.Context, _ []putRecord) {
	took := tr.upTo(tr.latency)
	if tr.slow && tr.chance(2) {
		took += 5 * time.Second
	}
	pause(ctx, took)
	if tr.chance(tr.troubles.panics) {
		panic("as a test has it")
	}
}

func (tr *trial) fail(context.Context, []putRecord) error {
	if !tr.chance(tr.troubles.requests) {
		return nil
	}
	faults := []service.Fault{service.Failing, service.Throttled, service.Unanswered, service.Denied}
	return failed(faults[tr.upTo(3)])
}

// refuse refuses some records, and notes what lands.
func (tr *trial) refuse(r putRecord) string {
	if tr.chance(tr.troubles.records) {
		if tr.chance(50) {
			return failureCode
		}
		return throttledCode
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, user := range tr.s.users(r) {
		var body struct{ N int }
		if err := json.Unmarshal(user.Data, &body); err != nil || tr.want[body.N] != string(user.Data) {
			tr.t.Errorf("not as it was sent: %s", user.Data)
			continue
		}
		if tr.keyed && user.PartitionKey != tr.keys[body.N] {
			tr.t.Errorf("%s is under the key %q", user.Data, user.PartitionKey)
		}
		tr.landed[body.N]++
	}
	return ""
}

// missing is how many records of the chunk have not landed.
func (tr *trial) missing(c trialChunk) (n int64) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, times := range tr.landed[c.first:c.last] {
		if times == 0 {
			n++
		}
	}
	return n
}

func (tr *trial) run() {
	var workers sync.WaitGroup
	for worker, chunks := range tr.workers {
		workers.Go(func() {
			for _, c := range chunks {
				tr.offer(worker, c)
			}
		})
	}
	workers.Wait()
	tr.o.flushes.Wait()
	requireIdle(tr.t, tr.o)
	for n, times := range tr.landed {
		require.Equal(tr.t, 1, times, "record %d", n)
	}
	require.True(tr.t, tr.o.ledger.Empty())
	require.EqualValues(tr.t, len(tr.want), tr.o.Counts().Accepted)
	require.Equal(tr.t, tr.handedBack.Load(), tr.o.Counts().HandedBack)
	require.Zero(tr.t, tr.o.Counts().Dropped)
	if tr.keyed {
		require.Zero(tr.t, tr.s.overlaps, "requests with a key in common that were in flight together")
	}
	if tr.keyed && tr.troubles == (troubles{}) {
		tr.requireOrder()
	}
}

// offer offers a chunk until it is taken, as Fluent Bit does.
func (tr *trial) offer(worker int, c trialChunk) {
	for offers := 1; ; offers++ {
		tr.think64(worker)
		at := time.Now()
		code := tr.o.Flush(slices.Clone(c.bytes), c.tag)
		missing := tr.missing(c)
		switch {
		case code == OK && missing > 0 && !tr.background:
			tr.t.Errorf("OK, with %d records that have not landed", missing)
		case code == Retry && missing == 0:
			tr.t.Errorf("Retry, with nothing left")
		case code == Error || offers > 1000 && !tr.background:
			tr.t.Errorf("%d after %d offers", code, offers)
		case code == Retry && tr.background: // there was no place, and nothing was taken
			time.Sleep(10 * time.Millisecond)
			continue
		case code == Retry:
			tr.handedBack.Add(missing)
			continue
		}
		tr.mu.Lock()
		tr.arrived = append(tr.arrived, arrivedChunk{at, c})
		tr.mu.Unlock()
		return
	}
}

// think64 has the worker think, and go on in a nanosecond of its own.
func (tr *trial) think64(worker int) {
	time.Sleep(tr.upTo(tr.think))
	late := time.Now().UnixNano() - int64(worker)
	time.Sleep(time.Duration(mostWorkersOfATrial - late%mostWorkersOfATrial))
}

// requireOrder requires that the records of each key landed in the order in
// which their flushes came.
func (tr *trial) requireOrder() {
	slices.SortFunc(tr.arrived, func(a, b arrivedChunk) int { return a.at.Compare(b.at) })
	want := map[string][]int{}
	for _, c := range tr.arrived {
		for n := c.first; n < c.last; n++ {
			want[tr.keys[n]] = append(want[tr.keys[n]], n)
		}
	}
	landed := tr.s.userNumbersByKey()
	for key := range want {
		requireSequence(tr.t, want[key], landed[key])
	}
}
