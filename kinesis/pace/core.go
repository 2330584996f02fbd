package pace

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Options bound what may be in flight, and say where chance comes from.
type Options struct {
	Requests int        // at most, at a time
	Bytes    int        // of Weight, at most, unless one request alone has more
	Random   *rand.Rand // nil for one of its own
}

// A Core is a Pacer without a clock and without anybody who blocks: it is told
// what time it is, which never goes back, and calls whoever is let in. A simulation
// drives it as a Pacer does. It is not safe for concurrent use.
type Core struct {
	options Options
	waiting []*waiter // by arrival

	taken   int       // requests in flight
	weight  int       // their bytes
	window  float64   // requests that may be: it starts small
	blocked time.Time // since when somebody waits for a place; zero for nobody

	limited bool
	told    bool // that throttling has begun
	rate    rate
	tokens  float64 // what may be sent now, in costs; less than nothing after a large request
	filled  time.Time
	refused time.Time // the last refusal
	pressed time.Time // the last time that somebody waited for the rate
	drought drought
	recent  recent
}

// A waiter waits to be let in.
type waiter struct {
	ask Ask
	in  func(records int)
}

const (
	firstWindow = 3
	steepWindow = 8                      // from here on it doubles with each round of answers
	openAfter   = 20 * time.Millisecond  // without an answer there is one place more
	saved       = 250 * time.Millisecond // of the rate can be saved up
	mostDebt    = mostPause              // of the rate can be owed for a request that is larger than it
	portion     = 25 * time.Millisecond  // of the rate is sent in one request,
	least       = 0.05                   // but 50 records, or 51 KiB,
	mostPortion = 500 * time.Millisecond // as long as there are two a second
	question    = 0.02                   // of a shard's second asks whether a drought is over
	calmAfter   = 5 * time.Second        // without a refusal throttling ends,
	idleAfter   = 2 * time.Second        // if nobody had to wait for as long
	wantedFor   = time.Second
)

// NewCore makes a Core.
func NewCore(o Options) *Core {
	if o.Random == nil {
		o.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	return &Core{options: o, window: firstWindow}
}

// Enter puts an ask in line. in is called when it may be sent, maybe before Enter
// returns, with how many of its records may. It must not call the Core. An ask for
// nothing is never let in.
func (c *Core) Enter(now time.Time, a Ask, in func(records int)) {
	if a.Records <= 0 {
		return
	}
	c.join(now, &waiter{ask: a, in: in})
	c.Advance(now)
}

// join puts a waiter in line, behind all that arrived before.
func (c *Core) join(now time.Time, e *waiter) {
	if e.ask.Arrived.IsZero() {
		e.ask.Arrived = now
	}
	i := len(c.waiting)
	for i > 0 && c.waiting[i-1].ask.Arrived.After(e.ask.Arrived) {
		i--
	}
	c.waiting = slices.Insert(c.waiting, i, e)
}

// free tells whether an ask is let in at once, with nothing to be worked out.
func (c *Core) free(a *Ask) bool {
	return len(c.waiting) == 0 && !c.limited && !c.drought.on && c.fits(a.Weight)
}

// fits tells whether a request of this weight may be in flight beside those that
// are.
func (c *Core) fits(weight int) bool {
	return c.taken == 0 || c.taken < c.most() && c.weight+weight <= c.options.Bytes
}

// most is how many requests may be in flight.
func (c *Core) most() int {
	if c.window >= float64(c.options.Requests) { // which as a float64 may be more than an int holds
		return c.options.Requests
	}
	return int(c.window)
}

// admit counts a request as in flight.
func (c *Core) admit(weight int) {
	c.taken++
	c.weight += weight
	c.blocked = time.Time{}
}

// Leave ends what was let in.
func (c *Core) Leave(now time.Time, weight int) {
	c.leave(now, weight)
	c.Advance(now)
}

func (c *Core) leave(now time.Time, weight int) {
	c.taken--
	c.weight -= weight
	c.drought.leave(now)
}

// Advance lets in whoever may go by now. Where somebody has to wait for time to
// pass, it returns until when; Advance is to be called then.
func (c *Core) Advance(now time.Time) (next time.Time) {
	if c.drought.on && len(c.waiting) > 0 && !c.waiting[0].ask.Now {
		return c.probe(now)
	}
	n := 0
	for n < len(c.waiting) {
		e := c.waiting[n]
		if !c.fits(e.ask.Weight) {
			if next = c.openLater(now, e.ask.Weight); next.IsZero() && c.fits(e.ask.Weight) {
				continue
			}
			break
		}
		records, until := c.allow(now, &e.ask)
		if records == 0 {
			next = until
			break
		}
		c.admit(e.ask.Weight)
		e.in(records)
		n++
	}
	c.waiting = slices.Delete(c.waiting, 0, n)
	return next
}

// openLater opens one more place in flight where nobody answers: it says nothing of
// the stream, and whoever waits must not wait for it. It returns when that is to be
// done, where it is too early; zero where it has been done, or is not to be.
func (c *Core) openLater(now time.Time, weight int) (next time.Time) {
	if c.limited || c.taken >= c.options.Requests || c.weight+weight > c.options.Bytes {
		return time.Time{}
	}
	if c.blocked.IsZero() {
		c.blocked = now
	}
	if next = c.blocked.Add(openAfter); now.Before(next) {
		return next
	}
	c.window = float64(c.taken + 1)
	return time.Time{}
}

// probe lets in one of those who wait, if it is time to ask whether a drought is
// over: the first that has not been refused yet, or any. The stream may refuse one
// of them for a reason of its own, and all others would wait for it.
func (c *Core) probe(now time.Time) (next time.Time) {
	if len(c.waiting) == 0 {
		return time.Time{}
	}
	i := slices.IndexFunc(c.waiting, func(w *waiter) bool { return !w.ask.Again })
	if i < 0 {
		i = c.options.Random.IntN(len(c.waiting))
	}
	e := c.waiting[i]
	if !c.fits(e.ask.Weight) {
		return time.Time{}
	}
	records, until := c.allow(now, &e.ask)
	if records == 0 {
		return until
	}
	c.admit(e.ask.Weight)
	c.waiting = slices.Delete(c.waiting, i, i+1)
	e.in(records)
	return c.drought.until
}

// allow takes out of the rate what an ask may send now, and returns how many
// records that is; where it is nothing, until when.
func (c *Core) allow(now time.Time, a *Ask) (records int, until time.Time) {
	if a.Now {
		return a.Records, until
	}
	if c.drought.on && now.Before(c.drought.until) {
		return 0, c.drought.until
	}
	records, cost := a.Records, a.cost()
	if parts := int(cost / c.part()); parts > 1 && !a.Whole {
		records = (records + parts - 1) / parts
		cost *= float64(records) / float64(a.Records)
	}
	if c.limited {
		c.fill(now)
		if c.tokens < 0 {
			c.pressed = now
			return 0, now.Add(time.Duration(-c.tokens/c.rate.perSecond*float64(time.Second)) + time.Microsecond)
		}
		c.tokens -= cost
		c.fill(now)
	}
	if c.drought.on {
		c.drought.ask(now)
	}
	return records, until
}

// part is the most that one request may cost. Many small ones at their time are
// refused less than few large ones: they tell the limit sooner, and better.
func (c *Core) part() float64 {
	switch {
	case c.drought.on:
		return question
	case c.limited:
		return max(c.rate.perSecond*portion.Seconds(), min(least, c.rate.perSecond*mostPortion.Seconds()))
	}
	return math.Inf(1)
}

// fill adds what time has brought. A record may be more than a small rate has in a
// minute: whoever comes next waits no longer for it than for the next question in
// an outage, or a rate that is too small would not learn so in time.
func (c *Core) fill(now time.Time) {
	c.tokens = max(c.tokens, -mostDebt.Seconds()*c.rate.perSecond)
	c.tokens += now.Sub(c.filled).Seconds() * c.rate.perSecond
	c.tokens = min(c.tokens, saved.Seconds()*c.rate.perSecond)
	c.filled = now
}

// giveBack puts what an amount cost back into what may be sent now.
func (c *Core) giveBack(now time.Time, a Amount) {
	if c.limited {
		c.tokens += a.cost()
		c.fill(now)
	}
}

// hold has whoever waits go on waiting, as after a request that was as large as can
// be owed for.
func (c *Core) hold(now time.Time) bool {
	if !c.limited {
		return false
	}
	c.fill(now)
	c.tokens = -mostDebt.Seconds() * c.rate.perSecond
	c.pressed = now
	return true
}

// Learn takes in what became of a request, and says whether throttling begins or
// ends with it.
func (c *Core) Learn(now time.Time, o Outcome) Turn {
	if o.Accepted.Records+o.Refused.Records == 0 && o.Apart.Records > 0 {
		c.drought.leave(now)
		c.Advance(now)
		return Same
	}
	o.forgive()
	sent := now.Add(-o.Took)
	if o.Accepted.Records == 0 {
		c.miss(now, sent, o.Refused.Records > 0)
	} else {
		if c.drought.on {
			c.endDrought(now)
		}
		c.recent.add(now, o.Accepted)
		if c.limited {
			c.rate.resume(now, c.recent.second(now))
		}
	}
	if o.Refused.Records > 0 {
		c.refused = now
		if accepted := max(c.recent.second(now), c.recent.perSecond(now)); accepted > 0 || o.Shards > 1 && !c.drought.failed { // else there is nothing to begin with
			c.limit(now, accepted, firstGain)
		}
	} else if o.Accepted.Records > 0 {
		c.widen()
	}
	if c.limited && o.Accepted.Records+o.Refused.Records > 0 {
		c.fill(now)
		c.rate.compare(now, o.Shards, c.recent.second(now))
		c.rate.learn(now, sent, o, len(c.waiting) > 0 || now.Sub(c.pressed) < wantedFor)
		c.limited = now.Sub(c.refused) < calmAfter || now.Sub(c.pressed) < idleAfter
	}
	c.Advance(now)
	return c.turn(o.Refused.Records > 0)
}

// turn tells whether throttling has begun or ended. An outage is none, though what
// is sent after it is limited as well.
func (c *Core) turn(refused bool) Turn {
	switch {
	case c.limited && refused && !c.told:
		c.told = true
		return Begins
	case !c.limited && c.told:
		c.told = false
		return Ends
	}
	return Same
}

// miss counts a request of which nothing was accepted. After an outage all that
// has gathered wants to go at once: so what follows is limited, to what was
// accepted before.
func (c *Core) miss(now, sent time.Time, answered bool) {
	if c.drought.miss(now, sent, answered, max(c.recent.second(now), c.recent.perSecond(now)), c.options.Random) {
		c.window = firstWindow
		c.refused = now
		c.limit(now, c.drought.before, lateGain)
	}
}

// endDrought is called with the first that is accepted. After an outage the stream
// is found anew: what was learned before it is too old to grow from faster.
func (c *Core) endDrought(now time.Time) {
	if c.drought.outage(now) {
		c.limited = false
		c.limit(now, c.drought.before, lateGain)
	}
	c.drought, c.refused = drought{}, now // it ends now, however long ago the last refusal was
}

// limit begins to limit the rate, where that is not done yet.
func (c *Core) limit(now time.Time, accepted, search float64) {
	if c.limited {
		return
	}
	c.limited = true
	c.tokens, c.filled = 0, now
	c.rate.start(now, accepted, search)
}

// widen lets more requests be in flight, where one was accepted as a whole. What
// is in flight when the first refusal comes is refused as well: that is why it
// starts small.
func (c *Core) widen() {
	if c.window < steepWindow {
		c.window += 0.25
	} else {
		c.window = min(c.window+1, float64(c.options.Requests))
	}
}
