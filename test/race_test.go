package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// TestTheRaceDetectorFindsNothingWithEightWorkersAndFaults runs the plugin with the race detector in it:
// the first race would end the process.
func TestTheRaceDetectorFindsNothingWithEightWorkersAndFaults(t *testing.T) {
	faults := kinesistest.Faults{ThrottleRecords: 0.05, FailRecords: 0.02, FailRequests: 0.05, CutAfter: 0.02, DelayJitter: 2 * time.Millisecond}
	s := setStage(t, kinesistest.Options{Seed: 61, Faults: faults, SkipOverlaps: true},
		flbhost.Config{Race: true, Workers: 8, RetryLimit: flbhost.NoLimit},
		options{"delivery_timeout": "100ms"},
		options{"delivery_timeout": "100ms", "partition_key": "container", "time_key": "time", "replace_dots": "_"},
		options{"delivery_timeout": "100ms", "partition_key": "container", "aggregation": "on", "compression": "gzip"},
		options{"partition_key": "container", "experimental_concurrency": "3", "experimental_concurrency_retries": "100"})
	l := keyedLines(8000, 500, 40)
	var jobs []*flbhost.Job
	for instance := range 4 {
		for _, chunk := range l.chunks {
			jobs = append(jobs, s.host.Go(instance, "tag", chunk))
		}
	}
	requireTaken(t, jobs)
	require.NoError(t, s.host.Exit())
	require.NotContains(t, s.host.Stderr(), "DATA RACE")
}
