package plugins

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const waitLimit = 5 * time.Minute

var errThrottled = errors.New("throttled")

// A watched is a Timeout under test and what it said when it expired.
type watched struct {
	*Timeout
	t       *testing.T
	reasons chan string
}

// watchdog runs a test with a Timeout of waitLimit on a clock of its own.
func watchdog(t *testing.T, test func(w watched)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := watched{t: t, reasons: make(chan string, 10)}
		w.Timeout = NewTimeout(waitLimit, func(reason string) { w.reasons <- reason })
		defer w.Close()
		test(w)
	})
}

// quiet requires that it has not expired by now.
func (w watched) quiet() {
	w.t.Helper()
	synctest.Wait()
	require.Empty(w.t, w.reasons)
}

// expiredWith requires that it has expired by now, for that reason.
func (w watched) expiredWith(reason string) {
	w.t.Helper()
	synctest.Wait()
	require.Len(w.t, w.reasons, 1)
	require.Equal(w.t, reason, <-w.reasons)
}

const (
	hangs     = "no record was accepted for 5m0s: what is under way hangs, without an answer or an error"
	failsOnce = "no record was accepted for 5m0s; failed attempts: 1, the last one with: throttled"
	failsTwo  = "no record was accepted for 5m0s; failed attempts: 2, the last one with: throttled"
)

func TestTimeoutExpiresAtTheEndOfTheWaitWithWorkUnderWay(t *testing.T) {
	watchdog(t, func(w watched) {
		time.Sleep(time.Hour)
		work := w.Begin()
		time.Sleep(time.Second)
		w.Failed(errThrottled)
		work.End()
		time.Sleep(waitLimit - time.Minute)
		w.Begin()
		time.Sleep(time.Minute - time.Nanosecond)
		w.quiet()
		time.Sleep(time.Nanosecond)
		w.expiredWith(failsOnce)
	})
}

func TestTimeoutExpiresOnAHangingRequest(t *testing.T) {
	watchdog(t, func(w watched) {
		time.Sleep(time.Hour)
		w.Begin()
		time.Sleep(waitLimit - time.Nanosecond)
		w.quiet()
		time.Sleep(time.Nanosecond)
		w.expiredWith(hangs)
	})
}

func TestTimeoutCountsAHangFromTheOldestWorkUnderWay(t *testing.T) {
	watchdog(t, func(w watched) {
		first := w.Begin()
		time.Sleep(time.Minute)
		w.Begin()
		time.Sleep(time.Minute)
		first.End()
		time.Sleep(waitLimit - time.Minute - time.Nanosecond)
		w.quiet()
		time.Sleep(time.Nanosecond)
		w.expiredWith(hangs)
	})
}

func TestTimeoutDoesNotTakeAStreamOfShortWorkForAHang(t *testing.T) {
	watchdog(t, func(w watched) {
		last := w.Begin()
		for range 100 { // never a moment without work, and nothing to send in it
			time.Sleep(waitLimit / 2)
			next := w.Begin()
			last.End()
			last = next
		}
		w.quiet()
		last.End()
	})
}

func TestTimeoutExpiresAtTheNextFailureIfNothingWasUnderWay(t *testing.T) {
	watchdog(t, func(w watched) {
		work := w.Begin()
		w.Failed(errThrottled)
		work.End()
		time.Sleep(time.Hour)
		w.quiet()
		work = w.Begin()
		time.Sleep(time.Second)
		w.quiet()
		w.Failed(errThrottled)
		w.expiredWith(failsTwo)
		work.End()
	})
}

func TestTimeoutExpiresAtAFailureWithoutWorkToo(t *testing.T) {
	watchdog(t, func(w watched) {
		w.Failed(errThrottled)
		time.Sleep(waitLimit - time.Nanosecond)
		w.Failed(errThrottled)
		w.quiet()
		time.Sleep(time.Nanosecond)
		w.quiet()
		w.Failed(errThrottled)
		w.expiredWith("no record was accepted for 5m0s; failed attempts: 3, the last one with: throttled")
	})
}

func TestTimeoutGivesWorkBegunAfterTheWaitATimeOfItsOwn(t *testing.T) {
	watchdog(t, func(w watched) {
		w.Failed(errThrottled)
		time.Sleep(time.Hour)
		w.Begin()
		time.Sleep(waitLimit - time.Nanosecond)
		w.quiet()
		time.Sleep(time.Nanosecond)
		w.expiredWith(failsOnce)
	})
}

func TestTimeoutIsDisarmedByWhatIsAccepted(t *testing.T) {
	watchdog(t, func(w watched) {
		work := w.Begin()
		w.Failed(errThrottled)
		time.Sleep(waitLimit - time.Nanosecond)
		w.Accepted()
		work.End()
		time.Sleep(time.Hour)
		w.quiet()

		w.Failed(errThrottled)
		w.Accepted() // at the same moment
		time.Sleep(time.Hour)
		w.Failed(errThrottled)
		w.quiet()
		time.Sleep(waitLimit)
		w.Failed(errThrottled)
		w.expiredWith(failsTwo)
	})
}

func TestTimeoutCountsAHangFromTheLastThingAccepted(t *testing.T) {
	watchdog(t, func(w watched) {
		w.Begin()
		for range 10 {
			time.Sleep(waitLimit - time.Second)
			w.Accepted()
		}
		time.Sleep(waitLimit - time.Nanosecond)
		w.quiet()
		time.Sleep(time.Nanosecond)
		w.expiredWith(hangs)
	})
}

func TestTimeoutArmedDuringAHangKeepsTheEarlierEnd(t *testing.T) {
	watchdog(t, func(w watched) {
		w.Begin()
		time.Sleep(time.Minute)
		w.Failed(errThrottled)
		time.Sleep(waitLimit - time.Minute - time.Nanosecond)
		w.quiet()
		time.Sleep(time.Nanosecond)
		w.expiredWith(failsOnce)
	})
}

func TestTimeoutExpiresOnce(t *testing.T) {
	watchdog(t, func(w watched) {
		work := w.Begin()
		w.Failed(errThrottled)
		time.Sleep(waitLimit)
		w.expiredWith(failsOnce)
		for range 5 {
			time.Sleep(waitLimit)
			w.Failed(errThrottled)
			w.Begin()
		}
		work.End()
		work.End()
		w.quiet()
	})
}

func TestTimeoutNeverExpiresWithNothingToSend(t *testing.T) {
	watchdog(t, func(w watched) {
		for range 10 {
			work := w.Begin()
			time.Sleep(time.Second)
			work.End()
			time.Sleep(time.Hour)
		}
		w.quiet()
	})
}

func TestTimeoutDoesNotExpireOnceClosed(t *testing.T) {
	watchdog(t, func(w watched) {
		w.Begin()
		w.Failed(errThrottled)
		w.Close()
		time.Sleep(time.Hour)
		w.Failed(errThrottled)
		w.Begin().End()
		w.Accepted()
		w.quiet()
	})
}

func TestTimeoutCloseWaitsForTheCallOfExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		done := false
		timeout := NewTimeout(waitLimit, func(string) {
			time.Sleep(time.Minute)
			done = true
		})
		timeout.Begin()
		time.Sleep(waitLimit)
		synctest.Wait()
		timeout.Close()
		require.True(t, done)
	})
}

func TestTimeoutThatIsOffDoesNothing(t *testing.T) {
	for _, duration := range []time.Duration{0, -time.Second} {
		timeout := NewTimeout(duration, func(string) { t.Error("expired") })
		require.Nil(t, timeout)
		work := timeout.Begin()
		timeout.Failed(errThrottled)
		timeout.Accepted()
		work.End()
		timeout.Close()
	}
}

func TestTimeoutIsForManyGoroutines(t *testing.T) {
	watchdog(t, func(w watched) {
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for range 100 {
					work := w.Begin()
					w.Failed(errThrottled)
					time.Sleep(time.Second)
					w.Accepted()
					work.End()
				}
			})
		}
		wg.Wait()
		w.quiet()
		for range 16 {
			wg.Go(func() {
				defer w.Begin().End()
				for range 100 {
					time.Sleep(waitLimit / 50)
					w.Failed(errThrottled)
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		require.Len(t, w.reasons, 1)
		<-w.reasons
	})
}
