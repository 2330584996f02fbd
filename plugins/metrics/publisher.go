package metrics

import (
	"sync"
	"sync/atomic"
	"time"
)

// PublishInterval is how long after a change it is published, at most, and how
// far apart two publications are.
const PublishInterval = 500 * time.Millisecond

// A Publisher brings values to where they are kept elsewhere: soon after
// something has changed, however often it does, and never while nothing does.
// It is safe for concurrent use. A nil one does nothing.
type Publisher struct {
	due atomic.Bool // the timer runs, and what has changed by its end is published then

	mu      sync.Mutex // guards the following
	publish func()     // nil once closed
	timer   *time.Timer
}

// NewPublisher makes a Publisher, and publishes for a first time. publish is
// not called twice at a time, and not any more once Close has returned.
func NewPublisher(publish func()) *Publisher {
	publish()
	p := &Publisher{publish: publish}
	p.timer = time.AfterFunc(time.Hour, p.run)
	p.timer.Stop()
	return p
}

// Changed says that something has changed. It is to be called after the change.
func (p *Publisher) Changed() {
	if p == nil || p.due.Load() || !p.due.CompareAndSwap(false, true) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.publish != nil {
		p.timer.Reset(PublishInterval)
	}
}

// run publishes. Whatever changes from here on is for the next time.
func (p *Publisher) run() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.publish != nil {
		p.due.Store(false)
		p.publish()
	}
}

// Close ends the publication. What has changed since the last one is not
// published any more.
func (p *Publisher) Close() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer.Stop()
	p.publish = nil
}
