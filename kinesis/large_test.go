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

	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

const mebibyte = 1 << 20

// sizedEvents makes a chunk of events whose logs have these sizes, with numbers: a
// record of a log is n bytes of it.
func sizedEvents(sizes ...int) []byte {
	return chunkOf(len(sizes), func(i int) fields {
		return fields{kv("key", fmt.Sprint("k", i%3)), kv("log", strings.Repeat(string(rune('a'+i%26)), sizes[i]))}
	})
}

// sizesOf are those of what has landed, sorted.
func (s *fakeStream) sizesOf() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sizes := []int{}
	for _, r := range s.landed {
		for _, user := range s.users(r) {
			sizes = append(sizes, len(user.Data))
		}
	}
	slices.Sort(sizes)
	return sizes
}

// largeStream is a stream that takes records of so many bytes.
func largeStream(t *testing.T, mostRecord int) *fakeStream {
	return &fakeStream{t: t, latency: 10 * time.Millisecond, mostRecord: wire.MaxLargeBytes, fail: func(_ context.Context, records []putRecord) error {
		for _, r := range records {
			if len(r.Data)+len(r.PartitionKey) > mostRecord {
				return &service.Error{Fault: service.Invalid, Status: 400, Code: "ValidationException", Message: "Member must have length less than or equal to 1048576"}
			}
		}
		return nil
	}}
}

var largeWays = map[string][]string{
	"json":                  {},
	"cbor":                  {"wire_format", "cbor"},
	"under keys":            {"partition_key", "key"},
	"aggregated":            {"aggregation", "true"},
	"aggregated under keys": {"aggregation", "true", "partition_key", "key", "skip_aggregation_record_size", "1M"},
	"in the background":     {"experimental_concurrency", "2"},
	"one request at a time": {"requests_in_flight", "1"},
}

func TestLargeRecordsTravelInRequestsOfTheirOwn(t *testing.T) {
	for name, way := range largeWays {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := largeStream(t, 10*mebibyte)
				s.before = func(_ context.Context, records []putRecord) {
					if len(records) > 1 {
						for _, r := range records {
							require.LessOrEqual(t, len(r.Data)+len(r.PartitionKey), mebibyte)
						}
					}
				}
				o := outputOf(t, s, append([]string{"maximum_record_size", "10M", "log_key", "log"}, way...)...)
				sizes := []int{10, 1500_000, 20, 30, mebibyte - 8, mebibyte + 1, 10*mebibyte - 8, 40}
				require.Equal(t, OK, o.Flush(sizedEvents(sizes...), "tag"))
				o.flushes.Wait()
				slices.Sort(sizes)
				require.Equal(t, sizes, s.sizesOf())
				require.Zero(t, s.overlaps)
				require.Zero(t, o.Counts().Truncated)
				requireIdle(t, o)
				requireBounded(t, o)
			})
		})
	}
}

// requireBounded requires that no more is kept than for records that are small.
func requireBounded(t *testing.T, o *Output) {
	t.Helper()
	o.d.underWay.Wait() // a flush has its answer a moment before its deliveries have put back what they had
	require.LessOrEqual(t, o.d.batches.kept, mostKeptBodies)
	for _, b := range o.d.batches.items {
		require.LessOrEqual(t, b.body.Capacity(), mostKeptBody)
	}
	require.LessOrEqual(t, o.d.aggregates.kept, mostKeptAggregates)
	for _, f := range o.idle.items {
		require.LessOrEqual(t, f.records.Memory(), 5*64<<10)
	}
}

func TestRecordsOfOneKeyKeepTheirOrderAroundLargeOnes(t *testing.T) {
	for _, aggregation := range []string{"false", "true"} {
		t.Run(aggregation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := largeStream(t, 10*mebibyte)
				o := outputOf(t, s, "maximum_record_size", "10M", "partition_key", "key", "aggregation", aggregation)
				want := map[string][]int{}
				chunk := chunkOf(60, func(i int) fields {
					size := 100
					if i%7 == 3 {
						size = mebibyte + 100*i
					}
					key := fmt.Sprint("k", i%4)
					want[key] = append(want[key], i)
					return fields{kv("key", key), kv("n", i), kv("log", strings.Repeat("x", size))}
				})
				require.Equal(t, OK, o.Flush(chunk, "tag"))
				require.Equal(t, want, s.userNumbersByKey())
				require.Zero(t, s.overlaps)
				requireIdle(t, o)
			})
		})
	}
}

// What is longer than maximum_record_size is cut to it; what the stream does not take
// is dropped, and costs the others nothing.
func TestAStreamThatRefusesLargeRecordsGetsTheOthersAndIsAskedNowAndThen(t *testing.T) {
	for name, way := range largeWays {
		for _, perRecord := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", per record ", perRecord), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, log := largeStream(t, mebibyte), &logText{}
					most := mebibyte
					if perRecord {
						s.fail = nil
						s.refuse = func(r putRecord) string {
							if len(r.Data)+len(r.PartitionKey) > most {
								return "ValidationException"
							}
							return ""
						}
					}
					o := outputLogging(t, log, s, configOf(t, append([]string{"maximum_record_size", "2M", "log_key", "log"}, way...)...))
					flush := func() {
						require.Equal(t, OK, o.Flush(sizedEvents(10, 3*mebibyte, 20, mebibyte, 30, 40), "tag"))
						o.flushes.Wait()
					}
					flush()
					require.Equal(t, []int{10, 20, 30, 40}, s.sizesOf())
					require.EqualValues(t, 2, o.Counts().Dropped[dropLarge])
					require.Contains(t, log.String(), "larger than the stream takes")
					require.Contains(t, log.String(), "maximum_record_size = 2M")
					require.Contains(t, o.counts.String(), "larger than the stream takes 2")
					require.NotZero(t, o.Counts().Requests[requestInvalid])
					require.Zero(t, o.Counts().HandedBack+o.Counts().Refused+o.Counts().Dropped[dropInvalid])

					asked := o.Counts().Requests[requestInvalid]
					for range 5 {
						flush()
					}
					require.LessOrEqual(t, o.Counts().Requests[requestInvalid], asked+1, "it is not asked about each")
					require.EqualValues(t, 12, o.Counts().Dropped[dropLarge])

					s.mu.Lock()
					s.fail, most = nil, 10*mebibyte
					s.landed = nil
					s.mu.Unlock()
					time.Sleep(askAgain)
					flush()
					require.Len(t, s.sizesOf(), 6, "its limit has been raised")
					require.EqualValues(t, 12, o.Counts().Dropped[dropLarge])
					requireIdle(t, o)
					requireBounded(t, o)
				})
			})
		}
	}
}

func TestALargeRecordIsCutToTheMaximum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := largeStream(t, 10*mebibyte)
		o := outputOf(t, s, "maximum_record_size", "3M", "log_key", "log", "append_newline", "true")
		require.Equal(t, OK, o.Flush(sizedEvents(4*mebibyte), "tag"))
		require.Len(t, s.landed, 1)
		require.Equal(t, 3*mebibyte, len(s.landed[0].Data)+len(s.landed[0].PartitionKey))
		require.True(t, bytes.HasSuffix(s.landed[0].Data, []byte("[Truncated...]\n")))
		require.EqualValues(t, 1, o.Counts().Truncated)
	})
}

// What a proxy does not let pass is for an operator to mend, whatever its size.
func TestALargeRecordThatAProxyRefusesGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := largeStream(t, 10*mebibyte)
		s.fail = func(_ context.Context, records []putRecord) error {
			if len(records[0].Data) > mebibyte {
				return &service.Error{Fault: service.Invalid, Status: 413}
			}
			return nil
		}
		o := outputOf(t, s, "maximum_record_size", "10M", "log_key", "log")
		require.Equal(t, Retry, o.Flush(sizedEvents(10, 2*mebibyte, 20), "tag"))
		require.Zero(t, o.Counts().Dropped[dropLarge])
		s.fail = nil
		require.Equal(t, OK, o.Flush(sizedEvents(10, 2*mebibyte, 20), "tag"))
		require.Equal(t, []int{10, 20, 2 * mebibyte}, s.sizesOf(), "each once")
	})
}

// Ten workers have records of 10 MiB: what is in flight is bounded, and what is kept
// when they are done is as if the records had been small.
func TestTheMemoryOfLargeRecordsIsBounded(t *testing.T) {
	for name, way := range map[string][]string{"json": {}, "cbor": {"wire_format", "cbor"}, "under keys": {"partition_key", "key"}, "compressed": {"compression", "gzip"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := largeStream(t, 10*mebibyte)
				most, requests := 0, 0
				o := outputOf(t, s, append([]string{"maximum_record_size", "10M", "log_key", "log"}, way...)...)
				o.widen()
				s.before = func(_ context.Context, records []putRecord) {
					state := o.d.pacer.State()
					s.mu.Lock()
					most, requests = max(most, state.Weight), max(requests, state.InFlight)
					s.mu.Unlock()
				}
				var workers sync.WaitGroup
				for i := range 10 {
					workers.Go(func() {
						o.Flush(sizedEvents(10*mebibyte-8, 100), fmt.Sprint("tag ", i))
					})
				}
				workers.Wait()
				require.Len(t, s.landed, 20)
				require.LessOrEqual(t, most, mostInFlightBytes)
				requireBounded(t, o)
				requireIdle(t, o)
			})
		})
	}
}

// A tank is a shard that saves up for large records: a second's share for each second
// in which it has taken less, up to 10 MiB.
type tank struct {
	level  float64
	filled time.Time
}

func (k *tank) take(size int) bool {
	now := time.Now()
	k.level = min(k.level+now.Sub(k.filled).Seconds()*mebibyte, 10*mebibyte)
	k.filled = now
	if float64(size) > k.level {
		return false
	}
	k.level -= float64(size)
	return true
}

// Small records come as fast as the shard takes them, so that it never saves up
// anything by itself.
func TestALargeRecordGetsThroughAtTheLimitOfItsShard(t *testing.T) {
	for _, way := range [][]string{{}, {"partition_key", "key"}} {
		t.Run(fmt.Sprint(way), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &tank{filled: time.Now()}
				s := largeStream(t, 10*mebibyte)
				s.refuse = func(r putRecord) string {
					if !k.take(len(r.Data) + len(r.PartitionKey)) {
						return throttledCode
					}
					return ""
				}
				o := outputOf(t, s, append(way, "maximum_record_size", "10M", "log_key", "log")...)
				done := make(chan struct{})
				var workers sync.WaitGroup
				defer workers.Wait()
				defer close(done)
				for i := range 3 {
					workers.Go(func() {
						for n := 0; ; n++ {
							select {
							case <-done:
								return
							default:
								o.Flush(sizedEvents(slices.Repeat([]int{5000}, 100)...), fmt.Sprint("small ", i, n))
							}
						}
					})
				}
				time.Sleep(20 * time.Second)
				begin := time.Now()
				require.Equal(t, OK, o.Flush(sizedEvents(5*mebibyte), "large"))
				took := time.Since(begin)
				t.Logf("it took %v", took)
				require.Less(t, took, 3*time.Minute)
			})
		})
	}
}

func TestARefusalForItsSizeIsToldFromOthers(t *testing.T) {
	for _, test := range []struct {
		code, message string
		want          bool
	}{
		{"ValidationException", "", true},
		{"InvalidArgumentException", "", true},
		{"RecordSizeExceededException", "", true},
		{"Other", "Record is too large", true},
		{throttledCode, "Rate exceeded for shard", false},
		{failureCode, "Internal service failure", false},
		{"Other", "who knows", false},
	} {
		require.Equal(t, test.want, service.RefusesSize(test.code, test.message), test.code)
	}
}
