package kinesis

import (
	"context"
	"io"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins"
)

// panicsOn panics in the request with this number, from 1.
func panicsOn(number int) func(context.Context, []putRecord) {
	var requests atomic.Int64
	return func(context.Context, []putRecord) {
		if requests.Add(1) == int64(number) {
			panic("as a test has it")
		}
	}
}

func TestAPanicInADeliveryHandsItsRecordsBack(t *testing.T) {
	for name, number := range map[string]int{"in a goroutine of its own": 1, "in the caller's": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &fakeStream{t: t, latency: 1, before: panicsOn(number)}, &logText{}
				o := outputLogging(t, log, s, configOf(t, "requests_in_flight", "1"))
				require.Equal(t, Retry, o.Flush(numbered(1200), "tag"))
				lost := 500
				if number == 3 {
					lost = 200
				}
				require.EqualValues(t, lost, o.Counts().HandedBack)
				require.Contains(t, log.String(), "internal error in a delivery: as a test has it")
				require.Contains(t, log.String(), "panic_test.go", "the stack")
				requireIdle(t, o)

				require.Equal(t, OK, o.Flush(numbered(1200), "tag"))
				require.Equal(t, upTo(1200), s.numbers(), "each once")
			})
		})
	}
}

func TestAPanicInALaterAttemptHandsBackWhatIsLeftThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, before: panicsOn(3)}
		s.refuse = func(r putRecord) string {
			if r.n(t)%(1+len(s.requests)) != 0 {
				return throttledCode
			}
			return ""
		}
		o := outputOf(t, s, "partition_key", "key")
		require.Equal(t, Retry, o.Flush(keyed(100, 7), "tag"))
		requireIdle(t, o)
		s.refuse = nil
		require.Equal(t, OK, o.Flush(keyed(100, 7), "tag"))
		require.Equal(t, upTo(100), s.numbers(), "each once")
	})
}

func TestAPanicInABackgroundDeliveryLosesAndCountsItsRecords(t *testing.T) {
	s := &fakeStream{before: panicsOn(1)}
	inBackground(t, s, []string{"experimental_concurrency", "1"}, func(t *testing.T, o *Output, log *logText) {
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		synctest.Wait()
		require.EqualValues(t, 3, o.Counts().Dropped[dropLost])
		require.Equal(t, OK, o.Flush(numbered(3), "tag"), "its place is free")
		o.Close()
		require.Equal(t, upTo(3), s.numbers())
		require.Contains(t, log.String(), "internal error in a delivery")
	})
}

// A brokenCompressor panics, but for so many times before.
type brokenCompressor struct {
	good int
	then func() // is called before it does
}

func (c *brokenCompressor) Append(dst, src []byte) ([]byte, error) {
	if c.good == 0 {
		c.then()
		panic("as a test has it")
	}
	c.good--
	return append(dst, src...), nil
}

// A panic while aggregates are closed must leave those alone that were closed by
// then, and may be in other hands.
func TestAPanicWhileAggregatesAreClosedHandsTheirRecordsBack(t *testing.T) {
	for good := range 4 {
		t.Run(strconv.Itoa(good)+" are closed by then", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t}
				o := outputOf(t, s, "partition_key", "key", "data_keys", "n", "aggregation", "on", "aggregation_shard_map", "on", "aggregation_compression", "gzip")
				o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return evenShards(8, ""), nil })

				f, other := o.enter(10), &flush{}
				var taken []*openAggregate // by another flush
				f.encodes(t, keyed(40, 40))
				o.compressors.aggregates.Put(&brokenCompressor{good, func() {
					for range good {
						a := o.d.getAggregate(nil)
						a.add([]byte("k"), []byte("data"), stripes{}, other, 1)
						taken = append(taken, a)
					}
				}})
				other.unsettled.Add(good)
				f.handOver()
				f.unsettled.Wait()
				require.Len(t, f.refused, 40)
				slices.Sort(f.refused)
				require.Len(t, slices.Compact(f.refused), 40, "each once")
				require.Equal(t, errInternal, f.err)
				require.Empty(t, other.refused)
				for _, a := range taken {
					require.Len(t, a.events.ordinals, 1)
				}
				require.Empty(t, s.landed)
				requireIdle(t, o)
			})
		})
	}
}

// Sixteen workers flush while requests, and encoders, panic. None loses a record
// of another's, and none is kept waiting.
func TestSixteenWorkersGoOnThroughPanics(t *testing.T) {
	for _, w := range ways {
		if w.background {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const workers, rounds = 16, 15
				var requests atomic.Int64
				s := &fakeStream{t: t, latency: time.Millisecond, packed: w.packed}
				s.before = func(context.Context, []putRecord) {
					if requests.Add(1)%5 == 0 {
						panic("as a test has it")
					}
				}
				o, err := newOutput(configOf(t, w.with("data_keys", "n")...), plugins.NewLogger(io.Discard, "kinesis", "debug"), s, nil)
				require.NoError(t, err)
				if w.sharded {
					o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return evenShards(3, ""), nil })
				}
				var running sync.WaitGroup
				for worker := range workers {
					running.Go(func() {
						for round := range rounds {
							if (worker+round)%6 == 0 {
								o.breaks(t)
							}
							o.offered(t, numberedFrom(11*(worker*rounds+round), 11, "k"+strconv.Itoa(worker%4)), "tag")
						}
					})
				}
				running.Wait()
				requireIdle(t, o)
				require.Equal(t, upTo(11*workers*rounds), s.userNumbers())
				require.Zero(t, o.Counts().Dropped)
				o.Close()
			})
		})
	}
}

// breaks has a flush panic in its encoder, as the entry point would recover it.
func (o *Output) breaks(t *testing.T) {
	broken := o.flushWithoutEncoder()
	broken.begin(10, "tag")
	defer func() {
		if recover() == nil {
			t.Error("nothing has panicked")
		}
	}()
	_ = broken.run(numbered(3))
}

// A panic while a chunk is encoded is the entry point's to recover. It must
// leave nothing behind that holds up the flushes after it.
func TestAPanicWhileAChunkIsEncodedLeavesTheInstanceInOrder(t *testing.T) {
	for name, options := range map[string][]string{
		"in the foreground": nil,
		"in the background": {"experimental_concurrency", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{t: t}
			o := outputLogging(t, &logText{}, s, configOf(t, options...))
			broken := o.flushWithoutEncoder()
			o.idle.put(broken) // without what makes records
			require.Panics(t, func() { o.Flush(numbered(3), "tag") })
			require.Equal(t, OK, o.Flush(numbered(3), "tag"))
			o.drain()
			require.Equal(t, upTo(3), s.numbers())
		})
	}
}
