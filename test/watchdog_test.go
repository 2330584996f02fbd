package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// requireExpires waits for a plugin to end its process, and requires the status
// and the last words.
func requireExpires(t *testing.T, h *flbhost.Host, jobs []*flbhost.Job, parts ...string) {
	t.Helper()
	status, err := h.Wait()
	require.NoError(t, err)
	require.Equal(t, 1, status)
	for _, job := range jobs {
		_, err := job.Wait()
		var exit *flbhost.ExitError
		require.ErrorAs(t, err, &exit)
	}
	log := logOf(h)
	last := log[len(log)-1:]
	requireLine(t, last, "error", append(parts, "[kinesis 0] SEND_FAILURE_TIMEOUT: no record was accepted for 1s", "; the process exits")...)
}

func TestTheWatchdogEndsTheProcessWhereNothingGetsThrough(t *testing.T) {
	for _, x := range []struct {
		name    string
		faults  kinesistest.Faults
		options options
		workers int
		said    string
	}{
		{"all records throttled", kinesistest.Faults{ThrottleAll: true}, nil, 1, "the last one with: ProvisionedThroughputExceededException"},
		{"access denied", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}, nil, 1, "the last one with: AccessDeniedException"},
		{"connections cut", kinesistest.Faults{CutBefore: 1}, nil, 4, "failed attempts: "},
		{"a request that hangs", kinesistest.Faults{Hang: 1}, nil, 1, "what is under way hangs, without an answer or an error"},
		{"a request that hangs, on Fluent Bit's only thread", kinesistest.Faults{Hang: 1}, nil, 0, "what is under way hangs"},
		{"a request that hangs in the background", kinesistest.Faults{Hang: 1}, options{"experimental_concurrency": "2"}, 1, "what is under way hangs"},
		{"all records throttled in the background", kinesistest.Faults{ThrottleAll: true},
			options{"experimental_concurrency": "2", "experimental_concurrency_retries": "1000"}, 1, "the last one with: ProvisionedThroughputExceededException"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel() // most of the time passes in waiting
			config := retried
			config.Workers, config.Env = x.workers, []string{"SEND_FAILURE_TIMEOUT=1s"}
			s := setStage(t, kinesistest.Options{Faults: x.faults}, config, x.options)
			var jobs []*flbhost.Job
			job := s.host.Go(0, "tag", goodThen().Bytes())
			if x.options == nil {
				jobs = append(jobs, job)
			}
			requireExpires(t, s.host, jobs, x.said)
			require.Empty(t, s.stream.Records(streamName))
		})
	}
}

func TestTheWatchdogLeavesAPluginAloneThatHasNothingToSend(t *testing.T) {
	t.Parallel()
	const timeout = 3 * time.Second
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}},
		flbhost.Config{Env: []string{"SEND_FAILURE_TIMEOUT=" + timeout.String()}}, options{"delivery_timeout": "0"})
	s.flush(flbhost.Retry, goodThen()) // which arms it
	s.stream.Heal()
	time.Sleep(timeout + timeout/10) // with nothing under way
	s.flush(flbhost.OK, goodThen())
	exitLog(t, s.host)
}
