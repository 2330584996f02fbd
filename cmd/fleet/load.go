package main

import "time"

// work has so many workers offer chunks, each the next one when the one before is
// accepted, until so many records have been offered.
func (a *agent) work(workers, chunk, total int) {
	for range workers {
		a.clock.after(0, func() { a.workOn(chunk, &total) })
	}
}

func (a *agent) workOn(chunk int, left *int) {
	n := min(chunk, *left)
	if n == 0 {
		return
	}
	*left -= n
	a.offer(n, func() { a.workOn(chunk, left) })
}

// A tail is a file that an agent reads: something is added to it every so often,
// and flushed once a second. What cannot be sent at once waits.
type tail struct {
	*agent
	each  time.Duration
	lines int // added each time
	quiet time.Time

	backlog  int
	flushing int
}

// A Fluent Bit output has several chunks under way, of at most about 2 MB.
const (
	mostFlushing = 4
	chunkRecords = 4700
)

// tail begins after a while, and stops at a time.
func (a *agent) tail(after, each time.Duration, lines int, quiet time.Time) {
	t := &tail{agent: a, each: each, lines: lines, quiet: quiet}
	a.clock.after(after, t.tick)
}

func (t *tail) tick() {
	if t.clock.now.After(t.quiet) {
		return
	}
	t.backlog += t.lines
	t.flush()
	t.clock.after(t.each, t.tick)
}

func (t *tail) flush() {
	for t.flushing < mostFlushing && t.backlog > 0 {
		n := min(t.backlog, chunkRecords)
		t.backlog -= n
		t.flushing++
		t.offer(n, func() {
			t.flushing--
			t.flush()
		})
	}
}
