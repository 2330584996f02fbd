package kinesis

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/record"
)

// panicsOn panics in the request with this number, from 1.
func panicsOn(number int) func(context.Context, []putRecord) {
	var requests atomic.Int64
	return func(context.Context, []putRecord) {
		if requests.Add(1) == int64(number) {
			panic("as a test has it")
		}
	}
}

func TestAPanicInADeliveryHandsItsRecordsBack(t *testing.T) {
	for name, number := range map[string]int{"in a goroutine of its own": 1, "in the caller's": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &fakeStream{t: t, latency: 1, before: panicsOn(number)}, &logText{}
				o := outputLogging(t, log, s, configOf(t, "requests_in_flight", "1"))
				require.Equal(t, Retry, o.Flush(numbered(1200), "tag"))
				lost := 500
				if number == 3 {
					lost = 200
				}
				require.EqualValues(t, lost, o.Counts().HandedBack)
				require.Contains(t, log.String(), "internal error in a delivery: as a test has it")
				require.Contains(t, log.String(), "panic_test.go", "the stack")
				requireIdle(t, o)

				require.Equal(t, OK, o.Flush(numbered(1200), "tag"))
				require.Equal(t, upTo(1200), s.numbers(), "each once")
			})
		})
	}
}

func TestAPanicInALaterAttemptHandsBackWhatIsLeftThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, before: panicsOn(3)}
		s.refuse = func(r putRecord) string {
			if r.n(t)%(1+len(s.requests)) != 0 {
				return throttledCode
			}
			return ""
		}
		o := outputOf(t, s, "partition_key", "key")
		require.Equal(t, Retry, o.Flush(keyed(100, 7), "tag"))
		requireIdle(t, o)
		s.refuse = nil
		require.Equal(t, OK, o.Flush(keyed(100, 7), "tag"))
		require.Equal(t, upTo(100), s.numbers(), "each once")
	})
}

func TestAPanicInABackgroundDeliveryLosesAndCountsItsRecords(t *testing.T) {
	s := &fakeStream{before: panicsOn(1)}
	inBackground(t, s, []string{"experimental_concurrency", "1"}, func(t *testing.T, o *Output, log *logText) {
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		synctest.Wait()
		require.EqualValues(t, 3, o.Counts().Dropped[dropLost])
		require.Equal(t, OK, o.Flush(numbered(3), "tag"), "its place is free")
		o.Close()
		require.Equal(t, upTo(3), s.numbers())
		require.Contains(t, log.String(), "internal error in a delivery")
	})
}

// A panic while a chunk is encoded is the entry point's to recover. It must
// leave nothing behind that holds up the flushes after it.
func TestAPanicWhileAChunkIsEncodedLeavesTheInstanceInOrder(t *testing.T) {
	for name, options := range map[string][]string{
		"in the foreground": nil,
		"in the background": {"experimental_concurrency", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{t: t}
			o := outputLogging(t, &logText{}, s, configOf(t, options...))
			broken := &flush{o: o, d: o.d, records: new(record.Encoder)}
			o.idle.put(broken) // without what makes records
			require.Panics(t, func() { o.Flush(numbered(3), "tag") })
			require.Equal(t, OK, o.Flush(numbered(3), "tag"))
			o.drain()
			require.Equal(t, upTo(3), s.numbers())
		})
	}
}
