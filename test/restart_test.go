package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// TestAPluginThatWasEndedAndStartsAgainLosesNothing does as Fluent Bit does with
// its chunks on disk: those that were not taken are offered to the next process.
func TestAPluginThatWasEndedAndStartsAgainLosesNothing(t *testing.T) {
	faults := kinesistest.Faults{ThrottleRecords: 0.1, FailRequests: 0.05, CutAfter: 0.05}
	for _, x := range []struct {
		name string
		env  []string
		end  func(t *testing.T, s *stage)
	}{
		{"killed", nil, func(t *testing.T, s *stage) {
			s.host.Kill()
			_, err := s.host.Wait()
			require.NoError(t, err)
		}},
		{"killed by its watchdog", []string{"SEND_FAILURE_TIMEOUT=3s"}, func(t *testing.T, s *stage) {
			require.NoError(t, s.stream.SetFaults(kinesistest.Faults{Hang: 1}))
			status, err := s.host.Wait()
			require.NoError(t, err)
			require.Equal(t, 1, status)
			require.NoError(t, s.stream.SetFaults(faults))
		}},
		{"stopped", nil, func(t *testing.T, s *stage) { require.NoError(t, s.host.Exit()) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			l := shortLines(manyRecords, 2000)
			config := retried
			config.Workers, config.Env = 4, x.env
			s := setStage(t, kinesistest.Options{Seed: 41, Faults: faults, SkipOverlaps: true}, config, options{"delivery_timeout": "100ms", "requests_in_flight": "2"})
			var jobs []*flbhost.Job
			for _, chunk := range l.chunks {
				jobs = append(jobs, s.host.Go(0, "tag", chunk))
			}
			eventually(t, "some records have landed", func() bool { return s.stream.Stats().Landed > int64(manyRecords/10) })
			x.end(t, s)

			var again [][]byte
			for i, job := range jobs {
				if result, err := job.Wait(); err != nil || result.Code != flbhost.OK {
					again = append(again, l.chunks[i])
				}
			}
			require.NotEmpty(t, again, "the plugin was ended in the middle")
			s.stream.Heal()
			config.Env = nil
			next := runHost(t, s.stream, config)
			flushAll(t, next, 0, again...)
			l.requireAll(t, s.stream)
		})
	}
}

func TestAtExitChunksUnderWayAreFinished(t *testing.T) {
	l := shortLines(4000, 1000)
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Hang: 1}}, flbhost.Config{Workers: 4})
	var jobs []*flbhost.Job
	for _, chunk := range l.chunks {
		jobs = append(jobs, s.host.Go(0, "tag", chunk))
	}
	eventually(t, "all requests are in flight", func() bool { return s.stream.Stats().Hanging == 8 })
	exited := make(chan error, 1)
	go func() { exited <- s.host.Exit() }()
	s.stream.Heal()
	require.NoError(t, <-exited)
	requireTaken(t, jobs)
	l.requireOnce(t, s.stream)
}
