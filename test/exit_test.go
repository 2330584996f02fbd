package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A host that ends waits for the flushes that are under way, and these for a
// stream that takes nothing: they give up after delivery_timeout, and what they
// had is there to be offered again.
func TestAtExitWhatIsThrottledGoesBackWithinItsTime(t *testing.T) {
	const timeout = 2 * time.Second
	for _, x := range []struct {
		name    string
		workers int
		options options
	}{
		{"four workers", 4, nil},
		{"four workers, by key", 4, options{"partition_key": "container"}},
		{"four workers, packed", 4, options{"aggregation": "true"}},
		{"Fluent Bit's only thread", 0, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel() // most of the time passes in waiting
			l := keyedLines(8_000, 1000, 40)
			s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}, SkipOverlaps: true},
				flbhost.Config{Workers: x.workers, RetryLimit: 1}, with(x.options, "delivery_timeout", timeout.String()))
			var jobs []*flbhost.Job
			for _, chunk := range l.chunks {
				jobs = append(jobs, s.host.Go(0, "app.log", chunk))
			}
			eventually(t, "it is throttled", func() bool { return s.stream.Stats().Throttled > 0 })
			log := exitLog(t, s.host)

			offered := 0
			for _, job := range jobs {
				result, err := job.Wait()
				require.NoError(t, err)
				if result.Code == flbhost.NotOffered {
					continue
				}
				offered++
				require.Equal(t, flbhost.Retry, result.Code)
				require.Equal(t, 1, result.Offers, "the host ends before it is offered again")
				require.Less(t, result.InFlush, patience/2, "it is not tried for long, but for what the machine does meanwhile")
			}
			require.Positive(t, offered)
			require.LessOrEqual(t, offered, max(1, x.workers))
			require.Empty(t, s.stream.Records(streamName))
			requireLine(t, log, "info", "at exit: ", "accepted 0 ", "handed back "+decimal(1000*offered))
			require.Empty(t, log.texts("error"))

			s.stream.Heal()
			next := &stage{t: t, stream: s.stream, host: runHost(t, s.stream, flbhost.Config{Workers: 4}, with(x.options, "delivery_timeout", timeout.String()))}
			flushAll(t, next.host, 0, l.chunks...)
			users := landings(t, s.stream)
			require.Len(t, users, len(l.want), "all once, by the next process")
		})
	}
}
