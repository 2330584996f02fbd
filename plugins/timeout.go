package plugins

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Timeout watches over work that may stop getting through: requests that
// fail, or that hang without an answer. The first failure begins a wait, and
// whatever is accepted ends it. The Timeout expires, once,
//
//   - at the end of the wait, if work is under way then;
//   - at the first failure after it, if none was;
//   - when a piece of work has been under way for the whole duration and in it
//     nothing was accepted, whether anything failed or not.
//
// With nothing to send it never expires.
//
// A nil Timeout is one that is switched off: all its methods do nothing. The
// methods are safe for use by several goroutines at once.
type Timeout struct {
	duration time.Duration
	expired  func(reason string)
	close    func()        // tells the watching goroutine to end, once
	closed   chan struct{} // closed by close
	ended    chan struct{} // closed by the watching goroutine at its end

	mu       sync.Mutex // guards the following
	timer    *time.Timer
	wakeAt   time.Time // when the timer fires, zero when it does not
	underWay []*Work   // the oldest first
	accepted time.Time // when something was last accepted
	failures failures  // since then
}

// failures is a run of failures with nothing accepted in between.
type failures struct {
	count       int
	first, last time.Time
	err         error // the last one's
}

// Work is a piece of work that a Timeout watches, such as a flush or a send in
// the background. That of a nil Timeout is nil.
type Work struct {
	timeout *Timeout
	began   time.Time
}

// NewTimeout returns a Timeout of that duration, or nil if it is not positive.
// When it expires it calls expired, from a goroutine of its own, with what a
// person should know; expired must not call Close. A Timeout must be closed.
func NewTimeout(duration time.Duration, expired func(reason string)) *Timeout {
	if duration <= 0 {
		return nil
	}
	closed := make(chan struct{})
	t := &Timeout{
		duration: duration,
		expired:  expired,
		close:    sync.OnceFunc(func() { close(closed) }),
		closed:   closed,
		ended:    make(chan struct{}),
		timer:    time.NewTimer(duration),
	}
	t.timer.Stop()
	go t.watch()
	return t
}

// Begin says that a piece of work is under way, until its End.
func (t *Timeout) Begin() *Work {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &Work{timeout: t, began: time.Now()}
	t.underWay = append(t.underWay, w)
	t.schedule()
	return w
}

// End says that the work is no longer under way, whatever came of it. Calls
// after the first do nothing.
func (w *Work) End() {
	if w == nil {
		return
	}
	t := w.timeout
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.underWay, w); i >= 0 {
		t.underWay = slices.Delete(t.underWay, i, i+1)
	}
}

// Accepted says that something got through. It is cheap enough for every
// request.
func (t *Timeout) Accepted() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accepted = time.Now()
	t.failures = failures{}
}

// Failed says that an attempt to get something through failed, and how.
func (t *Timeout) Failed(err error) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	f := &t.failures
	f.count++
	f.last = time.Now()
	f.err = err
	if f.count == 1 {
		f.first = f.last
	}
	t.schedule()
}

// Close ends the watching and waits for its end, and for that of the call of
// expired if there is one. The Timeout does not expire any more.
func (t *Timeout) Close() {
	if t == nil {
		return
	}
	t.close()
	<-t.ended
}

// watch waits for the timer and looks whether the time is up.
func (t *Timeout) watch() {
	defer close(t.ended)
	defer t.timer.Stop()
	for {
		select {
		case <-t.closed:
			return
		case <-t.timer.C:
		}
		if reason, up := t.timeIsUp(); up {
			t.expired(reason)
			return
		}
	}
}

// timeIsUp reports whether the Timeout expires now, and why. If not, it winds
// up the timer again where there is something to wait for: what is accepted or
// ended puts the deadline off, but leaves the timer as it is.
func (t *Timeout) timeIsUp() (reason string, up bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wakeAt = time.Time{}
	deadline, waiting := t.deadline()
	if !waiting {
		return "", false
	}
	if time.Now().Before(deadline) {
		t.schedule()
		return "", false
	}
	return t.reason(), true
}

// schedule makes the timer fire at the deadline, if it would not before. The
// caller holds mu.
func (t *Timeout) schedule() {
	deadline, waiting := t.deadline()
	if waiting && (t.wakeAt.IsZero() || deadline.Before(t.wakeAt)) {
		t.wakeAt = deadline
		t.timer.Reset(time.Until(deadline))
	}
}

// deadline returns when the Timeout expires if nothing else happens. The
// caller holds mu.
func (t *Timeout) deadline() (at time.Time, waiting bool) {
	waitEnds := t.failures.first.Add(t.duration)
	failing := t.failures.count > 0
	if failing && !t.failures.last.Before(waitEnds) {
		return t.failures.last, true
	}
	if len(t.underWay) == 0 {
		return time.Time{}, false
	}
	oldest := t.underWay[0]
	if failing && !oldest.began.After(waitEnds) {
		at = waitEnds
	}
	stuckSince := oldest.began
	if t.accepted.After(stuckSince) {
		stuckSince = t.accepted
	}
	if hangs := stuckSince.Add(t.duration); at.IsZero() || hangs.Before(at) {
		at = hangs
	}
	return at, true
}

// reason says why the Timeout expires. The caller holds mu.
func (t *Timeout) reason() string {
	f := t.failures
	if f.count == 0 {
		return fmt.Sprintf("no record was accepted for %s: what is under way hangs, without an answer or an error", t.duration)
	}
	return fmt.Sprintf("no record was accepted for %s; failed attempts: %d, the last one with: %v", t.duration, f.count, f.err)
}
