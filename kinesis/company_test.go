package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/service"
)

// Flushes that share a request or an aggregate share nothing else: what is wrong
// with the records of one is none of the others' business.

// smallChunks are chunks of 11 records with numbers one after the other. One of
// them has the word poison in it, unless its number is below 0.
func smallChunks(chunks, poison int) (all [][]byte) {
	for c := range chunks {
		all = append(all, chunkOf(11, func(i int) fields {
			n, text := c*11+i, "fine"
			if n == poison {
				text = "poison"
			}
			return fields{kv("key", fmt.Sprint("k", n%5)), kv("n", n), kv("text", text)}
		}))
	}
	return all
}

// refusePoison has the stream refuse each request with poison in it.
func (s *fakeStream) refusePoison() {
	s.fail = func(_ context.Context, records []putRecord) error {
		for _, r := range records {
			if slices.ContainsFunc(s.users(r), func(user putRecord) bool { return bytes.Contains(user.Data, []byte("poison")) }) {
				return failed(service.Invalid)
			}
		}
		return nil
	}
}

func TestAPoisonousRecordOfOneFlushCostsTheOthersNothing(t *testing.T) {
	const chunks, poison = 16, 80
	for name, test := range map[string]struct {
		options []string
		packed  compress.Format
		trips   int // that the other flushes take at most
	}{
		"plain":                {nil, compress.None, 3}, // together, then each by itself, ten at a time
		"by key":               {[]string{"partition_key", "key"}, compress.None, 20},
		"packed":               {[]string{"aggregation", "on"}, compress.None, 20},
		"packed by key":        {[]string{"aggregation", "on", "partition_key", "key"}, compress.None, 20},
		"packed small":         {[]string{"aggregation", "on", "aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", "500"}, compress.None, 20},
		"packed and gzipped":   {[]string{"aggregation", "on", "aggregation_compression", "gzip"}, compress.Gzip, 20},
		"gzipped, by key":      {[]string{"aggregation", "on", "aggregation_compression", "gzip", "partition_key", "key"}, compress.Gzip, 20},
		"packed for one shard": {[]string{"aggregation", "on", "aggregation_shard_map", "on", "partition_key", "key"}, compress.None, 20},
	} {
		for _, format := range []string{"json", "cbor"} {
			t.Run(name+", "+format, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const latency = 25 * time.Millisecond
					s, log := &fakeStream{t: t, latency: latency, packed: test.packed}, &logText{}
					s.refusePoison()
					o := outputLogging(t, log, s, configOf(t, append(test.options, "wire_format", format)...))
					if o.config.AggregationShardMap {
						open := evenShards(1, "")
						open[0].ID = landingShard
						o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return open, nil })
					}
					o.widen()
					codes, took := o.together(smallChunks(chunks, poison)...)
					require.Equal(t, allOK(chunks), codes)
					others := slices.Delete(took, poison/11, poison/11+1)
					require.LessOrEqual(t, slices.Max(others), time.Duration(test.trips)*latency+mostGrace)
					require.Less(t, s.requestCount(), 1+chunks+2*8, "they were together")
					requireOnlyPoisonIsDropped(t, o, s, log, chunks, poison)
				})
			})
		}
	}
}

// The library for zstd does not let tests with a clock of their own share it, so
// these go by the real one; there may be flushes that come too late to share.
func TestAPoisonousRecordInAnAggregateOfZstdIsDroppedAlone(t *testing.T) {
	const chunks, poison = 16, 80
	for name, options := range map[string][]string{"": nil, " by key": {"partition_key", "key"}} {
		for _, format := range []string{"json", "cbor"} {
			t.Run("packed"+name+", "+format, func(t *testing.T) {
				s, log := &fakeStream{t: t, packed: compress.Zstd}, &logText{}
				s.refusePoison()
				o := outputLogging(t, log, s, configOf(t, append(options, "aggregation", "on", "aggregation_compression", "zstd", "wire_format", format)...))
				codes, _ := o.together(smallChunks(chunks, poison)...)
				require.Equal(t, allOK(chunks), codes)
				requireOnlyPoisonIsDropped(t, o, s, log, chunks, poison)
			})
		}
	}
}

func requireOnlyPoisonIsDropped(t *testing.T, o *Output, s *fakeStream, log *logText, chunks, poison int) {
	t.Helper()
	requireIdle(t, o)
	want := upTo(chunks * 11)
	require.Equal(t, slices.Delete(want, poison, poison+1), s.userNumbers())
	require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
	require.EqualValues(t, chunks*11-1, o.Counts().Accepted)
	require.Zero(t, o.Counts().HandedBack)
	require.Contains(t, log.String(), fmt.Sprintf("record %d of a chunk is dropped", poison%11))
}

func TestWhereAllFlushesHavePoisonEachLosesItsOwn(t *testing.T) {
	everyWay(t, func(t *testing.T, w way, s *fakeStream, o *Output) {
		if w.packed == compress.Zstd {
			t.Skip("its library does not let tests with a clock of their own share it")
		}
		chunks := slices.Repeat([][]byte{chunkOf(3, func(i int) fields {
			return fields{kv("key", "k"), kv("n", []any{0, "poison", 2}[i])}
		})}, 16)
		s.refusePoison()
		codes, _ := o.together(chunks...)
		require.Equal(t, allOK(16), codes)
		require.EqualValues(t, 16, o.Counts().Dropped[dropInvalid])
		require.Len(t, s.userNumbers(), 32)
		requireIdle(t, o)
	})
}

// Of the flushes that share a request each has its own answer, and its own
// records back.
func TestARefusalIsForTheFlushWhoseRecordItWas(t *testing.T) {
	everyWay(t, func(t *testing.T, w way, s *fakeStream, o *Output) {
		if strings.HasPrefix(w.name, "packed") || strings.HasPrefix(w.name, "joined") {
			t.Skip("an aggregate is refused as a whole")
		}
		o.patience.timeout = 0
		s.refuse = func(r putRecord) string {
			if r.n(t)%33 == 7 { // in every third chunk
				return throttledCode
			}
			return ""
		}
		chunks := smallChunks(9, -1)
		want := allOK(9)
		want[0], want[3], want[6] = Retry, Retry, Retry
		codes, _ := o.together(chunks...)
		require.Equal(t, want, codes)
		require.EqualValues(t, 3, o.Counts().HandedBack)
		require.Equal(t, []int{99}, s.requests)
		s.refuse = nil
		codes, _ = o.atOnce(chunks...)
		require.Equal(t, allOK(9), codes)
		require.EqualValues(t, 3*10, o.Counts().LedgerHits)
		requireIdle(t, o)
	})
}

// Where a key is throttled, only those wait that have records of it.
func TestAKeyThatIsThrottledHoldsUpItsOwnRecordsAlone(t *testing.T) {
	for name, options := range map[string][]string{"plain": nil, "packed": {"aggregation", "on"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const latency, outage = 25 * time.Millisecond, 500 * time.Millisecond
				s := &fakeStream{t: t, latency: latency, shardOf: oneOfMany}
				o := outputOf(t, s, append(options, "partition_key", "key", "data_keys", "n", "delivery_timeout", "30")...)
				keys := o.strangers(9)
				hot, begin := keys[0], time.Now()
				s.refuse = func(r putRecord) string {
					if s.keysOf([]putRecord{r})[hot] && time.Since(begin) < outage {
						return throttledCode
					}
					return ""
				}
				var workers sync.WaitGroup
				n := 0
				next := func() int { n += 3; return n - 3 }
				for range 4 { // together at first, then one behind the other
					chunk := numberedFrom(next(), 3, hot)
					workers.Go(func() {
						if took := o.timed(t, chunk); took < outage-100*time.Millisecond {
							t.Errorf("a record of the key that is throttled was taken after %v", took)
						}
					})
					time.Sleep(10 * time.Millisecond)
				}
				for _, key := range keys[1:] {
					for range 5 {
						chunk := numberedFrom(next(), 3, key)
						workers.Go(func() {
							if took := o.timed(t, chunk); took > 3*latency {
								t.Errorf("one of another key has waited for %v", took)
							}
						})
						time.Sleep(7 * time.Millisecond)
					}
				}
				workers.Wait()
				require.Zero(t, s.overlaps)
				require.Equal(t, upTo(n), s.userNumbers())
				require.True(t, slices.IsSorted(s.userNumbersByKey()[hot]))
				requireIdle(t, o)
			})
		})
	}
}

// A flush whose records share a request with those of a key that is throttled is
// answered with the others.
func TestAFlushIsAnsweredThoughRecordsBesideItsOwnAreTriedAgain(t *testing.T) {
	for name, options := range map[string][]string{"plain": nil, "by key": {"partition_key", "key"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const latency = 25 * time.Millisecond
				s := &fakeStream{t: t, latency: latency}
				begin := time.Now()
				s.refuse = func(r putRecord) string {
					if r.n(t) < 11 && time.Since(begin) < 400*time.Millisecond {
						return throttledCode
					}
					return ""
				}
				o := outputOf(t, s, append(options, "delivery_timeout", "30")...)
				codes, took := o.together(smallChunks(8, -1)...)
				require.Equal(t, allOK(8), codes)
				require.Equal(t, upTo(88), s.numbers())
				require.Greater(t, took[0], 400*time.Millisecond)
				require.LessOrEqual(t, slices.Max(took[1:]), latency+mostGrace)
			})
		})
	}
}

// While a key is throttled, those of other keys go on to share requests.
func TestFlushesShareRequestsThoughSomeWaitForAKeyThatIsThrottled(t *testing.T) {
	for name, options := range map[string][]string{"plain": nil, "packed": {"aggregation", "on"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const latency, workers, rounds = 25 * time.Millisecond, 16, 40
				s := &fakeStream{t: t, latency: latency, shardOf: oneOfMany}
				o := outputOf(t, s, append(options, "partition_key", "key", "data_keys", "n", "delivery_timeout", "30")...)
				keys := o.strangers(2)
				throttled := true
				s.refuse = func(r putRecord) string {
					if throttled && s.keysOf([]putRecord{r})[keys[0]] {
						return throttledCode
					}
					return ""
				}
				var hot sync.WaitGroup
				for range 3 {
					hot.Go(func() { o.timed(t, numberedFrom(0, 1, keys[0])) })
					time.Sleep(50 * time.Millisecond)
				}
				before := s.requestCount()
				o.loops(t, workers, rounds, numberedFrom(0, 11, keys[1]))
				require.LessOrEqual(t, s.requestCount()-before, workers*rounds/4)
				s.mu.Lock()
				throttled = false
				s.mu.Unlock()
				hot.Wait()
				requireIdle(t, o)
			})
		})
	}
}
