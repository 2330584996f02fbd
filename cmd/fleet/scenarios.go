package main

import (
	"math"
	"math/rand/v2"
	"time"
)

// A scenario is one thing that may happen to a stream.
type scenario struct {
	name string
	run  func(seed uint64, l limits) figures
}

// few are scenarios of one process or two on a stream of four shards, fleets those
// of many agents.
func few() []scenario {
	return []scenario{
		{"1 worker", workers(1, chunkRecords)},
		{"8 workers", workers(8, chunkRecords)},
		{"8 workers, small chunks", workers(1, 88)}, // that travel together
		{"8 workers, partition keys", keyed},
		{"4 workers, aggregated", aggregated},
		{"2 processes", twoProcesses},
		{"2 processes, one later", staggered},
		{"a newcomer", newcomer},
		{"4 shards become 8", fourBecomeEight},
		{"8 workers, after an outage", afterAnOutage(5)},
		{"8 workers, begun in an outage", afterAnOutage(0)},
	}
}

const (
	fewShards  = 4
	fewRecords = 60_000
)

// drain runs until all is accepted, and says how fast that was, where the best is
// so many records a second.
func (w *world) drain(best float64) figures {
	const long = 600
	w.run(w.second(long))
	f := w.figures(0, long)
	var offered float64
	var first, last time.Duration
	for i, a := range w.agents {
		took := a.last.Sub(w.begin)
		if i == 0 {
			first = took
		}
		first, last = min(first, took), max(last, took)
		offered += float64(a.offered)
	}
	f.pace = offered / best / last.Seconds()
	f.slower = first.Seconds() / last.Seconds()
	return f
}

// workers offer chunks of log lines, each the next one when it has the answer.
func workers(n, chunk int) func(uint64, limits) figures {
	return func(seed uint64, l limits) figures {
		w := newWorld(seed, l, fewShards)
		w.agent().work(n, chunk, fewRecords)
		return w.drain(fewShards * shardRecords)
	}
}

// keyed has 40 keys of the same weight, so that one shard has most to do: it is
// what the best possible goes by.
func keyed(seed uint64, l limits) figures {
	w := newWorld(seed, l, fewShards)
	var keys [40]float64
	fullest := 0
	for fullest < 12 || fullest > 14 { // as the keys of the benchmark have it
		var on [fewShards]int
		for i := range keys {
			keys[i] = w.random.Float64()
			on[int(keys[i]*fewShards)]++
		}
		fullest = max(on[0], on[1], on[2], on[3])
	}
	a := w.agent()
	a.fixedKeys = true
	a.source = func(random *rand.Rand) record { return record{place: keys[random.IntN(len(keys))], size: 425} }
	a.work(8, chunkRecords, fewRecords)
	return w.drain(shardRecords * float64(len(keys)) / float64(fullest))
}

// aggregated has 200 log lines in each record.
func aggregated(seed uint64, l limits) figures {
	const lines, size = 200, 200 * 425
	w := newWorld(seed, l, fewShards)
	a := w.agent()
	a.perRequest = 50
	a.spread = true
	a.source = func(*rand.Rand) record { return record{place: a.place(), size: size} }
	a.work(4, chunkRecords/lines, 3*fewRecords/lines)
	best := float64(shardBytes) / size
	if l.windows {
		best = math.Floor(best)
	}
	return w.drain(fewShards * best)
}

func twoProcesses(seed uint64, l limits) figures {
	w := newWorld(seed, l, fewShards)
	for range 2 {
		w.agent().work(4, chunkRecords, fewRecords/2)
	}
	return w.drain(fewShards * shardRecords)
}

// staggered has the second process start a little after the first.
func staggered(seed uint64, l limits) figures {
	w := newWorld(seed, l, fewShards)
	w.agent().work(4, chunkRecords, fewRecords/2)
	late := w.agent()
	after := time.Duration(w.random.Int64N(int64(time.Second / 2)))
	w.after(after, func() { late.work(4, chunkRecords, fewRecords/2) })
	return w.drain(fewShards * shardRecords)
}

// newcomer has a second process come when the first has had the stream for itself
// for a while, and looks at the third ten seconds after that.
func newcomer(seed uint64, l limits) figures {
	const comes, from, to = 10, 30, 40
	w := newWorld(seed, l, fewShards)
	w.agent().work(4, chunkRecords, math.MaxInt)
	late := w.agent()
	w.at(w.second(comes), func() { late.work(4, chunkRecords, math.MaxInt) })
	shares := w.shares(from, to)
	f := w.figures(comes, to)
	accepted, _ := w.stream.total(comes, to)
	f.pace = accepted / (fewShards * shardRecords * (to - comes))
	f.slower = min(shares[0], shares[1]) / max(shares[0], shares[1])
	f.lost = 0 // it never ends
	return f
}

func fourBecomeEight(seed uint64, l limits) figures {
	const when, settled, until = 10, 15, 30
	w := newWorld(seed, l, fewShards)
	w.agent().work(8, chunkRecords, math.MaxInt)
	w.at(w.second(when), func() { w.stream.reshard(2*fewShards, w.now) })
	w.run(w.second(until))
	f := w.figures(when, until)
	accepted, _ := w.stream.total(settled, until)
	f.pace = accepted / (2 * fewShards * shardRecords * (until - settled))
	f.recover = after(w.stream.reaches(when+1, 0.9*2*fewShards*shardRecords))
	f.lost = 0
	return f
}

// afterAnOutage has nothing accepted from a second on, for twenty.
func afterAnOutage(down int) func(uint64, limits) figures {
	const long, until = 20, 60
	return func(seed uint64, l limits) figures {
		w := newWorld(seed, l, fewShards)
		w.stream.down = down == 0
		w.at(w.second(down), func() { w.stream.down = true })
		w.at(w.second(down+long), func() { w.stream.down = false })
		w.agent().work(8, chunkRecords, math.MaxInt)
		w.run(w.second(until))
		f := w.figures(down+long, until)
		accepted, _ := w.stream.total(down+long, until)
		f.pace = accepted / float64(fewShards*shardRecords*(until-down-long))
		f.recover = after(w.stream.reaches(down+long, 0.9*fewShards*shardRecords))
		f.lost = 0
		return f
	}
}

// after is so many seconds; -1 is never.
func after(n int) time.Duration {
	if n < 0 {
		return -1
	}
	return time.Duration(n) * time.Second
}
