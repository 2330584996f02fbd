package kinesis

import (
	"sync"
	"time"
)

// A combiner puts the rests of flushes together that are about at the same time,
// so that many small chunks make few requests and large aggregates. It is group
// commit, and goes by three rules:
//
//   - Whoever is alone goes at once: no other flush is under way, and none was
//     answered a moment ago.
//   - While other flushes are still encoding, or were just answered and so may be
//     back with their next chunk, what has gathered waits for them, for a moment.
//   - While a small request has no answer yet, what has gathered waits for that
//     answer, as long as one usually takes and a little more. So the workers fall
//     into step, and from then on their chunks travel together.
//
// A rest that would not profit, for it is large or its flush has sent full
// requests before it, does not wait.
type combiner struct {
	mu sync.Mutex // guards the following, and what destination says

	gathered *rest     // of several flushes; nil where there is none
	parted   bool      // gathered is what has stayed behind when the rest of it went
	since    time.Time // that something has gathered

	encoding int           // flushes that are under way and have not handed over their rest
	away     int           // flushes with a rest in a small request that has no answer yet
	departed time.Time     // when the last of those requests did
	coming   int           // flushes that were answered at the time of answered, less those that came
	answered time.Time     // when the last small request was
	trip     time.Duration // that a small request takes to its answer, as a moving average
	timer    *time.Timer   // set while what has gathered waits; nil until first used
}

const (
	firstTrip = 10 * time.Millisecond // until the first answer
	mostGrace = 2 * time.Millisecond
	mostAway  = 250 * time.Millisecond
	mostTrips = 4 // of the average; what takes longer says nothing of the others
)

// answerWait is how long what has gathered waits for an answer. Less than one takes
// would have two groups of workers miss each other for ever.
func (c *combiner) answerWait() time.Duration { return min(mostAway, c.trip*5/4) }

// grace is how long what has gathered waits for flushes that are about.
func (c *combiner) grace() time.Duration { return min(mostGrace, c.trip/4) }

// overdue is how long a request may take before it is not waited for.
func (c *combiner) overdue() time.Duration { return 2 * c.trip }

// enter says that a flush is under way. The caller holds mu.
func (c *combiner) enter() {
	c.encoding++
	c.coming = max(0, c.coming-1)
}

// wait is how long what has gathered is still to wait; 0 for no longer. The
// caller holds mu.
func (c *combiner) wait(now time.Time) time.Duration {
	if c.away > 0 {
		if left := c.departed.Add(c.answerWait()).Sub(now); left > 0 {
			return left
		}
	}
	until := c.answered.Add(c.grace())
	if c.encoding == 0 && (c.coming == 0 || !now.Before(until)) {
		return 0
	}
	if later := c.since.Add(c.grace()); later.After(until) {
		until = later
	}
	return max(0, until.Sub(now))
}

// hear says that a small request of so many flushes has its first answer, after
// that time; ok tells whether it was one to learn from. The caller holds mu.
func (c *combiner) hear(flushes int, took time.Duration, ok bool, now time.Time) {
	c.away -= flushes
	if now.Sub(c.answered) > c.grace() {
		c.coming = 0
	}
	c.coming += flushes
	c.answered = now
	if ok {
		c.trip += (min(took, mostTrips*c.trip) - c.trip) / 8
	}
}

// absorb puts a rest to what has gathered, or makes it that. The caller holds mu,
// and has seen to it that there is room.
func (d *destination) absorb(r *rest) {
	if d.gathered == nil || d.parted {
		d.parted, d.since = false, time.Now()
	}
	if d.gathered == nil {
		d.gathered = r
		return
	}
	g := d.gathered
	if r.began.Before(g.began) {
		g.began = r.began
	}
	switch {
	case r.batch == nil:
	case g.batch == nil:
		g.batch = r.batch
	default:
		g.batch.copyAll(r.batch)
		d.putBatch(r.batch)
	}
	_, later := d.line.busy(d.overdue())
	for _, a := range r.aggregates {
		d.merge(g, a, later)
	}
}

// merge adds an aggregate to the last one of its shard, of lines to that of its key,
// where there is one, it fits, and neither is to wait for the other's keys.
func (d *destination) merge(g *rest, a *openAggregate, busy stripes) {
	for i := len(g.aggregates) - 1; i >= 0; i-- {
		into := g.aggregates[i]
		if a.lines != nil && !into.joins(a) {
			continue // whatever comes first
		}
		if into.shard == a.shard {
			if into.stripes.meet(busy) != a.stripes.meet(busy) || into.sizeWithAll(a) > d.mostOpen() {
				break
			}
			into.addAll(a, d.ordered)
			d.putAggregate(a)
			return
		}
		if into.stripes.meet(a.stripes) {
			break // its records came later than those before
		}
	}
	g.aggregates = append(g.aggregates, a)
}

// full tells whether waiting for more would gain nothing.
func (r *rest) full() bool {
	return r.entries() >= fullEntries || r.bytes() >= fullBytes
}

// small tells whether a rest would profit from company.
func (r *rest) small() bool {
	return r.entries() <= smallEntries && r.bytes() <= smallBytes
}

const (
	fullEntries  = 490
	fullBytes    = 1 << 20
	smallEntries = 250
	smallBytes   = 128 << 10
)
