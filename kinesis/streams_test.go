package kinesis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

// fakeStreams stand in for a service of several streams. Any name is one, but for
// those that the test says are none.
type fakeStreams struct {
	t       testing.TB
	missing func(stream string) bool           // nil: none; called under mu
	set     func(s *fakeStream, stream string) // of one that is new; nil: nothing

	mu     sync.Mutex // guards the following
	byName map[string]*fakeStream
}

func (s *fakeStreams) Post(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	stream, records := requestOf(s.t, body)
	s.mu.Lock()
	missing := s.missing != nil && s.missing(stream)
	s.mu.Unlock()
	if missing {
		return &service.Error{Fault: service.Denied, Code: "ResourceNotFoundException", Message: "Stream " + stream + " not found."}
	}
	return s.named(stream).put(ctx, records, n, into)
}

func (s *fakeStreams) named(stream string) *fakeStream {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byName == nil {
		s.byName = map[string]*fakeStream{}
	}
	of := s.byName[stream]
	if of == nil {
		of = &fakeStream{t: s.t}
		if s.set != nil {
			s.set(of, stream)
		}
		s.byName[stream] = of
	}
	return of
}

// numbers are those of what has landed, by stream, sorted.
func (s *fakeStreams) numbers() map[string][]int {
	s.mu.Lock()
	streams := make(map[string]*fakeStream)
	for name, of := range s.byName {
		streams[name] = of
	}
	s.mu.Unlock()
	numbers := map[string][]int{}
	for name, of := range streams {
		if got := of.userNumbers(); len(got) > 0 {
			numbers[name] = got
		}
	}
	return numbers
}

// apart makes a chunk of n events for so many streams in turn, numbered from
// first on: {"to":"3","key":"k3","n":7}.
func apart(first, n, streams int) []byte {
	return chunkOf(n, func(i int) fields {
		i += first
		return fields{kv("to", strconv.Itoa(i%streams)), kv("key", "k"+strconv.Itoa(i%7)), kv("n", i)}
	})
}

// apartNumbers are the numbers that are for each stream of apart.
func apartNumbers(n, streams int, without ...int) map[string][]int {
	want := map[string][]int{}
	for i := range n {
		if !slices.Contains(without, i%streams) {
			name := "app-" + strconv.Itoa(i%streams)
			want[name] = append(want[name], i)
		}
	}
	return want
}

const byTo = "app-$to"

func TestEachRecordGoesToItsStream(t *testing.T) {
	for name, options := range map[string][]string{
		"plain":                          nil,
		"cbor":                           {"wire_format", "cbor"},
		"partition_key":                  {"partition_key", "key"},
		"aggregation":                    {"aggregation", "on"},
		"aggregation and partition_key":  {"aggregation", "on", "partition_key", "key"},
		"aggregation_compression":        {"aggregation", "on", "aggregation_compression", "gzip"},
		"one request in flight":          {"requests_in_flight", "1"},
		"one request, one partition_key": {"requests_in_flight", "1", "partition_key", "key"},
		"in the background":              {"experimental_concurrency", "8"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStreams{t: t, set: func(s *fakeStream, _ string) {
					s.latency = 3 * time.Millisecond
					if strings.HasSuffix(name, "compression") {
						s.packed = compress.Gzip
					}
				}}
				o := outputOf(t, s, append([]string{"stream", byTo}, options...)...)
				var chunks [][]byte
				for i := range 8 {
					chunks = append(chunks, apart(i*1400, 1400, 20))
				}
				codes, _ := o.atOnce(chunks...)
				require.Equal(t, allOK(8), codes)
				o.drain()
				require.Equal(t, apartNumbers(8*1400, 20), s.numbers())
				require.EqualValues(t, 8*1400, o.Counts().Accepted)
				o.requireStreamsIdle(t)
			})
		})
	}
}

// requireStreamsIdle requires that nothing is left of flushes that have ended.
func (o *Output) requireStreamsIdle(t *testing.T) {
	t.Helper()
	o.streams.mu.Lock()
	defer o.streams.mu.Unlock()
	require.Equal(t, len(o.streams.byName), o.streams.unused)
	for _, d := range o.streams.byName {
		requireIdle(t, &Output{shared: o.shared, d: d})
		require.Zero(t, d.users)
	}
}

func TestRecordsOfAPartitionKeyKeepTheirOrderOnEachStream(t *testing.T) {
	for name, options := range map[string][]string{
		"alone":      nil,
		"aggregated": {"aggregation", "on"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStreams{t: t, set: func(s *fakeStream, _ string) { s.latency = 5 * time.Millisecond }}
				o := outputOf(t, s, append([]string{"stream", byTo, "partition_key", "key"}, options...)...)
				var workers sync.WaitGroup
				for i := range 10 {
					workers.Go(func() { require.Equal(t, OK, o.Flush(apart(i*2100, 2100, 3), "tag")) })
					time.Sleep(time.Millisecond)
				}
				workers.Wait()
				for _, stream := range []string{"app-0", "app-1", "app-2"} {
					for key, numbers := range s.named(stream).userNumbersByKey() {
						require.True(t, slices.IsSorted(numbers), "%s on %s", key, stream)
					}
					require.Zero(t, s.named(stream).overlaps)
				}
				require.Equal(t, apartNumbers(21_000, 3), s.numbers())
			})
		})
	}
}

func TestRecordsWithoutAStream(t *testing.T) {
	chunk := chunkOf(6, func(i int) fields {
		return []fields{{kv("to", "a"), kv("n", 0)}, {kv("n", 1)}, {kv("to", "a b"), kv("n", 2)}, {kv("to", ""), kv("n", 3)},
			{kv("to", fields{}), kv("n", 4)}, {kv("to", strings.Repeat("x", 200)), kv("n", 5)}}[i]
	})
	for _, test := range []struct {
		name    string
		options []string
		want    map[string][]int
		counts  string
		says    []string
	}{
		{"are dropped, counted and said", nil, map[string][]int{"app-a": {0}}, "; dropped: without a stream 3, for a name that no stream can have 2",
			[]string{`record 1 of a chunk is dropped: it has no value for "app-$to" (stream), and there is no stream_default`}},
		{"go to stream_default", []string{"stream_default", "others"}, map[string][]int{"app-a": {0}, "others": {1, 2, 3, 4, 5}}, ", for stream_default 5", nil},
		{"even where there is no room for another", []string{"stream_default", "others", "streams_maximum", "1"},
			map[string][]int{"app-a": {0}, "others": {1, 2, 3, 4, 5}}, ", for stream_default 5", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, log := &fakeStreams{t: t}, &logText{}
			o := outputLogging(t, log, s, configOf(t, append([]string{"stream", byTo}, test.options...)...))
			require.Equal(t, OK, o.Flush(chunk, "tag"))
			require.Equal(t, test.want, s.numbers())
			require.Contains(t, o.counts.String(), test.counts)
			for _, line := range test.says {
				require.Contains(t, strings.ReplaceAll(log.String(), `\"`, `"`), line)
			}
		})
	}
}

func TestTheTagMakesTheStream(t *testing.T) {
	s := &fakeStreams{t: t}
	o := outputOf(t, s, "stream", "logs-$TAG[1]")
	require.Equal(t, OK, o.Flush(numbered(2), "kube.shop"))
	require.Equal(t, OK, o.Flush(numbered(3), "kube.bank.x"))
	require.Equal(t, map[string][]int{"logs-shop": {0, 1}, "logs-bank": {0, 1, 2}}, s.numbers())
}

// The records for more streams than there is room for come again, and then there
// is.
func TestRecordsForMoreStreamsThanThereIsRoomForAreHandedBack(t *testing.T) {
	s, log := &fakeStreams{t: t}, &logText{}
	o := outputLogging(t, log, s, configOf(t, "stream", byTo, "streams_maximum", "4"))
	chunk := apart(0, 1000, 10)
	require.Equal(t, Retry, o.Flush(chunk, "tag"))
	require.Equal(t, apartNumbers(1000, 10, 4, 5, 6, 7, 8, 9), s.numbers())
	require.EqualValues(t, 600, o.Counts().NoRoom)
	require.Contains(t, log.String(), "a record for the stream app-4 goes back to Fluent Bit to be offered again, for records of 4 streams (streams_maximum) are under way")
	require.Equal(t, Retry, o.Flush(chunk, "tag"))
	require.Equal(t, OK, o.Flush(chunk, "tag"))
	require.Equal(t, apartNumbers(1000, 10), s.numbers(), "each record once")
	o.streams.mu.Lock()
	require.LessOrEqual(t, len(o.streams.byName), 4)
	o.streams.mu.Unlock()
	o.requireStreamsIdle(t)
	require.Contains(t, o.counts.String(), ", handed back 800, of these for want of room among streams_maximum 800")
}

func TestRecordsForMoreStreamsThanThereIsRoomForGoToTheDefault(t *testing.T) {
	s := &fakeStreams{t: t}
	o := outputOf(t, s, "stream", byTo, "streams_maximum", "4", "stream_default", "others")
	require.Equal(t, OK, o.Flush(apart(0, 1000, 10), "tag"))
	got := s.numbers()
	require.Len(t, got["others"], 600)
	require.Len(t, got, 5)
}

// A key of a value of its own for each record must not take memory for each.
func TestAStreamForEachRecordCostsNoMoreThanTheMost(t *testing.T) {
	s := &fakeStreams{t: t}
	o := outputOf(t, s, "stream", "s-$n", "streams_maximum", "8")
	for i := range 5 {
		require.Equal(t, Retry, o.Flush(chunkOf(500, func(j int) fields { return fields{kv("n", 1000*i+j)} }), "tag"))
	}
	o.streams.mu.Lock()
	require.Len(t, o.streams.byName, 8)
	o.streams.mu.Unlock()
	require.Len(t, s.numbers(), 40)
	require.LessOrEqual(t, len(o.getFlush().byStream), 8)
}

func TestWhatIsForAStreamThatDoesNotExistComesBackAlone(t *testing.T) {
	for name, options := range map[string][]string{
		"plain":      nil,
		"aggregated": {"aggregation", "on"},
		"by key":     {"partition_key", "key"},
	} {
		t.Run(name, func(t *testing.T) {
			missing := true
			s, log := &fakeStreams{t: t}, &logText{}
			s.missing = func(stream string) bool { return missing && stream == "app-3" }
			o := outputLogging(t, log, s, configOf(t, append([]string{"stream", byTo}, options...)...))
			chunk := apart(0, 1000, 10)
			for range 2 {
				require.Equal(t, Retry, o.Flush(chunk, "tag"))
				require.Equal(t, apartNumbers(1000, 10, 3), s.numbers())
			}
			require.Contains(t, log.String(), "for the stream app-3 failed (denied)")
			s.mu.Lock()
			missing = false
			s.mu.Unlock()
			require.Equal(t, OK, o.Flush(chunk, "tag"))
			require.Equal(t, apartNumbers(1000, 10), s.numbers())
			require.EqualValues(t, 1000, o.Counts().Accepted)
			require.EqualValues(t, 200, o.Counts().HandedBack)
			require.Equal(t, tallied{accepted: 100, handedBack: 200}, o.streams.counted()["app-3"])
			require.Equal(t, tallied{accepted: 100}, o.streams.counted()["app-4"])
		})
	}
}

// One stream takes nothing, and one does not answer. The records for the others
// are there at once, whatever chunk they are in.
func TestAStreamInTroubleHoldsUpNoOther(t *testing.T) {
	for name, options := range map[string][]string{
		"plain":                 nil,
		"one request in flight": {"requests_in_flight", "1"},
		"by key":                {"partition_key", "key"},
		"aggregated":            {"aggregation", "on"},
		"aggregated by key":     {"aggregation", "on", "partition_key", "key"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStreams{t: t, set: func(s *fakeStream, stream string) {
					s.latency = 10 * time.Millisecond
					switch stream {
					case "app-1":
						s.refuse = func(putRecord) string { return throttledCode }
					case "app-2":
						s.latency = 10 * time.Minute
					}
				}}
				o := outputOf(t, s, append([]string{"stream", byTo}, options...)...)
				begin := time.Now()
				var workers sync.WaitGroup
				for i := range 8 {
					workers.Go(func() { o.Flush(apart(i*10_000, 10_000, 10), "tag "+strconv.Itoa(i)) })
				}
				time.Sleep(time.Second)
				require.Equal(t, apartNumbers(80_000, 10, 1, 2), s.numbers(), "after a second")
				for _, stream := range []string{"app-1", "app-2"} {
					of := s.named(stream)
					of.mu.Lock()
					of.refuse = nil
					of.mu.Unlock()
				}
				workers.Wait()
				require.Greater(t, time.Since(begin), 10*time.Minute-time.Second, "a request that is under way is waited for")
			})
		})
	}
}

func TestThrottlingIsSaidOfTheStreamThatThrottles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := &fakeStreams{t: t}, &logText{}
		s.set = func(s *fakeStream, stream string) {
			s.latency = 10 * time.Millisecond
			second, taken := int64(0), 0
			s.refuse = func(putRecord) string {
				if now := time.Now().Unix(); now != second {
					second, taken = now, 0
				}
				if taken++; stream == "app-1" && taken > 200 {
					return throttledCode
				}
				return ""
			}
		}
		o := outputLogging(t, log, s, configOf(t, "stream", byTo))
		require.Equal(t, OK, o.Flush(apart(0, 2000, 2), "tag"))
		time.Sleep(10 * time.Second)
		require.Equal(t, OK, o.Flush(apart(2000, 2, 2), "tag"))
		require.Equal(t, apartNumbers(2002, 2), s.numbers())
		require.Contains(t, log.String(), "the stream app-1 throttles: from here on about")
		require.NotContains(t, log.String(), "the stream app-0 throttles")
		require.NotContains(t, log.String(), "the stream throttles")
		require.Positive(t, o.streams.counted()["app-1"].refused)
		require.Zero(t, o.streams.counted()["app-0"].refused)
	})
}

// As long as a stream accepts something its records are not handed back. That
// another one accepts something says nothing of it.
func TestPatienceIsWithOneStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStreams{t: t, set: func(s *fakeStream, stream string) {
			s.latency = 10 * time.Millisecond
			if stream == "app-1" {
				s.refuse = func(putRecord) string { return throttledCode }
			}
		}}
		o := outputOf(t, s, "stream", byTo, "delivery_timeout", "20")
		stop := make(chan struct{})
		var others sync.WaitGroup
		others.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
					o.Flush(chunkOf(1, func(int) fields { return fields{kv("to", "0"), kv("n", 1_000_000+i)} }), "other")
				}
			}
		})
		begin := time.Now()
		require.Equal(t, Retry, o.Flush(apart(0, 100, 10), "tag"))
		require.InDelta(t, 20, time.Since(begin).Seconds(), 3)
		close(stop)
		others.Wait()
		require.Equal(t, tallied{handedBack: 10}.handedBack, o.streams.counted()["app-1"].handedBack)
	})
}

func TestIdleDestinationsGoAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := &fakeStreams{t: t}, &logText{}
		o := outputLogging(t, log, s, configOf(t, "stream", byTo))
		count := func() int {
			o.streams.mu.Lock()
			defer o.streams.mu.Unlock()
			return len(o.streams.byName)
		}
		require.Equal(t, OK, o.Flush(apart(0, 100, 10), "tag"))
		require.Equal(t, 10, count())
		time.Sleep(mostIdle - time.Second)
		require.Equal(t, OK, o.Flush(apart(0, 3, 3), "tag"))
		require.Equal(t, 10, count())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, 3, count())
		require.Contains(t, log.String(), "streams that have had no records for 5m0s, and are let go until they have: app-3: accepted 10; app-4: accepted 10; ")
		time.Sleep(mostIdle)
		synctest.Wait()
		require.Zero(t, count())
		require.Equal(t, OK, o.Flush(apart(100, 10, 10), "tag"))
		require.Equal(t, tallied{accepted: 12}, o.streams.counted()["app-0"])
		require.Equal(t, tallied{accepted: 11}, o.streams.counted()["app-9"])
		o.Close()
		require.Contains(t, log.String(), "at exit, by stream: app-0: accepted 12; app-1: accepted 12; app-2: accepted 12; app-3: accepted 11; ")
	})
}

func TestAtExitNothingIsSaidOfStreamsWhereThereWasNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := &fakeStreams{t: t}, &logText{}
		o := outputLogging(t, log, s, configOf(t, "stream", byTo))
		o.Close()
		require.NotContains(t, log.String(), "by stream")
		require.Contains(t, log.String(), "at exit: ")
	})
}

// A destination that is waited for is not idle, however long that takes.
func TestADestinationInUseStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStreams{t: t, set: func(s *fakeStream, _ string) { s.latency = 3 * mostIdle }}
		o := outputOf(t, s, "stream", byTo, "streams_maximum", "1")
		var flush sync.WaitGroup
		flush.Go(func() { require.Equal(t, OK, o.Flush(apart(0, 1, 1), "tag")) })
		time.Sleep(2 * mostIdle)
		chunk := chunkOf(1, func(int) fields { return fields{kv("to", "9"), kv("n", 9)} })
		require.Equal(t, Retry, o.Flush(chunk, "tag"), "there is no room yet")
		flush.Wait()
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		require.Equal(t, map[string][]int{"app-0": {0}, "app-9": {9}}, s.numbers())
	})
}

func TestAPanicLeavesNoStreamInUse(t *testing.T) {
	for name, options := range map[string][]string{
		"in the foreground": nil,
		"by key":            {"partition_key", "key"},
		"in the background": {"experimental_concurrency", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStreams{t: t}
				o := outputOf(t, s, append([]string{"stream", byTo, "compression", "gzip"}, options...)...)
				o.compressors.records.Put(&brokenCompressor{5, func() {}})
				require.Panics(t, func() { o.Flush(apart(0, 30, 3), "tag") })
				o.requireStreamsIdle(t)
			})
		})
	}
}

// A stream that does not exist has its records tried again in the background. The
// others' are taken all the same.
func TestInTheBackgroundAStreamInTroubleHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStreams{t: t, missing: func(stream string) bool { return stream == "app-1" }}
		o := outputOf(t, s, "stream", byTo, "experimental_concurrency", "4")
		require.Equal(t, OK, o.Flush(apart(0, 100, 10), "tag"))
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, OK, o.Flush(apart(100, 100, 10), "tag"))
		o.drain()
		require.Equal(t, apartNumbers(200, 10, 1), s.numbers())
		require.EqualValues(t, 20, o.Counts().Dropped[dropLost])
	})
}

func TestTalliesAreBounded(t *testing.T) {
	ts := tallies{}
	for i := range 5 * mostTallies {
		ts.add(fmt.Sprint("stream ", i), tallied{accepted: int64(i)})
	}
	require.LessOrEqual(t, len(ts), mostTallies+1)
	require.Equal(t, strings.Count(ts.String(), ";"), shownTallies)
	require.Contains(t, ts.String(), "stream 999: accepted 999; stream 998: accepted 998; ")
	require.Contains(t, ts.String(), "; 990 others and more: accepted ")
	require.Equal(t, "b: accepted 2, throttled 5; a: accepted 1; c: accepted 0, given up 1",
		tallies{"a": {accepted: 1}, "b": {accepted: 2, refused: 5}, "c": {handedBack: 1}}.String())
}

func TestTheLedgerTellsTemplatesApart(t *testing.T) {
	require.NotEqual(t, configOf(t, "stream", "a-$to").ledgerScope(), configOf(t, "stream", "b-$to").ledgerScope())
}

// Where there is no room the records go elsewhere, and nothing is made for each.
func TestNothingIsAllocatedForARecordWithoutRoom(t *testing.T) {
	for name, options := range map[string][]string{
		"handed back":       nil,
		"to stream_default": {"stream_default", "the-stream-for-all-that-has-no-other-stream"},
	} {
		t.Run(name, func(t *testing.T) {
			const records = 1000
			o := outputOf(t, instantStream, append([]string{"stream", "s-$n", "streams_maximum", "2"}, options...)...)
			chunk := numbered(records)
			for range 2 {
				o.Flush(chunk, "tag")
			}
			allocs := testing.AllocsPerRun(2, func() { o.Flush(chunk, "tag") })
			require.Less(t, allocs, float64(records/5), "allocations per chunk")
		})
	}
}

// What came to the one stream that there was room for is in the ledger's file, for
// the rest of the chunk comes back.
func TestAcrossARestartRecordsWithoutRoomAreSentAlone(t *testing.T) {
	s := &fakeStreams{t: t}
	options := []string{"stream", "app-$team", "streams_maximum", "1", "ledger_file", t.TempDir() + "/ledger"}
	chunk := chunkOf(20, func(i int) fields { return fields{kv("n", i), kv("team", i%2)} })
	before := outputOf(t, s, options...)
	require.Equal(t, Retry, before.Flush(chunk, "tag"))
	before.Close()
	require.Equal(t, OK, outputOf(t, s, options...).Flush(chunk, "tag"))
	require.Len(t, s.numbers()["app-0"], 10)
	require.Len(t, s.numbers()["app-1"], 10)
}
