package flbhost

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestErrorsQuoteTheEndOfTheLogAndTheBeginOfACrash(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("line %d", i))
	}
	text := strings.Join(lines, "\n") + "\n"
	err := &ExitError{Status: 1, Reason: "exit status 1", Log: text, Stderr: text}
	require.Contains(t, err.Error(), "log (20 of 30 lines):\n\tline 10\n")
	require.Contains(t, err.Error(), "\tline 29\nstandard error (20 of 30 lines):\n\tline 0\n")
	require.Equal(t, "the plugin host ended: exit status 1", (&ExitError{Status: 1, Reason: "exit status 1"}).Error())
}

func crash(t *testing.T, err error) *ExitError {
	t.Helper()
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	return exit
}

func TestAPluginThatExitsTheProcessIsReportedWithStatusAndLog(t *testing.T) {
	for _, workers := range []int{0, 2} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			config := probeConfig(t, 1)
			config.Workers = workers
			h := Run(t, config)
			_, err := h.Flush(0, "app.log", []byte("exit 1"))
			exit := crash(t, err)
			require.Equal(t, 1, exit.Status)
			require.True(t, strings.HasSuffix(exit.Log, "exiting the process\n"), exit.Log)
			require.ErrorContains(t, err, "exit status 1")
			require.ErrorContains(t, err, "\texiting the process")

			status, err := h.Wait()
			require.NoError(t, err)
			require.Equal(t, 1, status)
			_, err = h.Flush(0, "app.log", []byte("code 1"))
			require.Equal(t, 1, crash(t, err).Status, "and every later call says the same")
			require.Equal(t, 1, crash(t, h.Exit()).Status)
		})
	}
}

func TestAPanicEndsTheProcessWithItsReport(t *testing.T) {
	h := Run(t, probeConfig(t, 1))
	_, err := h.Flush(0, "app.log", []byte("panic"))
	exit := crash(t, err)
	require.NotZero(t, exit.Status)
	require.Contains(t, exit.Stderr, "main.FLBPluginFlushCtx")
}

func TestAPanicThatIsRecoveredEndsNothing(t *testing.T) {
	config := probeConfig(t, 1)
	config.Workers = 2
	h := Run(t, config)
	for range 10 {
		result, err := h.Flush(0, "app.log", []byte("recover"))
		require.NoError(t, err)
		require.Equal(t, OK, result.Code)
	}
	require.Equal(t, 10, strings.Count(h.Log(), "recovered to be recovered\n"))
}

func TestKillEndsAllThatWaits(t *testing.T) {
	config := probeConfig(t, 1)
	config.Workers = 2
	h := Run(t, config)
	jobs := []*Job{h.Go(0, "a", []byte("hang")), h.Go(0, "b", []byte("hang")), h.Go(0, "c", []byte("code 1"))}
	h.Kill()
	_, err := WaitAll(jobs...)
	require.ErrorContains(t, err, "killed by its driver")
	status, err := h.Wait()
	require.NoError(t, err)
	require.Equal(t, 128+9, status)
}

func TestASilentHostIsEndedWithItsGoroutinesDumped(t *testing.T) {
	config := probeConfig(t, 1)
	config.Timeout = 500 * time.Millisecond
	h, err := Start(config)
	require.NoError(t, err)
	_, err = h.Flush(0, "app.log", []byte("hang"))
	exit := crash(t, err)
	require.Contains(t, exit.Reason, "no answer for 500ms")
	require.Contains(t, exit.Stderr, "main.FLBPluginFlushCtx")
	<-h.Done()
}

func TestMemoryTouchedAfterTheFlushIsCaught(t *testing.T) {
	for name, chunk := range map[string]string{"a small chunk": "keep", "a chunk of pages": "keep " + strings.Repeat(" ", 90)} {
		t.Run(name, func(t *testing.T) {
			h := Run(t, probeConfig(t, 1))
			_, err := h.Flush(0, "app.log", []byte(chunk))
			require.NoError(t, err)
			_, err = h.Flush(0, "app.log", []byte("touch"))
			exit := crash(t, err)
			require.NotZero(t, exit.Status)
			require.Contains(t, exit.Stderr, "unexpected fault address")
			require.NotContains(t, exit.Log, "kept")
		})
	}
}

func TestMemoryTouchedBehindTheChunkIsCaught(t *testing.T) {
	h := Run(t, probeConfig(t, 1))
	_, err := h.Flush(0, "app.log", []byte("overrun"))
	require.Contains(t, crash(t, err).Stderr, "unexpected fault address")
}

func TestASharedChunkIsNotTakenAway(t *testing.T) {
	config := probeConfig(t, 1)
	config.ShareChunks = true
	h := Run(t, config)
	kept, err := h.Load("app.log", []byte("keep"))
	require.NoError(t, err)
	_, err = h.GoLoaded(0, kept).Wait()
	require.NoError(t, err)
	_, err = h.Flush(0, "app.log", []byte("touch"))
	require.NoError(t, err)
	require.Contains(t, h.Log(), fmt.Sprintf("kept %d\n", 'k'))
}

func TestStatsMeasureTheHostsProcess(t *testing.T) {
	h := Run(t, probeConfig(t, 1))
	stats, err := h.Stats()
	require.NoError(t, err)
	require.Positive(t, stats.CPU)
	require.Positive(t, stats.Wall)
	require.Greater(t, stats.Threads, 1)
	require.Greater(t, stats.RSS, int64(1<<20))
	require.GreaterOrEqual(t, stats.PeakRSS, stats.RSS/2)
	require.Positive(t, stats.Loading)
	require.Positive(t, stats.FirstInit)
	require.Less(t, stats.Loading+stats.FirstInit, stats.Wall)
	require.Greater(t, stats.BareRSS, int64(1<<16))
	require.Less(t, stats.BareRSS, stats.RSS)
}

func TestStandardErrorIsApartFromTheLog(t *testing.T) {
	config := probeConfig(t, 1)
	config.LogFile = filepath.Join(t.TempDir(), "log")
	h := Run(t, config)
	_, err := h.Flush(0, "app.log", []byte("stderr trouble"))
	require.NoError(t, err)
	require.Equal(t, "trouble\n", h.Stderr())
	require.NotContains(t, h.Log(), "trouble\n")
	require.NoError(t, h.Exit())
	file, err := os.ReadFile(config.LogFile)
	require.NoError(t, err)
	require.Equal(t, h.Log(), string(file), "a log file of the caller's stays")
}

func TestTheEnvironmentOfTheHostCanBeChanged(t *testing.T) {
	t.Setenv("FLBHOST_TEST", "inherited")
	value := func(env []string) string {
		last := "unset"
		for _, variable := range env {
			if v, ok := strings.CutPrefix(variable, "FLBHOST_TEST="); ok {
				last = v
			}
		}
		return last
	}
	require.Equal(t, "inherited", value(environment(nil)))
	require.Equal(t, "set", value(environment([]string{"FLBHOST_TEST=before", "FLBHOST_TEST=set"})))
	require.Equal(t, "unset", value(environment([]string{"FLBHOST_TEST"})))
}

func TestAPluginThatCollectsGarbageRunsOnACoroutinesStack(t *testing.T) {
	for _, workers := range []int{0, 4} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			config := probeConfig(t, 1)
			config.Workers = workers
			h := Run(t, config)
			chunk, err := h.Load("app.log", []byte("work 40"))
			require.NoError(t, err)
			totals, err := h.Repeat(0, 8, chunk)
			require.NoError(t, err)
			require.Equal(t, 8, totals.OK)
		})
	}
}
