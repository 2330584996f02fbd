package kinesis

import (
	"sync/atomic"
	"time"
)

// onlyThreadTimeout bounds the time for which a flush holds Fluent Bit's only
// thread, where it has no other: no input is read meanwhile.
const onlyThreadTimeout = 5 * time.Second

// stuckTimeouts is how many times delivery_timeout a delivery goes on, however
// much of others the stream accepts, while it accepts nothing of its own: a
// record that fails inside the service for ever must not hold a worker for ever.
const stuckTimeouts = 10

// patience says how long what passes by itself is tried again: as long as the
// stream accepts anything, and delivery_timeout more. It is safe for concurrent
// use.
type patience struct {
	timeout    time.Duration
	onlyThread *atomic.Bool // flushes are on Fluent Bit's only thread
	accepted   atomic.Int64 // when the stream last accepted a record, in nanoseconds since made
	made       time.Time    // carries the monotonic clock
}

func (p *patience) init(timeout time.Duration) {
	p.timeout, p.onlyThread, p.made = timeout, new(atomic.Bool), time.Now()
}

// another is the patience with another stream.
func (p *patience) another() *patience {
	return &patience{timeout: p.timeout, onlyThread: p.onlyThread, made: time.Now()}
}

// accept says that the stream has accepted something.
func (p *patience) accept() { p.accepted.Store(int64(time.Since(p.made))) }

// left is how long a delivery may still go on that began at one time, and had
// something of its own accepted at another, or first sent then. It is not more
// than 0 where it is to be given up.
func (p *patience) left(began, own time.Time) time.Duration {
	if p.onlyThread.Load() {
		return min(p.timeout, onlyThreadTimeout) - time.Since(began)
	}
	return min(p.timeout-p.silence(began), stuckTimeouts*p.timeout-time.Since(own))
}

// leastWait is how long a delivery waits for its turn at least, where nothing is
// tried again.
const leastWait = time.Second

// waiting is how long a delivery that began at a time may still wait before it
// sends something. It is not more than 0 where it is to be given up.
func (p *patience) waiting(began time.Time) time.Duration {
	timeout := max(p.timeout, leastWait)
	if p.onlyThread.Load() {
		return min(timeout, onlyThreadTimeout) - time.Since(began)
	}
	return timeout - p.silence(began)
}

// silence is for how long the stream has accepted nothing, since a time at most.
func (p *patience) silence(since time.Time) time.Duration {
	last := p.made.Add(time.Duration(p.accepted.Load()))
	if since.After(last) {
		last = since
	}
	return time.Since(last)
}
