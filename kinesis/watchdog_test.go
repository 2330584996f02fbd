package kinesis

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins"
)

// watchedOutput runs a test with an instance whose watchdog waits five minutes,
// on a clock of its own.
func watchedOutput(t *testing.T, s *fakeStream, options []string, test func(t *testing.T, o *Output, expired chan string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		config := configOf(t, options...)
		config.SendFailureTimeout = 5 * time.Minute
		expired := make(chan string, 10)
		o, err := newOutput(config, plugins.NewLogger(io.Discard, "kinesis", ""), s, func(reason string) { expired <- reason })
		require.NoError(t, err)
		defer o.Close()
		test(t, o, expired)
	})
}

func throttleAll(putRecord) string { return throttledCode }

func TestWatchdogExpiresWhereNothingGetsThrough(t *testing.T) {
	s := &fakeStream{refuse: throttleAll}
	watchedOutput(t, s, []string{"delivery_timeout", "0"}, func(t *testing.T, o *Output, expired chan string) {
		for begin := time.Now(); time.Since(begin) < 5*time.Minute-time.Second; time.Sleep(time.Second) {
			require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
			require.Empty(t, expired)
		}
		time.Sleep(10 * time.Second)
		require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
		synctest.Wait()
		require.Len(t, expired, 1)
		require.Contains(t, <-expired, throttledCode)
	})
}

func TestWatchdogExpiresForRequestsThatFail(t *testing.T) {
	for _, f := range []service.Fault{service.Unanswered, service.Failing, service.Denied, service.Throttled, service.Expired} {
		t.Run(f.String(), func(t *testing.T) {
			s := &fakeStream{fail: func(context.Context, []putRecord) error { return failed(f) }}
			watchedOutput(t, s, nil, func(t *testing.T, o *Output, expired chan string) {
				require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
				time.Sleep(6 * time.Minute)
				require.Empty(t, expired, "with nothing to send it does not expire")
				require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
				synctest.Wait()
				require.Len(t, expired, 1)
				require.Contains(t, <-expired, "C: m (HTTP status 400)")
			})
		})
	}
}

func TestWatchdogIsNotArmedByRecordsThatAreDropped(t *testing.T) {
	s := &fakeStream{fail: func(context.Context, []putRecord) error { return failed(service.Invalid) }}
	watchedOutput(t, s, nil, func(t *testing.T, o *Output, expired chan string) {
		require.Equal(t, OK, o.Flush(numbered(1), "tag"))
		time.Sleep(6 * time.Minute)
		s.fail = func(context.Context, []putRecord) error { return failed(service.Failing) }
		require.Equal(t, Retry, o.Flush(numbered(1), "tag"))
		synctest.Wait()
		require.Empty(t, expired, "the first failure is a moment ago")
	})
}

func TestWatchdogExpiresWhereAProxyFindsEveryRecordTooLarge(t *testing.T) {
	s := &fakeStream{fail: func(context.Context, []putRecord) error {
		return &service.Error{Fault: service.Invalid, Status: http.StatusRequestEntityTooLarge}
	}}
	watchedOutput(t, s, nil, func(t *testing.T, o *Output, expired chan string) {
		require.Equal(t, Retry, o.Flush(numbered(1), "tag"))
		time.Sleep(6 * time.Minute)
		require.Equal(t, Retry, o.Flush(numbered(1), "tag"))
		synctest.Wait()
		require.Len(t, expired, 1)
	})
}

func TestWatchdogExpiresWhileARequestHangs(t *testing.T) {
	s := &fakeStream{}
	watchedOutput(t, s, nil, func(t *testing.T, o *Output, expired chan string) {
		hangs := make(chan struct{})
		s.before = func(context.Context, []putRecord) { <-hangs }
		done := make(chan Code)
		go func() { done <- o.Flush(numbered(3), "tag") }()
		time.Sleep(5*time.Minute - time.Nanosecond)
		synctest.Wait()
		require.Empty(t, expired)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Len(t, expired, 1)
		require.Contains(t, <-expired, "hangs")
		close(hangs)
		require.Equal(t, OK, <-done)
	})
}

func TestWatchdogExpiresWhileABackgroundRequestHangs(t *testing.T) {
	s := &fakeStream{latency: time.Hour}
	watchedOutput(t, s, []string{"experimental_concurrency", "1"}, func(t *testing.T, o *Output, expired chan string) {
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		require.Len(t, expired, 1)
	})
}

func TestWatchdogIsCalmedByAnyRecord(t *testing.T) {
	s := &fakeStream{}
	watchedOutput(t, s, []string{"delivery_timeout", "0"}, func(t *testing.T, o *Output, expired chan string) {
		for i := range 100 {
			s.refuse = throttleAll
			if i%10 == 9 {
				s.refuse = func(r putRecord) string {
					if r.n(t) == 1 {
						return ""
					}
					return throttledCode
				}
			}
			require.Equal(t, Retry, o.Flush(numbered(3), strconv.Itoa(i)))
			time.Sleep(20 * time.Second)
		}
		synctest.Wait()
		require.Empty(t, expired)
	})
}

// What is dropped as invalid does not count against what lands with it.
func TestWatchdogDoesNotMindRecordsThatAreInvalid(t *testing.T) {
	s := &fakeStream{fail: refusesPoison}
	watchedOutput(t, s, []string{"log_key", "log"}, func(t *testing.T, o *Output, expired chan string) {
		chunk := chunkOf(4, func(i int) fields { return fields{kv("log", []string{"a", "b", "poison", "c"}[i])} })
		for range 30 {
			require.Equal(t, OK, o.Flush(chunk, "tag"))
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		require.Empty(t, expired)
		require.Len(t, s.data(), 90)
	})
}
