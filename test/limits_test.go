package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// mostRefused bounds the records that are refused for each that is accepted. It is
// more than there are on any machine, and much less than the 3 to 15 of a sender that
// does not hold back.
const mostRefused = 0.5

// A stream with the service's own limits is offered more than it takes: the flushes
// wait, and nothing is handed back, of which Fluent Bit would give up what is
// handed back twice.
func TestAtTheStreamsLimitNothingIsHandedBack(t *testing.T) {
	for _, x := range []struct {
		name    string
		workers int
		options options
		lines   int
		keys    int
	}{
		{"one worker", 1, nil, 20_000, 40},
		{"eight workers", 8, nil, 20_000, 40},
		{"eight workers, by key", 8, options{"partition_key": "container_id"}, 20_000, 40},
		{"four workers, packed", 4, options{"aggregation": "on"}, 20_000, 40},
		{"four workers, packed by key", 4, options{"aggregation": "on", "partition_key": "container_id"}, 20_000, 40},
		{"eight workers, two keys", 8, options{"partition_key": "container_id"}, 5000, 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := containerLines(x.lines, x.lines/5, x.keys)
			s := setStage(t, kinesistest.Options{ShardLimits: true, SkipOverlaps: true}, flbhost.Config{Workers: x.workers, RetryLimit: 1}, x.options)
			flushAll(t, s.host, 0, l.chunks...)
			users, _ := read(t, s.stream, streamName, plainView)
			once := map[string]bool{}
			for _, user := range users {
				once[string(user.Data)] = true
			}
			require.Len(t, users, len(l.want))
			require.Len(t, once, len(l.want), "each once")
			log := exitLog(t, s.host)
			requireNoLine(t, log, "warning", "go back to Fluent Bit")
			require.Empty(t, log.texts("error"))
			stats := s.stream.Stats()
			refused := float64(stats.Throttled) / float64(stats.Landed)
			t.Logf("%.2f refused for each accepted", refused)
			require.Less(t, refused, mostRefused, "refused for each accepted")
		})
	}
}

func TestTheLogSaysWhenThrottlingBeginsAndEndsAndHowMuchWasRefused(t *testing.T) {
	t.Parallel() // most of the time passes in waiting for the end
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleRecords: 0.3}}, flbhost.Config{Workers: 2})
	flushAll(t, s.host, 0, shortLines(2000, 1000).chunks...)
	throttled := int(s.stream.Stats().Throttled)
	require.Positive(t, throttled)
	const begins, ends = "[kinesis 0] the stream throttles: from here on about ", "[kinesis 0] the stream throttles no longer: "
	require.Len(t, logOf(s.host).with("info", begins, " records ", " a second"), 1)
	require.Empty(t, logOf(s.host).with("info", ends))

	s.stream.Heal()
	eventually(t, "throttling has ended", func() bool {
		flushAll(t, s.host, 0, one(when, F("n", "next")).Bytes())
		return len(logOf(s.host).with("info", ends)) == 1
	})
	log := exitLog(t, s.host)
	require.Len(t, log.with("info", begins), 1)
	requireLine(t, log, "info", "at exit: ", "; pace: throttled "+decimal(throttled)+", waited ")
}
