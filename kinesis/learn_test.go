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

	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/kinesis/service"
)

func TestTheShardThatARefusalNames(t *testing.T) {
	for message, want := range map[string]string{
		"Rate exceeded for shard shardId-000000000000 in stream logs under account 123456789012.": "shardId-000000000000",
		"Rate exceeded for shard shardId-000000000000.":                                           "shardId-000000000000",
		"Rate exceeded for shard ":                                                                "",
		"Rate exceeded":                                                                           "",
		"":                                                                                        "",
		"Slow down, please. shard":                                                                "",
		"for shard in stream logs.":                                                               "in",
	} {
		require.Equal(t, want, refusingShard(message), "%q", message)
	}
}

// What becomes of a request tells the pacer whether the stream is at its limit or
// out of order, if it is about when it came and not about what it is.
func TestWhatThePacerLearnsOfARequest(t *testing.T) {
	whole := func(f service.Fault) func([]putRecord) error {
		return func([]putRecord) error { return failed(f) }
	}
	for name, test := range map[string]struct {
		fail      func([]putRecord) error
		codes     []string // of the records, in turn
		throttled bool
		outage    bool
		refused   int64
	}{
		"all accepted":          {},
		"the last throttled":    {codes: []string{"", "", throttledCode}, throttled: true, refused: 1},
		"one by bad luck":       {codes: []string{throttledCode, "", ""}, refused: 1},
		"all throttled":         {codes: []string{throttledCode}, outage: true, refused: 3},
		"one has failed":        {codes: []string{failureCode, "", ""}},
		"all have failed":       {codes: []string{failureCode}, outage: true},
		"throttled as a whole":  {fail: whole(service.Throttled), outage: true, refused: 3},
		"failed as a whole":     {fail: whole(service.Failing), outage: true},
		"no answer":             {fail: whole(service.Unanswered), outage: true},
		"denied":                {fail: whole(service.Denied)},
		"credentials expired":   {fail: whole(service.Expired)},
		"given up before it is": {fail: whole(service.Unsent)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, n := &fakeStream{t: t}, 0
				if test.fail != nil {
					s.fail = func(_ context.Context, records []putRecord) error { return test.fail(records) }
				}
				s.refuse = func(putRecord) string {
					if len(test.codes) == 0 {
						return ""
					}
					n++
					return test.codes[(n-1)%len(test.codes)]
				}
				log := &logText{}
				o := outputLogging(t, log, s, configOf(t, "delivery_timeout", "0"))
				o.Flush(numbered(3), "tag")
				state := o.d.pacer.State()
				require.Equal(t, test.throttled, state.Throttled)
				time.Sleep(time.Nanosecond)
				require.Equal(t, test.outage, o.d.pacer.State().Outage > 0)
				require.Equal(t, test.refused, o.Counts().Refused)
				require.Equal(t, test.throttled, strings.Contains(log.String(), "the stream throttles: "))
				require.Equal(t, test.refused > 0, strings.Contains(o.Counts().String(), fmt.Sprintf("; pace: throttled %d, ", test.refused)))
				requireIdle(t, o)
			})
		})
	}
}

// A request that says nothing of the stream may be the one that is to find out
// whether an outage is over. Then another is.
func TestAnOutageEndsThoughTheFirstToAskIsRefusedForWhatItIs(t *testing.T) {
	for _, fault := range []service.Fault{service.Denied, service.Invalid} {
		t.Run(fault.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: time.Millisecond}
				s.fail = func(_ context.Context, records []putRecord) error {
					for _, r := range records {
						if r.n(t) == 0 {
							return failed(fault)
						}
					}
					return nil
				}
				o := outputOf(t, s)
				o.d.pacer.Learn(pace.Outcome{})
				begin := time.Now()
				var first sync.WaitGroup
				first.Go(func() { o.Flush(numbered(1), "tag") })
				time.Sleep(time.Microsecond)
				codes, _ := o.atOnce(numberedFrom(10, 5, "k"), numberedFrom(20, 5, "k"))
				first.Wait()
				require.Equal(t, allOK(2), codes)
				require.Less(t, time.Since(begin), 5*time.Second)
				require.Len(t, s.numbers(), 10)
				requireIdle(t, o)
			})
		})
	}
}

// The log has a line when throttling begins, with the rate, and one when it ends.
func TestTheLogSaysWhenThrottlingBeginsAndWhenItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		s := &fakeStream{t: t, latency: 10 * time.Millisecond, refuse: func(r putRecord) string {
			if r.n(t)%10 == 0 && time.Since(begin) < 3*time.Second {
				return throttledCode
			}
			return ""
		}}
		log := &logText{}
		o := outputLogging(t, log, s, configOf(t))
		for time.Since(begin) < time.Minute {
			require.Equal(t, OK, o.Flush(numbered(30), "tag"))
			time.Sleep(200 * time.Millisecond)
		}
		require.False(t, o.d.pacer.Throttled())
		require.False(t, o.d.pacer.Watching())
		require.Equal(t, 1, strings.Count(log.String(), "the stream throttles: from here on about "))
		require.Equal(t, 1, strings.Count(log.String(), "the stream throttles no longer"))
	})
}
