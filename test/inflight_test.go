package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// TestRequestsInFlightAreAsManyAsTheOptionSays holds all requests, so that their
// number does not depend on how fast anything is.
func TestRequestsInFlightAreAsManyAsTheOptionSays(t *testing.T) {
	for _, x := range []struct {
		name    string
		options options
		workers int
		most    int
	}{
		{"by default", nil, 1, 32},
		{"by default, on Fluent Bit's only thread", nil, 0, 32},
		{"by default, of all workers together", nil, 4, 32},
		{"requests_in_flight 1", options{"requests_in_flight": "1"}, 4, 1},
		{"requests_in_flight 64", options{"requests_in_flight": "64"}, 2, 64},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := shortLines(80_000, 40_000)
			s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Hang: 1}}, flbhost.Config{Workers: x.workers}, x.options)
			var jobs []*flbhost.Job
			for _, chunk := range l.chunks {
				jobs = append(jobs, s.host.Go(0, "tag", chunk))
			}
			eventually(t, "as many requests are in flight as may be", func() bool { return s.stream.Stats().Hanging >= x.most })
			s.stream.Heal()
			requireTaken(t, jobs)
			l.requireOnce(t, s.stream)
			require.Equal(t, x.most, s.stream.Stats().MaxInFlight)
		})
	}
}

func TestLatencyIsHiddenByRequestsInFlight(t *testing.T) {
	l := shortLines(manyRecords, 20_000)
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Delay: 25 * time.Millisecond}}, flbhost.Config{Workers: 1})
	eventually(t, "at least 9 requests were in flight at 25 ms", func() bool {
		s.stream.Reset()
		flushAll(t, s.host, 0, l.chunks...)
		l.requireOnce(t, s.stream)
		return s.stream.Stats().MaxInFlight >= 9
	})
}

// BenchmarkRequestsInFlight shows what requests_in_flight is worth where the
// stream takes 25 ms to answer: records/s by one worker.
func BenchmarkRequestsInFlight(b *testing.B) {
	l := shortLines(manyRecords, 20_000)
	for _, inFlight := range []string{"1", "10"} {
		b.Run(inFlight, func(b *testing.B) {
			s := kinesistest.Run(b, kinesistest.Options{Streams: map[string]int{streamName: 4}, Discard: true, SkipOverlaps: true,
				Faults: kinesistest.Faults{Delay: 25 * time.Millisecond}})
			h := flbhost.Run(b, hostConfig(s, flbhost.Config{Workers: 1}, options{"requests_in_flight": inFlight}))
			var chunks []flbhost.Loaded
			for _, chunk := range l.chunks {
				loaded, err := h.Load("tag", chunk)
				require.NoError(b, err)
				chunks = append(chunks, loaded)
			}
			b.ResetTimer()
			totals, err := h.Repeat(0, b.N, chunks...)
			require.NoError(b, err)
			require.Equal(b, b.N*len(chunks), totals.OK)
			b.ReportMetric(float64(b.N*manyRecords)/totals.Wall.Seconds(), "records/s")
		})
	}
}

// TestAStreamThatThrottlesEverythingForAWhileTakesAllInTheEndInBoundedMemory has
// four workers hold their chunks meanwhile, as Fluent Bit would, while others
// wait. -outage says for how long.
func TestAStreamThatThrottlesEverythingForAWhileTakesAllInTheEndInBoundedMemory(t *testing.T) {
	l := shortLines(manyRecords, 10_000)
	config := retried
	config.Workers = 4
	s := setStage(t, kinesistest.Options{SkipOverlaps: true}, config)
	flushAll(t, s.host, 0, l.chunks...) // everything that is kept has been made
	before, err := s.host.Stats()
	require.NoError(t, err)

	s.stream.Reset()
	require.NoError(t, s.stream.SetFaults(kinesistest.Faults{ThrottleAll: true}))
	var jobs []*flbhost.Job
	for _, chunk := range l.chunks {
		jobs = append(jobs, s.host.Go(0, "tag", chunk))
	}
	most := int64(0)
	for end := time.Now().Add(*outageLength); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		stats, err := s.host.Stats()
		require.NoError(t, err)
		most = max(most, stats.RSS)
	}
	require.Empty(t, s.stream.Records(streamName))
	require.NotZero(t, s.stream.Stats().Throttled)
	s.stream.Heal()
	requireTaken(t, jobs)
	l.requireOnce(t, s.stream)
	t.Logf("resident memory: %d kB before, %d kB at most while nothing got through", before.RSS>>10, most>>10)
	require.Less(t, most, before.RSS+32<<20, "resident memory while nothing gets through, in bytes")
}
