package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// TestRequestsWithAKeyInCommonAreNeverInFlightTogether has the stream look, which
// sees what is in flight, and a delay in which it would.
func TestRequestsWithAKeyInCommonAreNeverInFlightTogether(t *testing.T) {
	for _, setting := range settings {
		for _, x := range []struct {
			name                string
			records, containers int
			faults              kinesistest.Faults
		}{
			{"40 containers", 20_000, 40, kinesistest.Faults{Delay: 5 * time.Millisecond, DelayJitter: 5 * time.Millisecond}},
			{"2 containers", 20_000, 2, kinesistest.Faults{Delay: 2 * time.Millisecond}},
			{"40 containers and faults", 5000, 40, kinesistest.Faults{Delay: 5 * time.Millisecond, ThrottleRecords: 0.02, FailRequests: 0.1}},
		} {
			t.Run(setting.name+", "+x.name, func(t *testing.T) {
				l := keyedLines(x.records, 1000, x.containers)
				config := retried
				config.Workers = 4
				s := setStage(t, kinesistest.Options{Seed: 31, Faults: x.faults, UserKeys: userKeys}, config, with(setting.options, "partition_key", "container"))
				flushAll(t, s.host, 0, l.chunks...)
				l.requireOnce(t, s.stream)
				require.Zero(t, s.stream.Stats().Overlaps)
				if x.faults.ThrottleRecords == 0 {
					l.requireOrder(t, s.stream)
				}
			})
		}
	}
}

func TestKeysThatHaveNothingInCommonAreSentSideBySide(t *testing.T) {
	l := keyedLines(10_000, 10_000, 1009)
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 1}, options{"partition_key": "container"})
	for range 10 { // the plugin learns how large records are
		flushAll(t, s.host, 0, l.chunks...)
	}
	s.stream.Reset()
	require.NoError(t, s.stream.SetFaults(kinesistest.Faults{Hang: 1}))
	job := s.host.Go(0, "tag", l.chunks[0])
	eventually(t, "many requests are in flight", func() bool { return s.stream.Stats().Hanging >= 10 })
	s.stream.Heal()
	requireTaken(t, []*flbhost.Job{job})
	l.requireOnce(t, s.stream)
	l.requireOrder(t, s.stream)
	require.Zero(t, s.stream.Stats().Overlaps)
}

func TestASmallChunkMakesNoMoreRequestsForItsKeys(t *testing.T) {
	for _, x := range []struct {
		records int
		options options
		want    int64
	}{
		{1, nil, 1},
		{500, nil, 1},
		{501, nil, 2},
		{1000, nil, 2},
		{2000, nil, 4},
		{1, options{"partition_key": "container"}, 1},
		{400, options{"partition_key": "container"}, 1},
		{500, options{"partition_key": "container"}, 1},
	} {
		t.Run(decimal(x.records)+" records, partition_key "+x.options["partition_key"], func(t *testing.T) {
			l := keyedLines(x.records, x.records, 40)
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, x.options)
			for range 3 { // the plugin learns how large records are
				s.stream.Reset()
				flushAll(t, s.host, 0, l.chunks...)
				require.Equal(t, x.want, s.stream.Stats().Requests)
			}
		})
	}
}
