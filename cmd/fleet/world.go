package main

import (
	"math/rand/v2"
	"time"
)

// A world is one run: a clock, a stream and the agents that send to it.
type world struct {
	*clock
	stream *stream
	agents []*agent
	random *rand.Rand
	seed   uint64
	begin  time.Time
}

// newWorld makes a stream of so many shards. When in a second the run begins is
// left to chance.
func newWorld(seed uint64, l limits, shards int) *world {
	random := rand.New(rand.NewPCG(seed, 0))
	begin := time.Unix(1_000_000, random.Int64N(int64(time.Second)))
	c := &clock{now: begin}
	return &world{clock: c, stream: newStream(l, shards, begin, random), random: random, seed: seed, begin: begin}
}

// agent adds one. Chance treats each alike and apart, whatever the others do.
func (w *world) agent() *agent {
	a := newAgent(w.clock, w.stream, rand.New(rand.NewPCG(w.seed, uint64(len(w.agents)+1))))
	w.agents = append(w.agents, a)
	return a
}

// second is that time after the begin.
func (w *world) second(n int) time.Time { return w.begin.Add(time.Duration(n) * time.Second) }

// figures are those of the seconds from one up to another, as far as any run has
// them.
func (w *world) figures(from, to int) figures {
	accepted, refused := w.stream.total(from, to)
	f := figures{waste: refused / accepted, worst: w.stream.worst(from, to), recover: -1, seconds: &w.stream.seconds}
	for _, a := range w.agents {
		f.lost += a.offered - a.accepted
	}
	return f
}

// counts is what each agent has had accepted by now.
func (w *world) counts() []float64 {
	counts := make([]float64, len(w.agents))
	for i, a := range w.agents {
		counts[i] = float64(a.accepted)
	}
	return counts
}

// shares is how fair it was from one second up to another: what each agent had
// accepted in them. It runs until the latter.
func (w *world) shares(from, to int) []float64 {
	w.run(w.second(from))
	before := w.counts()
	w.run(w.second(to))
	after := w.counts()
	for i := range after {
		after[i] -= before[i]
	}
	return after
}
