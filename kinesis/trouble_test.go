package kinesis

import (
	"bytes"
	"context"
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
	"fluent-bit-kinesis/kinesis/service"
)

func TestAggregatesOfARestTooLargeForOneRequestAreCompressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, packed: compress.Gzip}
		o := outputOf(t, s, "partition_key", "key", "aggregation", "on", "aggregation_shard_map", "on",
			"aggregation_compression", "gzip", "skip_aggregation_record_size", "200")
		o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return evenShards(8, ""), nil })
		chunk := chunkOf(498+400, func(i int) fields {
			if i < 498 {
				return fields{kv("key", fmt.Sprint("k", i%40)), kv("n", i), kv("text", strings.Repeat("x", 300))}
			}
			return fields{kv("key", fmt.Sprint("k", i%40)), kv("n", i), kv("t", strings.Repeat("x", 20))}
		})
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		plain := 0
		for _, r := range s.landed {
			if bytes.HasPrefix(r.Data, []byte{0xF3, 0x89, 0x9A, 0xC2}) {
				plain++
			}
		}
		require.Zero(t, plain, "aggregates that went uncompressed")
	})
}

func TestAPanicWhileAnAggregateIsTakenApartHandsItsRecordsBackOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, packed: compress.Gzip}
		s.fail = func(context.Context, []putRecord) error { return failed(service.Invalid) }
		o := outputOf(t, s, "data_keys", "n", "aggregation", "on", "aggregation_compression", "gzip")
		f := o.enter(10)
		f.encodes(t, numbered(40))
		o.compressors.aggregates.Put(&brokenCompressor{2, func() {}})
		f.handOver()
		f.unsettled.Wait()
		slices.Sort(f.refused)
		require.Len(t, slices.Compact(slices.Clone(f.refused)), len(f.refused), "each once")
		require.Len(t, f.refused, 40)
		requireIdle(t, o)
	})
}

func TestNobodyWaitsForARequestThatWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 25 * time.Millisecond
		s := &fakeStream{t: t, latency: latency, shardOf: oneOfMany}
		o := outputOf(t, s, "partition_key", "key", "data_keys", "n", "delivery_timeout", "30")
		keys := o.strangers(2)
		throttled := true
		s.refuse = func(r putRecord) string {
			if throttled && r.PartitionKey == keys[0] {
				return throttledCode
			}
			return ""
		}
		for range 60 {
			o.timed(t, numberedFrom(0, 3, keys[1]))
		}
		var hot sync.WaitGroup
		hot.Go(func() { o.timed(t, numberedFrom(0, 3, keys[0])) })
		time.Sleep(30 * time.Millisecond) // refused once
		hot.Go(func() { o.timed(t, numberedFrom(3, 3, keys[0])) })
		synctest.Wait()
		hot.Go(func() { o.timed(t, numberedFrom(6, 300, keys[0])) }) // too large to wait with it
		time.Sleep(100 * time.Millisecond)
		for range 10 {
			require.LessOrEqual(t, o.timed(t, numberedFrom(0, 3, keys[1])), latency+mostGrace, "a flush of another key, alone")
			time.Sleep(5 * time.Millisecond)
		}
		s.mu.Lock()
		throttled = false
		s.mu.Unlock()
		hot.Wait()
		requireIdle(t, o)
	})
}

func TestFlushesOfOtherKeysShareRequestsThoughSomeKeyIsThrottled(t *testing.T) {
	for _, hotOnes := range []int{0, 3} {
		synctest.Test(t, func(t *testing.T) {
			const latency, workers, rounds = 25 * time.Millisecond, 16, 40
			s := &fakeStream{t: t, latency: latency, shardOf: oneOfMany}
			o := outputOf(t, s, "partition_key", "key", "data_keys", "n", "delivery_timeout", "30")
			keys := o.strangers(workers + 1)
			throttled := true
			s.refuse = func(r putRecord) string {
				if throttled && r.PartitionKey == keys[0] {
					return throttledCode
				}
				return ""
			}
			var hot sync.WaitGroup
			for range hotOnes {
				hot.Go(func() { o.timed(t, numberedFrom(0, 1, keys[0])) })
				time.Sleep(50 * time.Millisecond)
			}
			before := s.requestCount()
			var w sync.WaitGroup
			for i := range workers {
				w.Go(func() {
					for r := range rounds {
						time.Sleep(time.Duration((i*7+r*3)%5) * time.Millisecond)
						o.timed(t, numberedFrom(0, 11, keys[1+i]))
					}
				})
			}
			w.Wait()
			require.LessOrEqual(t, s.requestCount()-before, workers*rounds/4)
			s.mu.Lock()
			throttled = false
			s.mu.Unlock()
			hot.Wait()
			requireIdle(t, o)
		})
	}
}

func TestAPoisonousRecordHoldsOthersUpForFewRoundTrips(t *testing.T) {
	const latency = 25 * time.Millisecond
	for name, test := range map[string]struct {
		options []string
		trips   time.Duration // at most
	}{
		"under random keys": {nil, 3},
		"packed":            {[]string{"aggregation", "on"}, 3},
		"under many keys":   {[]string{"partition_key", "n"}, 20},
		"under few keys":    {[]string{"partition_key", "key"}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: latency}
				s.refusePoison()
				o := outputOf(t, s, test.options...)
				o.widen()
				codes, took := o.together(smallChunks(16, 80)...)
				require.Equal(t, allOK(16), codes)
				require.LessOrEqual(t, slices.Max(slices.Delete(took, 7, 8)), test.trips*latency+mostGrace)
				require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
				requireIdle(t, o)
			})
		})
	}
}

func TestRecordsOfAnAggregateThatIsTakenApartAreCountedAsPackedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t}
		s.refusePoison()
		o := outputOf(t, s, "aggregation", "on")
		codes, _ := o.together(smallChunks(16, 80)...)
		require.Equal(t, allOK(16), codes)
		require.EqualValues(t, 16*11, o.Counts().Aggregated)
	})
}

func TestARequestThatHangsHoldsUpNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 25 * time.Millisecond
		s := &fakeStream{t: t, latency: latency}
		o := outputOf(t, s, "data_keys", "n")
		for range 60 {
			o.timed(t, numbered(3))
		}
		var hung atomic.Bool
		s.before = func(ctx context.Context, _ []putRecord) {
			if !hung.Swap(true) {
				pause(ctx, time.Minute)
			}
		}
		var hanging sync.WaitGroup
		hanging.Go(func() { o.timed(t, numbered(3)) })
		time.Sleep(5 * time.Second)
		for range 3 {
			require.LessOrEqual(t, o.timed(t, numbered(3)), latency+o.d.grace())
			time.Sleep(time.Second)
		}
		hanging.Wait()
	})
}

// Parts of a request keep its place in line, and their order among each other.
func TestALinePartsAPlaceInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		var l line
		first := l.join(stripesOf(random.Perm(8)[:1+random.IntN(8)]...))
		model := []*ticket{first}
		for range random.IntN(6) {
			model = append(model, l.join(stripesOf(random.Perm(8)[:1+random.IntN(4)]...)))
		}
		var sets []stripes
		for m := range 8 {
			if first.stripes.has(uint8(m)) && (len(sets) == 0 || random.IntN(2) == 0) {
				sets = append(sets, stripesOf(m))
			}
		}
		for m := range 8 { // each is of one part at least
			if first.stripes.has(uint8(m)) {
				sets[random.IntN(len(sets))].set(uint8(m))
			}
		}
		model = append(l.part(first, sets), model[1:]...)
		for len(model) > 0 {
			for i, at := range model {
				blocked := slices.ContainsFunc(model[:i], func(before *ticket) bool { return before.stripes.meet(at.stripes) })
				require.Equal(t, !blocked, at.open())
			}
			i := random.IntN(len(model))
			l.leave(model[i])
			model = slices.Delete(model, i, i+1)
		}
		require.Empty(t, l.tickets)
	}
}
