package kinesis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLanesOfSmallChunksMakeNoMoreRequestsThanTheyMust(t *testing.T) {
	for _, keys := range []int{1, 2, 100, 10_000} {
		s := &fakeStream{t: t}
		o := outputOf(t, s, "partition_key", "key")
		for _, n := range []int{1, 2, 10, 100, 250, 499, 500} {
			s.requests = nil
			require.Equal(t, OK, o.Flush(keyed(n, keys), "tag"))
			require.Equal(t, []int{n}, s.requests, "%d records of %d keys", n, keys)
		}
	}
}

// The lanes of a chunk of large records are many, their batches small.
func TestLanesAreMergedWhereTheirBatchesFitTogether(t *testing.T) {
	s := &fakeStream{t: t}
	o := outputOf(t, s, "partition_key", "key", "data_keys", "n")
	room := strings.Repeat("x", 5000)
	const n = 400
	chunk := chunkOf(n, func(i int) fields { return fields{kv("key", i), kv("n", i), kv("room", room)} })
	require.Equal(t, 8, o.lanesFor(len(chunk)))
	require.Equal(t, OK, o.Flush(chunk, "tag"))
	require.Equal(t, []int{n}, s.requests)
	require.Equal(t, upTo(n), s.numbers())
}

func TestLanesAreAsManyAsTheChunkNeedsRequests(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t}, "partition_key", "key", "requests_in_flight", "4")
	o.recordBytes.Store(100)
	for size, want := range map[int]int{0: 1, 1: 1, 49_999: 1, 50_000: 2, 149_999: 3, 150_000: 4, 2_000_000: 4} {
		require.Equal(t, want, o.lanesFor(size), "%d bytes", size)
	}
	random := outputOf(t, &fakeStream{t: t})
	require.Equal(t, 1, random.lanesFor(2_000_000))
}

func TestLanesComeToKnowTheSizeOfRecords(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t})
	for range 100 {
		o.learn(4_000_000, 1000)
	}
	require.InDelta(t, 4000, o.recordBytes.Load(), 10)
	o.learn(100, 0)
	for range 100 {
		o.learn(1, 1)
	}
	require.InDelta(t, 1, o.recordBytes.Load(), 10)
	require.Positive(t, o.lanesFor(1_000_000))
}

func TestLanesHaveTheirRequestsInFlightSideBySide(t *testing.T) {
	for name, test := range map[string]struct {
		options []string
		most    int // at least
	}{
		"under random keys": {nil, 8},
		// Of the 8 lanes, those with more than 500 records have sent before the
		// end, and each of them may hold back one other: that which the rest of
		// its records were put together with.
		"under keys of their own": {[]string{"partition_key", "key"}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: 25 * time.Millisecond}
				o := outputOf(t, s, append(test.options, "data_keys", "n")...)
				o.widen()
				begin := time.Now()
				require.Equal(t, OK, o.Flush(wide(4000, 1000), "tag"))
				require.GreaterOrEqual(t, s.most, test.most)
				require.LessOrEqual(t, time.Since(begin), 75*time.Millisecond, "time of a few requests, not of all")
				require.LessOrEqual(t, len(s.requests), 13)
				require.Equal(t, upTo(4000), s.numbers())
			})
		})
	}
}

// wide makes a chunk of n events of 450 bytes or so.
func wide(n, keys int) []byte {
	room := strings.Repeat("x", 420)
	return chunkOf(n, func(i int) fields {
		return fields{kv("key", "k"+strconv.Itoa(i%keys)), kv("n", i), kv("room", room)}
	})
}

func TestRequestsInFlightAreBoundedForAllWorkersTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, latency: 25 * time.Millisecond}
		o := outputOf(t, s, "requests_in_flight", "3")
		done := make(chan Code)
		for range 4 {
			go func() { done <- o.Flush(numbered(2000), "tag") }()
		}
		for range 4 {
			require.Equal(t, OK, <-done)
		}
		require.Equal(t, 3, s.most)
		require.Len(t, s.numbers(), 8000)
	})
}

// Records of one key land in the order of the chunk, whatever lanes and
// requests they go through.
func TestFlushKeepsTheOrderOfEachKey(t *testing.T) {
	for _, options := range [][]string{
		{},
		{"aggregation", "on", "aggregation_maximum_record_size", "10k", "skip_aggregation_record_size", "5k"},
	} {
		for _, keys := range []int{1, 50, 2000} {
			t.Run(fmt.Sprint(keys, " keys ", options), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &fakeStream{t: t, latency: 25 * time.Millisecond}
					o := outputOf(t, s, append(options, "partition_key", "key")...)
					large := strings.Repeat("x", 6000)
					const n = 2000
					require.Equal(t, OK, o.Flush(chunkOf(n, func(i int) fields {
						body := fields{kv("key", "k"+strconv.Itoa(i*i%keys)), kv("n", i)}
						if i%100 == 7 {
							body = append(body, kv("room", large)) // travels alone
						}
						return body
					}), "tag"))
					require.Equal(t, upTo(n), s.userNumbers())
					for key, ns := range s.userNumbersByKey() {
						require.True(t, slices.IsSorted(ns), "%s: %d", key, ns)
					}
				})
			})
		}
	}
}
