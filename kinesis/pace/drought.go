package pace

import (
	"math/rand/v2"
	"time"
)

// A drought is the time since the stream last accepted anything, where it has
// refused or failed a whole request since. It may be the rest of a second whose
// share is used up, and it may be an outage: nobody can tell, and both are met
// in the same way. One small request at a time asks whether it is over, each
// after a pause of a quarter of the time that it has lasted. So a short one costs
// little time, and a long one few requests. The pauses are random, for a
// thousand senders must not come back together.
type drought struct {
	on     bool
	since  time.Time // the first miss
	last   time.Time // the latest miss: what was sent before it is no news
	until  time.Time // nobody goes before
	before float64   // what was accepted a second before it
	failed bool      // a request has had no answer, or an error of the service's: it may be an outage
	asking bool      // a request is under way that is to find out whether it is over
}

const (
	leastPause = 100 * time.Millisecond
	mostPause  = 4 * time.Second
	outage     = time.Second // longer than the rest of a second
)

// miss counts a request of which nothing was accepted, and whether it was answered
// at all. It tells whether it is an outage.
func (d *drought) miss(now, sent time.Time, answered bool, accepted float64, random *rand.Rand) bool {
	if !d.on {
		*d = drought{on: true, since: now, before: accepted}
	} else if sent.Before(d.last) {
		return d.outage(now)
	}
	d.failed = d.failed || !answered
	d.last, d.asking = now, false
	pause := min(max(now.Sub(d.since)/4, leastPause), mostPause)
	if !d.failed && now.Sub(d.since) < outage { // it ends with the second
		pause = leastPause
	}
	d.until = now.Add(pause/2 + time.Duration(random.Int64N(int64(pause))))
	return d.outage(now)
}

// ask counts a request that is to find out whether it is over.
func (d *drought) ask(now time.Time) { d.until, d.asking = now.Add(mostPause), true }

// leave ends such a request. If it told nothing, another may ask soon.
func (d *drought) leave(now time.Time) {
	if d.on && d.asking {
		d.until, d.asking = now.Add(leastPause), false
	}
}

// outage tells whether it lasts for longer than others can have used up a second.
// Where the stream refuses everything for its pace it is others who are faster.
func (d *drought) outage(now time.Time) bool { return d.failed && now.Sub(d.since) > outage }
