package kinesis

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

func TestAFlushGoesOnForAsLongAsDeliveryTimeoutWhileNothingIsAccepted(t *testing.T) {
	for name, test := range map[string]struct {
		options    []string
		onlyThread bool
		want       time.Duration
	}{
		"by default":                  {nil, false, 30 * time.Second},
		"as it is set":                {[]string{"delivery_timeout", "5m"}, false, 5 * time.Minute},
		"in seconds":                  {[]string{"delivery_timeout", "7"}, false, 7 * time.Second},
		"not at all":                  {[]string{"delivery_timeout", "0"}, false, 0},
		"on Fluent Bit's only thread": {nil, true, onlyThreadTimeout},
		"on Fluent Bit's only thread, less if set so": {[]string{"delivery_timeout", "2s"}, true, 2 * time.Second},
	} {
		for _, fault := range []service.Fault{service.Throttled, service.Failing, service.Unanswered, service.Expired} {
			t.Run(name+", "+fault.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &fakeStream{t: t, fail: func(context.Context, []putRecord) error { return failed(fault) }}
					o := outputOf(t, s, test.options...)
					o.patience.onlyThread.Store(test.onlyThread)
					begin := time.Now()
					require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
					require.Equal(t, test.want, time.Since(begin))
					require.EqualValues(t, 3, o.Counts().HandedBack)
				})
			})
		}
	}
}

// A large chunk makes many requests, and each waits for its turn. What is bounded
// is the time of the flush.
func TestAFlushOfManyRequestsGoesOnForNoLonger(t *testing.T) {
	for name, test := range map[string]struct {
		options    []string
		onlyThread bool
		want       time.Duration
	}{
		"by default":                  {nil, false, 30 * time.Second},
		"by key":                      {[]string{"partition_key", "key"}, false, 30 * time.Second},
		"with one in flight":          {[]string{"requests_in_flight", "1"}, false, 30 * time.Second},
		"not at all":                  {[]string{"delivery_timeout", "0"}, false, leastWait},
		"on Fluent Bit's only thread": {nil, true, onlyThreadTimeout},
	} {
		for _, fault := range []service.Fault{service.Throttled, service.Failing, service.Unanswered} {
			t.Run(name+", "+fault.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &fakeStream{t: t, latency: time.Millisecond, fail: func(context.Context, []putRecord) error { return failed(fault) }}
					o := outputOf(t, s, test.options...)
					o.patience.onlyThread.Store(test.onlyThread)
					begin := time.Now()
					require.Equal(t, Retry, o.Flush(keyed(8000, 40), "tag"))
					require.LessOrEqual(t, time.Since(begin), test.want+time.Second)
					require.EqualValues(t, 8000, o.Counts().HandedBack)
					requireIdle(t, o)
				})
			})
		}
	}
}

func TestAnOutageThatEndsInTimeHandsNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &fakeStream{t: t, fail: func(context.Context, []putRecord) error {
			if time.Since(begin) < 20*time.Second {
				return failed(service.Unanswered)
			}
			return nil
		}}
		o := outputOf(t, s)
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() { require.Equal(t, OK, o.Flush(numbered(1200), "tag")) })
		}
		workers.Wait()
		require.Len(t, s.numbers(), 4800)
		require.Less(t, time.Since(begin), time.Minute)
	})
}

// A record that is throttled for long waits for its turn while the stream accepts
// those of others.
func TestAFlushWaitsForItsTurnAsLongAsTheStreamAcceptsAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &fakeStream{t: t, refuse: func(r putRecord) string {
			if r.n(t) == 0 && time.Since(begin) < 2*time.Minute {
				return throttledCode
			}
			return ""
		}}
		o := outputOf(t, s)
		var others sync.WaitGroup
		others.Go(func() {
			for n := range 13 {
				time.Sleep(10 * time.Second)
				require.Equal(t, OK, o.Flush(chunkOf(1, func(int) fields { return fields{kv("n", 10+n)} }), "tag"))
			}
		})
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		require.GreaterOrEqual(t, time.Since(begin), 2*time.Minute)
		others.Wait()
		require.Len(t, s.numbers(), 16)
	})
}

func TestARecordThatFailsForEverGoesBackInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, refuse: func(r putRecord) string {
			if r.n(t) == 0 {
				return failureCode
			}
			return ""
		}}
		o := outputOf(t, s)
		begin := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		others.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Second)
				o.Flush(chunkOf(1, func(int) fields { return fields{kv("n", 1)} }), "tag")
			}
		})
		require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
		require.InDelta(t, stuckTimeouts*30, time.Since(begin).Seconds(), 10) // and until it may ask again
		cancel()
		others.Wait()
	})
}
