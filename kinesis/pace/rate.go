package pace

import (
	"math"
	"time"
)

// A rate is what may be sent a second, in costs, and how it is learned.
//
// What is refused is taken off it: a second in which 100 of 1,000 were refused
// makes 1,000 a second into 900, which is what was accepted. Once a second in
// which something was refused, a little more is taken off: it gives back to the
// shards what they had saved up, so that somebody who comes later finds room, and
// makes senders who started apart meet.
//
// What is accepted while somebody waits raises it: slowly just after a refusal,
// ever faster where there was none for a while, for then the stream has grown.
// Small rates grow by more of themselves than large ones. All senders see about
// the same share of refusals, and each comes to rest where what it gains and what
// it loses are the same: those with less than the others gain more than they
// lose, until they have as much.
type rate struct {
	perSecond float64
	began     time.Time // what was sent before tells of another rate
	search    float64   // by how much it grows until it meets the limit; 0 where it has
	eased     time.Time // when it was last eased
	top       float64   // what it was then
	answers   int       // in a row without a refusal
	shards    float64   // of the stream, as far as answers have named them
	has       float64   // the share of what these take that was accepted in the last second

	accepted, refused float64 // in the last half second or so
	heard             time.Time
}

// The shares by which a rate grows are for the time in which what it allows in a
// second is accepted.
const (
	growth      = 0.17 // of a rate of up to one shard
	largeGrowth = 0.25 // of larger ones, in shards
	largeGains  = 0.05 // the least
	easing      = 0.15 // is taken off
	easeEvery   = time.Second
	easeShare   = 0.02 // of refusals; for fewer, less
	mostFall    = 0.5  // between two easings, and by one answer
	shareSpan   = 500 * time.Millisecond
	leastRate   = 0.005 // five records a second: one that is nothing can learn nothing
)

// Until it has met the limit a rate grows faster. After an outage it does not: a
// thousand who double theirs while the shards live on what they have saved up
// would learn too late that it is used up. By some seconds later it is, and who has
// met no limit by then is far from it.
const (
	firstGain  = 0.35
	lateGain   = 0.15
	lateAfter  = 8 * time.Second
	laterGain  = 0.1  // for each second
	searchEnds = 0.10 // the share of refusals at which the limit is met
	firstRate  = 0.25 // at least, before anything is known
	lateRate   = 0.05 // likewise, after an outage
)

// In its first seconds a rate is hardly more than who came first. Then it grows
// faster and is lowered by more, so that two that start one after the other are
// close to each other soon. A small one is one of many, and many would add too much
// in this way.
const (
	early       = 8 * time.Second
	earlyLeast  = 0.5
	earlyGrowth = 1.5 // of a rate of one shard, besides
	firstGrowth = 3.0 // until it has met the limit
	earlyEasing = 0.4
)

// What one shard takes is known, and how many shards there are is seen. So a rate
// knows how much of the stream it has. Who has about all of it shares it with
// nobody, and need not make room; who begins on a stream of few shards is one of
// few, and most often alone.
const (
	mostOfIt  = 0.85
	fewShards = 4.0
	firstPart = 2.0 / 3 // of so few; of more it is less, for then there are others as well: of eight a sixth
)

// Without a refusal for a while, which must be more than the second in which the
// service may count, a rate grows by more with each second.
const (
	quietAfter = 1500 * time.Millisecond
	quietSends = 12  // answers at least: who sends little must wait longer
	quietGain  = 0.5 // for each second
	mostQuiet  = 2
)

// Large records are refused by bad luck as well. Where a shard takes n of them in
// a second, chance puts more than that on some and less on others; at the limit
// about 0.4/sqrt(n) of all are too many. That share says nothing of the limit, and
// to fill the shards on which there are fewer takes a little more.
const (
	luck     = 0.4
	mostLuck = 0.2
)

// start begins to learn from what was accepted in a second. Of much of it a part
// was chance: of two senders who come to a stream at the same time one is always
// first. So the rate starts with less, and they start closer to each other.
func (r *rate) start(now time.Time, accepted, search float64) {
	if search == firstGain {
		accepted = begins(accepted)
	}
	switch search {
	case firstGain:
		accepted = max(accepted, firstRate)
	case lateGain:
		accepted = max(accepted, lateRate)
	}
	accepted = max(accepted, leastRate)
	*r = rate{perSecond: accepted, began: now, search: search, eased: now, top: accepted, heard: now}
}

// begins is the rate to begin with, where so much was accepted in a second.
func begins(accepted float64) float64 {
	if accepted > 1 {
		return max(math.Sqrt(accepted), accepted/4)
	}
	return accepted
}

// resume lifts a rate that has just begun to what the answers after the first
// refusal say, of requests that were under way with it. Who has taken less than a
// shard had few of them.
func (r *rate) resume(now time.Time, accepted float64) {
	if accepted > 1 && r.search == firstGain && now.Sub(r.began) < time.Second {
		r.lift(begins(accepted))
	}
}

// compare takes in how many shards an answer names, and what was accepted in the
// last second. One that has just begun begins anew with what a stream of so many
// shards is worth, if that is more: how little it had before was chance.
func (r *rate) compare(now time.Time, shards int, accepted float64) {
	if r.shards = max(r.shards, float64(shards)); r.shards == 0 {
		return
	}
	r.has = accepted / r.shards
	if r.shards > 1 && r.search == firstGain && now.Sub(r.began) < time.Second {
		r.lift(firstPart * min(r.shards, fewShards*fewShards/r.shards))
	}
}

// lift has a rate be at least so much.
func (r *rate) lift(to float64) {
	r.perSecond = max(r.perSecond, to)
	r.top = max(r.top, to)
}

// learn takes in an answer to a request that was sent at that time. wanted tells
// whether anybody has to wait for more.
func (r *rate) learn(now, sent time.Time, o Outcome, wanted bool) {
	if sent.Before(r.began) {
		return
	}
	accepted, refused := o.Accepted.cost(), o.Refused.cost()
	r.count(now, accepted, refused)
	if refused > 0 {
		r.ease(now)
	}
	change := -refused
	if r.search > 0 && accepted == 0 && now.Sub(r.eased) < easeEvery {
		change = 0 // the second whose share is used up, which has just been met
	}
	if wanted {
		each := (accepted + refused) / float64(o.Accepted.Records+o.Refused.Records)
		change += accepted * (r.gain(now) + min(luck*math.Sqrt(each), mostLuck))
	}
	change = max(-mostFall, min(mostFall, change/r.perSecond))
	r.perSecond = max(r.perSecond*math.Exp(change), mostFall*r.top, leastRate)
}

// count keeps the share of refusals of a short while.
func (r *rate) count(now time.Time, accepted, refused float64) {
	fade := math.Exp(-float64(now.Sub(r.heard)) / float64(shareSpan))
	r.heard = now
	r.accepted = r.accepted*fade + accepted
	r.refused = r.refused*fade + refused
	if r.answers++; refused > 0 {
		r.answers = 0
	}
}

// ease lowers the rate by a little, once a second. A search goes on through a few
// refusals: on a stream that others have filled there are some at any rate.
func (r *rate) ease(now time.Time) {
	if now.Sub(r.eased) < easeEvery || r.search > 0 && r.share() < searchEnds {
		return
	}
	r.search = 0
	r.eased = now
	by := easing
	if r.early(now) {
		by = earlyEasing
	}
	r.perSecond *= 1 - by*min(1, r.share()/easeShare)
	r.top = r.perSecond
}

// share is how much of what came in a short while was refused.
func (r *rate) share() float64 { return r.refused / (r.accepted + r.refused) }

// early tells whether it is still to be found out who gets how much.
func (r *rate) early(now time.Time) bool {
	return now.Sub(r.began) < early && r.perSecond > earlyLeast && r.has < mostOfIt
}

// earlyGrowth is how much faster it grows then, in shards a second.
func (r *rate) earlyGrowth() float64 {
	if r.search > 0 {
		return firstGrowth
	}
	return earlyGrowth
}

// gain is the share by which the rate grows.
//
// One of several shards grows by the same part of a shard whatever it is, so that
// two that differ meet within seconds. Below that it is less than the same: a
// thousand senders, each with a tenth of a shard, would add hundreds of shards a
// second.
func (r *rate) gain(now time.Time) float64 {
	if r.search == lateGain {
		later := now.Sub(r.eased) - lateAfter
		return lateGain + max(0, min(later.Seconds()*laterGain, mostQuiet))
	}
	g := r.search
	if r.early(now) && (r.shards == 0 || r.perSecond < r.shards) {
		g += r.earlyGrowth() / r.perSecond
	}
	if r.perSecond > 1 {
		g += max(largeGrowth/r.perSecond, largeGains)
	} else {
		g += growth * math.Pow(r.perSecond, -0.3)
	}
	if quiet := now.Sub(r.eased) - quietAfter; quiet > 0 && r.answers >= quietSends {
		g += min(quiet.Seconds()*quietGain, mostQuiet)
	}
	return g
}
