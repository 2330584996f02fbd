package main

import (
	"time"
)

// A fleet is many agents on one stream. Each reads a file of its own.
type fleet struct {
	agents int
	shards int
}

func (f fleet) scenarios() []scenario {
	return []scenario{
		{"fleet, steady", f.steady},
		{"fleet, bursty", f.bursty},
		{"fleet, after an outage", f.outage},
		{"fleet, an outage at the limit", f.outageAtTheLimit},
		{"fleet, shards doubled", f.resharded},
	}
}

// limit is what the stream takes a second.
func (f fleet) limit() float64 { return float64(f.shards) * shardRecords }

// world has each agent read its share of so many times the limit, until that
// second. Each begins at a time of its own: a fleet has no common clock.
func (f fleet) world(seed uint64, l limits, load float64, every time.Duration, until int) *world {
	w := newWorld(seed, l, f.shards)
	lines := int(load * f.limit() / float64(f.agents) * every.Seconds())
	for range f.agents {
		after := time.Duration(w.random.Int64N(int64(every)))
		w.agent().tail(after, every, lines, w.second(until))
	}
	return w
}

const (
	overload = 1.5
	settle   = 10
	busy     = 60
)

// steady is one and a half times the limit.
func (f fleet) steady(seed uint64, l limits) figures {
	return f.overloaded(f.world(seed, l, overload, time.Second, busy))
}

// bursty is the same, but each agent has what comes in ten seconds come at once.
func (f fleet) bursty(seed uint64, l limits) figures {
	return f.overloaded(f.world(seed, l, overload, 10*time.Second, busy))
}

func (f fleet) overloaded(w *world) figures {
	shares := w.shares(settle, busy)
	w.run(w.second(3 * busy))
	fig := w.figures(settle, busy)
	fig.jain = jain(shares)
	accepted, _ := w.stream.total(settle, busy)
	fig.pace = accepted / (f.limit() * (busy - settle))
	return fig
}

// outage has nothing accepted for a minute, in which all fill up. Before and after
// it there is half as much as the stream takes.
func (f fleet) outage(seed uint64, l limits) figures { return f.down(0.5, seed, l) }

// outageAtTheLimit is the same, but before it and after it there is more than the
// stream takes.
func (f fleet) outageAtTheLimit(seed uint64, l limits) figures { return f.down(overload, seed, l) }

func (f fleet) down(load float64, seed uint64, l limits) figures {
	const down, up, drained = 10, 70, 150
	w := f.world(seed, l, load, time.Second, drained)
	w.at(w.second(down), func() { w.stream.down = true })
	w.at(w.second(up), func() { w.stream.down = false })
	shares := w.shares(up, drained)
	w.run(w.second(2 * drained))
	fig := w.figures(up, drained)
	fig.jain = jain(shares)
	accepted, _ := w.stream.total(up, up+30) // while all have something left
	fig.pace = accepted / (f.limit() * 30)
	fig.recover = after(w.stream.reaches(up, 0.9*f.limit()))
	return fig
}

// resharded has twice the shards from the middle on.
func (f fleet) resharded(seed uint64, l limits) figures {
	const when, until = 30, 60
	w := f.world(seed, l, overload, time.Second, until)
	w.at(w.second(when), func() { w.stream.reshard(2*f.shards, w.now) })
	shares := w.shares(settle, until)
	w.run(w.second(3 * until))
	fig := w.figures(settle, until)
	fig.jain = jain(shares)
	accepted, _ := w.stream.total(settle, until)
	offered := overload * f.limit() * until // all of it is accepted in the end
	began, _ := w.stream.total(0, settle)
	fig.pace = accepted / min(f.limit()*(when-settle)+2*f.limit()*(until-when), offered-began)
	fig.recover = after(w.stream.reaches(when+1, 0.9*2*f.limit()))
	return fig
}
