package kinesis

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins"
)

// inBackground runs a test with an instance that sends in the background, on a
// clock of its own. The test may close it.
func inBackground(t *testing.T, s *fakeStream, options []string, test func(t *testing.T, o *Output, log *logText)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		log := &logText{}
		config := configOf(t, append([]string{"experimental_concurrency", "2"}, options...)...)
		o, err := newOutput(config, plugins.NewLogger(log, "kinesis", "debug"), s, nil)
		require.NoError(t, err)
		t.Cleanup(o.Close)
		test(t, o, log)
	})
}

func TestBackgroundAnswersOnceTheRecordsAreEncoded(t *testing.T) {
	s := &fakeStream{latency: time.Minute}
	inBackground(t, s, nil, func(t *testing.T, o *Output, _ *logText) {
		begin := time.Now()
		chunk := numbered(1200)
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		clear(chunk) // which is Fluent Bit's again
		require.Zero(t, time.Since(begin))
		require.Empty(t, s.numbers())
		time.Sleep(2 * time.Minute)
		require.Equal(t, upTo(1200), s.numbers())
		o.Close()
		require.Equal(t, 3, s.most, "side by side")
	})
}

func TestBackgroundWithoutAFreePlaceIsRetry(t *testing.T) {
	s := &fakeStream{latency: 5 * time.Second}
	inBackground(t, s, nil, func(t *testing.T, o *Output, _ *logText) {
		require.Equal(t, OK, o.Flush(numbered(1), "tag"))
		time.Sleep(time.Second)
		require.Equal(t, OK, o.Flush(numbered(1), "tag"))
		require.Equal(t, Retry, o.Flush(numbered(1), "tag"))
		require.EqualValues(t, 2, o.Counts().Records, "what is not taken is not counted")
		time.Sleep(4*time.Second + time.Millisecond)
		require.Equal(t, OK, o.Flush(numbered(1), "tag"), "the first one has given its place back")
		require.Equal(t, Retry, o.Flush(numbered(1), "tag"))
		o.Close()
		require.Len(t, s.numbers(), 3)
	})
}

func TestBackgroundIsRetryWhileRecordsAreTriedAgain(t *testing.T) {
	s := &fakeStream{refuse: func(putRecord) string { return throttledCode }}
	inBackground(t, s, nil, func(t *testing.T, o *Output, _ *logText) {
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		synctest.Wait() // the first attempt has been refused, and another one is waited for
		require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
		s.mu.Lock()
		s.refuse = nil
		s.mu.Unlock()
		time.Sleep(time.Second)
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		o.Close()
		require.Len(t, s.numbers(), 6)
	})
}

func TestBackgroundLosesAndCountsWhatDoesNotGetThrough(t *testing.T) {
	for name, fail := range map[string]func(context.Context, []putRecord) error{
		"because of a failure":   func(context.Context, []putRecord) error { return failed(service.Failing) },
		"because of an operator": func(context.Context, []putRecord) error { return failed(service.Denied) },
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{fail: fail}
			inBackground(t, s, []string{"experimental_concurrency_retries", "2"}, func(t *testing.T, o *Output, log *logText) {
				require.Equal(t, OK, o.Flush(numbered(5), "tag"))
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Equal(t, []int{5, 5, 5}, s.requests, "two attempts after the first")
				require.EqualValues(t, 5, o.Counts().Dropped[dropLost])
				require.Contains(t, log.String(), "5 of the 5 records of a chunk are lost: C: m")

				s.fail = nil
				require.Equal(t, OK, o.Flush(numbered(5), "tag"))
				o.Close()
				require.Equal(t, upTo(5), s.numbers())
				require.EqualValues(t, 5, o.Counts().Dropped[dropLost])
			})
		})
	}
}

func TestBackgroundLosesOnlyWhatWasRefused(t *testing.T) {
	s := &fakeStream{}
	s.refuse = func(r putRecord) string {
		if strings.Contains(string(r.Data), "7") {
			return throttledCode
		}
		return ""
	}
	inBackground(t, s, nil, func(t *testing.T, o *Output, log *logText) {
		require.Equal(t, OK, o.Flush(numbered(20), "tag"))
		o.Close()
		require.Len(t, s.numbers(), 18)
		require.EqualValues(t, 2, o.Counts().Dropped[dropLost])
		require.Contains(t, log.String(), "2 of the 20 records of a chunk are lost")
	})
}

func TestBackgroundKeepsTheOrderOfChunks(t *testing.T) {
	s := &fakeStream{latency: time.Second}
	options := []string{"partition_key", "key", "log_key", "log", "experimental_concurrency", "10"}
	inBackground(t, s, options, func(t *testing.T, o *Output, _ *logText) {
		var want []string
		for chunk := range 8 {
			text := fmt.Sprint("chunk ", chunk)
			want = append(want, text)
			require.Equal(t, OK, o.Flush(chunkOf(1, func(int) fields { return fields{kv("key", "k"), kv("log", text)} }), "tag"))
		}
		o.Close()
		require.Equal(t, want, s.data())
	})
}

// Behind a record at fault each record has as many attempts as without it: what
// is left in the background is lost.
func TestBackgroundIsolatesWithAllAttempts(t *testing.T) {
	var refused sync.Map
	s := &fakeStream{fail: refusesPoison, refuse: func(r putRecord) string {
		if _, again := refused.LoadOrStore(string(r.Data), true); !again {
			return throttledCode
		}
		return ""
	}}
	options := []string{"experimental_concurrency_retries", "1", "log_key", "log"}
	inBackground(t, s, options, func(t *testing.T, o *Output, _ *logText) {
		require.Equal(t, OK, o.Flush(chunkOf(16, func(i int) fields {
			if i == 5 {
				return fields{kv("log", "poison")}
			}
			return fields{kv("log", fmt.Sprint("line ", i))}
		}), "tag"))
		o.Close()
		require.Len(t, s.data(), 15)
		require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
		require.Zero(t, o.Counts().Dropped[dropLost])
	})
}

func TestBackgroundSaysAtOnceThatAChunkIsMalformed(t *testing.T) {
	s := &fakeStream{}
	inBackground(t, s, nil, func(t *testing.T, o *Output, log *logText) {
		require.Equal(t, Error, o.Flush(append(numbered(3), 0xc1), "tag"))
		o.Close()
		require.Equal(t, upTo(3), s.numbers())
		require.Contains(t, log.String(), "chunk cannot be read from byte")
		require.EqualValues(t, 1, o.Counts().Dropped[record.Malformed])
	})
}

func TestBackgroundKeepsTheOrderOfEachKey(t *testing.T) {
	s := &fakeStream{latency: time.Second}
	inBackground(t, s, []string{"partition_key", "key"}, func(t *testing.T, o *Output, _ *logText) {
		require.Equal(t, OK, o.Flush(keyed(1700, 4), "tag"))
		o.Close()
		require.Equal(t, upTo(1700), s.numbers())
		require.Zero(t, s.overlaps)
		for key, ns := range s.userNumbersByKey() {
			require.IsIncreasing(t, ns, key)
		}
	})
}

func TestCloseWaitsForTheBackground(t *testing.T) {
	s := &fakeStream{latency: 29 * time.Second}
	inBackground(t, s, nil, func(t *testing.T, o *Output, log *logText) {
		begin := time.Now()
		require.Equal(t, OK, o.Flush(numbered(5), "tag"))
		o.Close()
		require.Equal(t, 29*time.Second, time.Since(begin))
		require.Equal(t, upTo(5), s.numbers())
		require.NotContains(t, log.String(), "lost")
		require.Contains(t, log.String(), "at exit: records 5, accepted 5")
	})
}

func TestCloseWaitsForTheAttemptsOfTheBackground(t *testing.T) {
	s := &fakeStream{}
	s.fail = func(context.Context, []putRecord) error {
		if s.requestCount() < 4 {
			return failed(service.Unanswered)
		}
		return nil
	}
	inBackground(t, s, nil, func(t *testing.T, o *Output, _ *logText) {
		require.Equal(t, OK, o.Flush(numbered(5), "tag"))
		o.Close()
		require.Equal(t, upTo(5), s.numbers())
	})
}

// 30 s, or http_request_timeout times the attempts, whichever is less.
func TestCloseGivesUpAndCountsWhatIsLost(t *testing.T) {
	for name, test := range map[string]struct {
		options []string
		latency time.Duration
		want    time.Duration
	}{
		"after 30 s":                                        {nil, time.Hour, 30 * time.Second},
		"after the attempts of a short timeout":             {[]string{"http_request_timeout", "2"}, time.Hour, 10 * time.Second},
		"after 30 s where the timeout is long":              {[]string{"http_request_timeout", "60"}, time.Hour, 30 * time.Second},
		"after the one attempt there is":                    {[]string{"http_request_timeout", "3", "experimental_concurrency_retries", "0"}, time.Hour, 3 * time.Second},
		"after 30 s with requests that wait for each other": {[]string{"requests_in_flight", "1"}, 20 * time.Second, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{latency: test.latency}
			inBackground(t, s, test.options, func(t *testing.T, o *Output, log *logText) {
				begin := time.Now()
				require.Equal(t, OK, o.Flush(numbered(700), "tag"))
				o.Close()
				require.Equal(t, test.want, time.Since(begin))
				lost := 700 - len(s.numbers())
				require.Positive(t, lost)
				require.EqualValues(t, lost, o.Counts().Dropped[dropLost])
				require.Contains(t, log.String(), "of the 700 records of a chunk are lost")
				require.Contains(t, log.String(), "lost in the background")
			})
		})
	}
}

func TestCloseGivesUpWhatWaitsForItsNextAttemptOrInLine(t *testing.T) {
	s := &fakeStream{latency: 20 * time.Second, refuse: func(putRecord) string { return throttledCode }}
	inBackground(t, s, []string{"partition_key", "key"}, func(t *testing.T, o *Output, _ *logText) {
		begin := time.Now()
		require.Equal(t, OK, o.Flush(keyed(1700, 1), "tag"))
		o.Close()
		require.Equal(t, 30*time.Second, time.Since(begin))
		require.EqualValues(t, 1700, o.Counts().Dropped[dropLost])
		requireIdle(t, o)
	})
}

func TestCloseOfAnInstanceThatNeverSent(t *testing.T) {
	for _, options := range [][]string{nil, {"experimental_concurrency", "10"}} {
		log := &logText{}
		o, err := newOutput(configOf(t, options...), plugins.NewLogger(log, "kinesis", ""), nil, nil)
		require.NoError(t, err)
		o.Close()
		require.Contains(t, log.String(), "at exit: records 0, accepted 0 (0 bytes)")
	}
}
