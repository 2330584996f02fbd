package flbhost

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// probeConfig is a Config of the probe with as many instances.

// TestErrorsQuoteTheEndOfTheLogAndTheBeginOfACrash keeps errors readable: a crash report begins with what happened.

// crash is the way a host ended that was not asked to.

func TestRegistrationIsWhatThePluginWrote(t *testing.T) {
	h := Run(t, probeConfig(t, 1))
	require.Equal(t, Registration{Type: 2, Proxy: 11, Name: "probe", Description: "A plugin that tells how it was called."},
		h.Registration())
	require.NoError(t, h.Exit())
	require.Equal(t, "register\ninit 0 =\"\"\nexit 0\nunregister\n", h.Log())
	require.Empty(t, h.Stderr())
}

func TestOptionsAreReadByInstanceAndWhateverTheirCase(t *testing.T) {
	config := probeConfig(t, 0)
	config.Instances = []map[string]string{
		{"show": "Region,stream,unset,empty", "region": "us-east-1", "Stream": "a b\nü", "empty": ""},
		{"show": "region,stream", "region": "eu-west-1"},
	}
	h := Run(t, config)
	require.NoError(t, h.Exit())
	require.Equal(t, strings.Join([]string{
		"register",
		`init 0 Region="us-east-1"`, `init 0 stream="a b\nü"`, `init 0 unset=""`, `init 0 empty=""`,
		`init 1 region="eu-west-1"`, `init 1 stream=""`,
		"exit 0", "exit 1", "unregister", "",
	}, "\n"), h.Log())
}

func TestARefusedInstanceIsNamedWithItsLog(t *testing.T) {
	config := probeConfig(t, 0)
	config.Instances = []map[string]string{{}, {"refuse": "stream is not set"}}
	_, err := Start(config)
	var refused *InitError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, 1, refused.Instance)
	require.Equal(t, Error, refused.Code)
	require.Contains(t, refused.Log, "init 1 refused: stream is not set\nexit 0\nunregister\n")
	require.ErrorContains(t, err, "stream is not set")
}

func TestALibraryThatCannotBeLoadedIsAnError(t *testing.T) {
	config := probeConfig(t, 1)
	config.Library = filepath.Join(t.TempDir(), "missing.so")
	_, err := Start(config)
	require.ErrorContains(t, err, "missing.so")
}

func TestOptionsWithNULAreAnError(t *testing.T) {
	config := probeConfig(t, 0)
	config.Instances = []map[string]string{{"region": "a\x00b"}}
	_, err := Start(config)
	require.ErrorContains(t, err, `option "region"`)
}

func TestFlushAnswersWithTheCodeOfThePlugin(t *testing.T) {
	for _, workers := range []int{0, 1, 3} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			config := probeConfig(t, 2)
			config.Workers = workers
			h := Run(t, config)
			for code, chunk := range map[int]string{OK: "code 1", Error: "code 0", Retry: "code 2", 7: "code 7"} {
				result, err := h.Flush(1, "app.log", []byte(chunk))
				require.NoError(t, err)
				require.Equal(t, code, result.Code)
				require.Equal(t, 1, result.Offers)
				require.LessOrEqual(t, result.InFlush, result.Elapsed)
				require.Contains(t, h.Log(), fmt.Sprintf("flush 1 app.log %q\n", chunk))
			}
			_, err := h.Flush(2, "app.log", nil)
			require.ErrorContains(t, err, "no such instance")
		})
	}
}

func TestEveryByteOfAChunkAndItsTagArrives(t *testing.T) {
	h := Run(t, probeConfig(t, 1))
	for _, size := range []int{0, 1, 17, 100} {
		chunk := make([]byte, size)
		for i := range chunk {
			chunk[i] = byte(7 * i)
		}
		tag := strings.Repeat("t", size+1)
		result, err := h.Flush(0, tag, chunk)
		require.NoError(t, err)
		require.Equal(t, OK, result.Code)
		require.Contains(t, h.Log(), fmt.Sprintf("flush 0 %s %q\n", tag, chunk))
	}
	_, err := h.Flush(0, "large", make([]byte, 2<<20))
	require.NoError(t, err)
	require.Contains(t, h.Log(), "flush 0 large 2097152 bytes\n")
}

func TestARetriedChunkIsOfferedAgainUntilItIsTakenOrTheLimitIsReached(t *testing.T) {
	for _, test := range []struct {
		name    string
		limit   int
		refusal string
		want    Result
	}{
		{"no retry asked for", 5, "retry 0", Result{Code: OK, Offers: 1}},
		{"taken within the limit", 5, "retry 3", Result{Code: OK, Offers: 4}},
		{"taken at the limit", 3, "retry 3", Result{Code: OK, Offers: 4}},
		{"one offer too few", 2, "retry 3", Result{Code: Retry, Offers: 3}},
		{"no retries", 0, "retry 3", Result{Code: Retry, Offers: 1}},
		{"no limit", NoLimit, "retry 50", Result{Code: OK, Offers: 51}},
	} {
		for _, workers := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s, %d workers", test.name, workers), func(t *testing.T) {
				t.Parallel()
				config := probeConfig(t, 1)
				config.Workers, config.RetryLimit, config.Backoff = workers, test.limit, time.Millisecond
				h := Run(t, config)
				got, err := h.Flush(0, "app.log", []byte(test.refusal))
				require.NoError(t, err)
				require.GreaterOrEqual(t, got.Elapsed, config.Backoff*time.Duration(got.Offers-1))
				got.InFlush, got.Elapsed = 0, 0
				require.Equal(t, test.want, got)
				require.Equal(t, got.Offers, strings.Count(h.Log(), "flush 0 app.log"))
			})
		}
	}
}

func TestOtherChunksAreFlushedWhileOneWaitsForItsRetry(t *testing.T) {
	config := probeConfig(t, 1)
	config.RetryLimit, config.Backoff = 1, time.Hour
	h := Run(t, config)
	waiting := h.Go(0, "waiting", []byte("retry 1"))
	result, err := h.Flush(0, "other", []byte("code 1"))
	require.NoError(t, err)
	require.Equal(t, OK, result.Code)

	require.NoError(t, h.Exit())
	result, err = waiting.Wait()
	require.NoError(t, err, "exit answers what waits")
	require.Equal(t, Retry, result.Code)
	require.Equal(t, 1, result.Offers)
}

func TestWorkersFlushAtOnce(t *testing.T) {
	config := probeConfig(t, 2)
	config.Workers = 4
	h := Run(t, config)
	// Each flush returns only when all eight have begun: the four workers of both instances.
	var jobs []*Job
	for i := range 8 {
		jobs = append(jobs, h.Go(i%2, fmt.Sprintf("tag-%d", i), []byte("meet 8")))
	}
	results, err := WaitAll(jobs...)
	require.NoError(t, err)
	for _, result := range results {
		require.Equal(t, OK, result.Code)
	}
}

func TestWithoutWorkersFlushesComeOneAfterTheOther(t *testing.T) {
	h := Run(t, probeConfig(t, 2))
	file := filepath.Join(t.TempDir(), "go")
	first, second := h.Go(0, "first", []byte("await "+file)), h.Go(1, "second", []byte("code 1"))
	_, err := h.Stats()
	require.NoError(t, err, "stats do not wait for the flush")
	require.NotContains(t, h.Log(), "second")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = WaitAll(first, second)
	require.NoError(t, err)
	require.Less(t, strings.Index(h.Log(), "first"), strings.Index(h.Log(), "second"))
}

func TestExitWaitsForTheFlushUnderWayAndOffersNothingMore(t *testing.T) {
	for _, workers := range []int{0, 1} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			config := probeConfig(t, 1)
			config.Workers = workers
			h := Run(t, config)
			file := filepath.Join(t.TempDir(), "go")
			first, second := h.Go(0, "first", []byte("await "+file)), h.Go(0, "second", []byte("code 1"))
			require.Eventually(t, func() bool { return strings.Contains(h.Log(), "first") }, time.Minute, time.Millisecond)

			exited := h.send("exit")
			_, err := h.Stats()
			require.NoError(t, err, "by now the host has read the exit")
			require.Eventually(t, func() bool { // and its main thread, if that is not in the flush, has begun it
				third := h.Go(0, "third", nil)
				_, err := h.Stats()
				require.NoError(t, err)
				return workers == 0 || len(third.replies) == 1
			}, time.Minute, time.Millisecond)
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			require.NoError(t, (<-exited).err)

			result, err := first.Wait()
			require.NoError(t, err)
			require.Equal(t, OK, result.Code)
			result, err = second.Wait()
			require.NoError(t, err)
			require.Equal(t, Result{Code: NotOffered}, result)
			status, err := h.Wait()
			require.NoError(t, err)
			require.Zero(t, status)
			require.True(t, strings.HasSuffix(h.Log(), "\"\nexit 0\nunregister\n"), h.Log())
			require.NotContains(t, h.Log(), "second")
		})
	}
}

func TestReloadExitsAllInstancesAndMakesNewOnesInTheSameProcess(t *testing.T) {
	for _, workers := range []int{0, 2} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			config := probeConfig(t, 2)
			config.Workers = workers
			h := Run(t, config)
			before := len(h.Log())
			require.NoError(t, h.Reload(config.Instances[0]))
			require.True(t, strings.HasPrefix(h.Log()[before:], "register\nexit 0\nexit 1\nunregister\ninit "), h.Log())
			result, err := h.Flush(0, "app.log", []byte("code 1"))
			require.NoError(t, err)
			require.Equal(t, OK, result.Code)
			_, err = h.Flush(1, "app.log", nil)
			require.ErrorContains(t, err, "no such instance")
		})
	}
}

func TestWithNoExitThePluginIsOnlyUnregistered(t *testing.T) {
	config := probeConfig(t, 2)
	config.NoExit = true
	h := Run(t, config)
	require.NoError(t, h.Exit())
	require.NotContains(t, h.Log(), "exit")
	require.Contains(t, h.Log(), "\nunregister\n")
}

func TestWithTheLastContextEachExitIsThatOfTheLastInstance(t *testing.T) {
	config := probeConfig(t, 3)
	config.LastContext = true
	h := Run(t, config)
	require.NoError(t, h.Exit())
	require.Contains(t, h.Log(), "\nexit 2\nexit 2\nexit 2\nunregister\n")
}

func TestNoContextModeCallsTheFunctionsWithoutContexts(t *testing.T) {
	config := probeConfig(t, 1)
	config.NoContext = true
	h := Run(t, config)
	result, err := h.Flush(0, "app.log", []byte("code 1"))
	require.NoError(t, err)
	require.Equal(t, OK, result.Code)
	require.NoError(t, h.Exit())
	require.Equal(t, "register\ninit 0 =\"\"\nflush - app.log \"code 1\"\nexit\nunregister\n", h.Log())
}

func TestRepeatFlushesEachChunkOfEachPass(t *testing.T) {
	for _, workers := range []int{0, 3} {
		t.Run(fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			config := probeConfig(t, 1)
			config.Workers, config.RetryLimit = workers, 2
			h := Run(t, config)
			var chunks []Loaded
			for _, chunk := range []string{"code 1", "code 0", "code 2"} {
				loaded, err := h.Load(chunk, []byte(chunk))
				require.NoError(t, err)
				chunks = append(chunks, loaded)
			}
			totals, err := h.Repeat(0, 4, chunks...)
			require.NoError(t, err)
			require.Equal(t, []int{4, 4, 4, 0, 20}, []int{totals.OK, totals.Error, totals.Retry, totals.NotOffered, totals.Offers})
			require.Equal(t, 12, totals.Chunks())
			require.Positive(t, totals.Wall)
			require.Equal(t, 12, strings.Count(h.Log(), `"code 2"`))

			require.NoError(t, h.Unload(chunks[0]))
			_, err = h.Repeat(0, 1, chunks...)
			require.ErrorContains(t, err, "no such chunk")
			require.ErrorContains(t, h.Unload(chunks[0]), "no such chunk")
			totals, err = h.Repeat(0, 0, chunks[1:]...)
			require.NoError(t, err)
			require.Zero(t, totals.Chunks())
		})
	}
}

func TestSixtyFourWorkersFlushAtOnce(t *testing.T) {
	config := probeConfig(t, 1)
	config.Workers = 64
	h := Run(t, config)
	var jobs []*Job
	for i := range 64 {
		jobs = append(jobs, h.Go(0, fmt.Sprintf("tag-%d", i), []byte("meet 64")))
	}
	results, err := WaitAll(jobs...)
	require.NoError(t, err)
	for _, result := range results {
		require.Equal(t, OK, result.Code)
	}
}

func TestThousandsOfSmallChunksAreRepeated(t *testing.T) {
	config := probeConfig(t, 1)
	config.Workers, config.ShareChunks = 64, true
	h := Run(t, config)
	const each, passes = 500, 2
	loaded := make([]Loaded, 8*each)
	var wg sync.WaitGroup
	for g := range 8 { // at once, so that loads do not reach the host in the order of their numbers
		wg.Go(func() {
			for i := g * each; i < (g+1)*each; i++ {
				var err error
				if loaded[i], err = h.Load(fmt.Sprintf("tag-%d", i), []byte("code 1")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, chunk := range loaded[:each] {
		require.NoError(t, h.Unload(chunk))
	}
	totals, err := h.Repeat(0, passes, loaded[each:]...)
	require.NoError(t, err)
	require.Equal(t, 7*each*passes, totals.OK)
	log := h.Log()
	for i := each; i < len(loaded); i++ {
		require.Equal(t, passes, strings.Count(log, fmt.Sprintf("flush 0 tag-%d \"", i)))
	}
}

func TestManyChunksFromManyGoroutines(t *testing.T) {
	config := probeConfig(t, 2)
	config.Workers, config.RetryLimit = 4, NoLimit
	h := Run(t, config)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				result, err := h.Flush(g%2, fmt.Sprintf("tag-%d-%d", g, i), []byte("retry 1"))
				if err != nil || result.Code != OK || result.Offers != 2 {
					t.Errorf("got %+v, %v", result, err)
				}
			}
		})
	}
	wg.Wait()
}
