package pace

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Pacer lets requests of one destination go when it is their time. It is safe
// for concurrent use.
type Pacer struct {
	mu     sync.Mutex // guards the following
	core   *Core
	timer  *time.Timer // set while somebody waits for time to pass; nil until first used
	waited time.Duration

	limited atomic.Bool // as core has it
	shards  *Shards
}

// New makes a Pacer, which from then on alone may use o.Random.
func New(o Options) *Pacer {
	return &Pacer{core: NewCore(o), shards: NewShards(fork(o.Random))}
}

// Shards are those of the stream.
func (p *Pacer) Shards() *Shards { return p.shards }

// Enter waits until some of what is asked for may be sent, and returns how many of
// its records: the caller sends the first so many, and asks again for the rest.
// It is 0 where ctx ended first; otherwise Leave must follow, with the Weight of
// the ask. Where nothing was ever refused, and there is a place, it is all of them
// and at once, and then ctx is not looked at.
func (p *Pacer) Enter(ctx context.Context, a Ask) (records int) {
	if a.Records <= 0 {
		return 0
	}
	if p.EnterNow(a) {
		return a.Records
	}
	p.mu.Lock()
	now := time.Now()
	in := make(chan int, 1)
	e := &waiter{ask: a, in: func(records int) {
		p.waited += time.Since(now)
		in <- records
	}}
	p.core.join(now, e)
	p.advance(now)
	p.mu.Unlock()

	select {
	case records = <-in:
		return records
	case <-ctx.Done():
		return p.giveUp(e, now, in)
	}
}

// EnterNow is Enter for all of an ask, where nobody has to wait and there is no
// rate. It is false where there is.
func (p *Pacer) EnterNow(a Ask) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.Records <= 0 || !p.core.free(&a) {
		return false
	}
	p.core.admit(a.Weight)
	return true
}

// Throttled tells whether there is a rate.
func (p *Pacer) Throttled() bool { return p.limited.Load() }

// Watching tells whether anything has been refused of late, so that it matters
// which shard takes what.
func (p *Pacer) Watching() bool { return p.Throttled() || p.shards.Any() }

// giveUp takes a waiter out of the line. If it was let in at the same moment, it
// has been let in.
func (p *Pacer) giveUp(e *waiter, since time.Time, in <-chan int) (records int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.core.waiting, e)
	if i < 0 {
		return <-in
	}
	p.core.waiting = slices.Delete(p.core.waiting, i, i+1)
	now := time.Now()
	p.waited += now.Sub(since)
	p.advance(now) // those behind it, where it was too large to fit
	return 0
}

// Leave ends what Enter has let in.
func (p *Pacer) Leave(weight int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.core.leave(now, weight)
	if len(p.core.waiting) > 0 {
		p.advance(now)
	}
}

// Learn takes in what became of a request that Enter has let in: what the stream
// said, or that it said nothing. A request that was refused for what it is, not for
// when it came, is not told.
func (p *Pacer) Learn(o Outcome) Turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	turn := p.core.Learn(now, o)
	p.limited.Store(p.core.limited)
	p.advance(now)
	return turn
}

// GiveBack is for a request that Enter has let in and that the stream did not look at:
// it has cost the pace nothing.
func (p *Pacer) GiveBack(a Amount) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.core.giveBack(now, a)
	p.advance(now)
}

// Hold has everybody wait, whoever arrived first going first, so that the shard of
// this hash key saves up for a record that is larger than what it takes in a second.
// It is false where there is no rate, of the stream or of the shard: nobody knows then
// who would have to wait.
func (p *Pacer) Hold(hash uint64) bool {
	stream := p.hold()
	shard := p.shards.hold(hash)
	return stream || shard
}

func (p *Pacer) hold() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	held := p.core.hold(now)
	p.advance(now)
	return held
}

// advance lets in whoever may go, and sees to it that this is done again in time.
// The caller holds mu.
func (p *Pacer) advance(now time.Time) {
	next := p.core.Advance(now)
	switch {
	case next.IsZero():
		if p.timer != nil {
			p.timer.Stop()
		}
	case p.timer == nil:
		p.timer = time.AfterFunc(next.Sub(now), p.wake)
	default:
		p.timer.Reset(next.Sub(now))
	}
}

// wake is called when somebody has waited long enough.
func (p *Pacer) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(time.Now())
}

// open ends the limit, and lets in all who wait for it.
func (p *Pacer) open() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.core.limited, p.core.drought = false, drought{}
	p.core.window = math.Inf(1)
	p.advance(time.Now())
}
