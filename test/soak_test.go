//go:build soak

package test

import (
	"flag"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// soak is how long the soak lasts.
var soak = flag.Duration("soak", 10*time.Minute, "how long the plugin runs under faults")

// TestMemoryUnderFaultsEndsWhereItWas sends keyed records by eight workers for
// a long time to a stream on which everything goes wrong now and then. `make
// soak` runs it; it is too long for every day.
func TestMemoryUnderFaultsEndsWhereItWas(t *testing.T) {
	s := setStage(t, kinesistest.Options{
		Discard: true, Seed: 1, UserKeys: userKeys,
		Faults: kinesistest.Faults{ThrottleRecords: 0.10, FailRecords: 0.02, FailRequests: 0.05, DelayJitter: 20 * time.Millisecond},
	}, flbhost.Config{Workers: 8, RetryLimit: flbhost.NoLimit},
		options{"partition_key": "container"},
		options{"partition_key": "container", "aggregation": "true", "compression": "gzip"})

	lot := keyedLines(40_000, 2_000, 40)
	begin, sent := time.Now(), int64(0)
	var rss []int64 // at the end of each round
	var early []int64
	for time.Since(begin) < *soak {
		for instance := range 2 {
			flushAll(t, s.host, instance, lot.chunks...)
			sent += int64(len(lot.want))
		}
		stats, err := s.host.Stats()
		require.NoError(t, err)
		rss = append(rss, stats.RSS)
		if time.Since(begin) < max(*soak/10, time.Minute) {
			early = append(early, stats.RSS)
		}
	}
	late := rss[len(rss)-len(rss)/10-1:]
	t.Logf("%d records in %s; resident memory after the first minute %d MB, at the end %d MB, most %d MB",
		sent, time.Since(begin).Round(time.Second), slices.Max(early)>>20, slices.Max(late)>>20, slices.Max(rss)>>20)
	require.LessOrEqual(t, slices.Min(late), slices.Max(early)+slices.Max(early)/10, "resident memory grows")
	require.Zero(t, s.stream.Stats().Overlaps)
	require.Zero(t, s.stream.Stats().Unanswered)
}
