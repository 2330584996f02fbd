package main

import (
	"math/bits"
	"math/rand/v2"
	"time"

	"fluent-bit-kinesis/kinesis/pace"
)

// An agent is one process that sends to the stream, with a pacer of its own.
type agent struct {
	clock  *clock
	stream *stream
	core   *pace.Core
	named  pace.Named
	random *rand.Rand
	next   time.Time // when the core is to be called again; zero where it is not

	source     func(*rand.Rand) record
	fixedKeys  bool // what is refused keeps its key
	spread     bool // keys come to rest evenly, one after the other
	keys       uint32
	perRequest int // records, at most

	offered  int // records
	accepted int
	refused  int
	requests int
	last     time.Time // when the stream last accepted one
	latency  time.Duration
}

// As in Fluent Bit's container: few requests, and each has its place.
const (
	mostRequests = 32
	mostBytes    = 24 << 20
)

func newAgent(c *clock, s *stream, random *rand.Rand) *agent {
	return &agent{
		clock: c, stream: s, random: random,
		core:       pace.NewCore(pace.Options{Requests: mostRequests, Bytes: mostBytes, Random: random}),
		source:     logLine,
		perRequest: 500,
		latency:    10 * time.Millisecond,
	}
}

// logLine is a record of a log, under a random key.
func logLine(random *rand.Rand) record { return record{place: random.Float64(), size: 425} }

// place is that of a random key.
func (a *agent) place() float64 {
	const parts = 32
	if !a.spread {
		return a.random.Float64()
	}
	a.keys++
	return (float64(bits.Reverse32(a.keys)>>27) + a.random.Float64()) / parts
}

// A batch is what is left to be sent of one request.
type batch struct {
	records  []record
	arrived  time.Time
	admitted func() // called when the first of it is sent; may be nil
	done     func() // called when all of it is accepted
}

// offer makes n records, in requests that follow one another as the pacer lets
// them go, and calls done when the stream has them all.
func (a *agent) offer(n int, done func()) {
	a.offered += n
	left := (n + a.perRequest - 1) / a.perRequest
	var next func(n int)
	next = func(n int) {
		b := &batch{records: a.make(min(n, a.perRequest)), arrived: a.clock.now}
		if rest := n - len(b.records); rest > 0 {
			b.admitted = func() { next(rest) }
		}
		b.done = func() {
			if left--; left == 0 {
				done()
			}
		}
		a.send(b)
	}
	next(n)
}

func (a *agent) make(n int) []record {
	records := make([]record, n)
	for i := range records {
		records[i] = a.source(a.random)
	}
	return records
}

// send puts a batch in line, and sends as much of it as may go when it may.
func (a *agent) send(b *batch) {
	ask := pace.Ask{Amount: amount(b.records), Arrived: b.arrived}
	ask.Weight = ask.Bytes
	a.core.Enter(a.clock.now, ask, func(n int) {
		if b.admitted != nil {
			a.clock.after(0, b.admitted)
			b.admitted = nil
		}
		a.request(b, n, ask.Weight)
	})
	a.wake()
}

// request sends the first n records of a batch.
func (a *agent) request(b *batch, n, weight int) {
	took := a.latency + time.Duration(a.random.ExpFloat64()*float64(a.latency)/2)
	a.requests++
	a.clock.after(took/2, func() {
		refused, answered := a.stream.put(a.clock.now, b.records[:n])
		a.clock.after(took-took/2, func() { a.answer(b, n, refused, answered, weight, took) })
	})
}

// answer takes in what the stream said of the first n records of a batch, of which
// it refused the first so many, and sends what is left.
func (a *agent) answer(b *batch, n, refused int, answered bool, weight int, took time.Duration) {
	now := a.clock.now
	a.core.Leave(now, weight)
	outcome := pace.Outcome{Took: took}
	if answered {
		outcome.Shards = a.named.Count(now, a.stream.names(b.records[:n]))
		outcome.Refused = amount(b.records[:refused])
		outcome.Accepted = amount(b.records[refused:n])
		a.count(now, outcome)
	}
	a.core.Learn(now, outcome)
	b.records = b.left(n, refused)
	if len(b.records) == 0 {
		b.done()
		a.wake()
		return
	}
	if answered && !a.fixedKeys {
		for i := range refused {
			b.records[i].place = a.place()
		}
	}
	a.send(b)
}

// left is what of a batch has not been accepted.
func (b *batch) left(n, refused int) []record {
	copy(b.records[n-refused:n], b.records[:refused])
	return b.records[n-refused:]
}

func (a *agent) count(now time.Time, o pace.Outcome) {
	a.accepted += o.Accepted.Records
	a.refused += o.Refused.Records
	if o.Accepted.Records > 0 {
		a.last = now
	}
}

// wake sees to it that the core is called when it wants to be.
func (a *agent) wake() {
	next := a.core.Advance(a.clock.now)
	if next.IsZero() || !a.next.IsZero() && !next.Before(a.next) {
		return
	}
	a.next = next
	a.clock.at(next, func() {
		if a.next.Equal(next) {
			a.next = time.Time{}
			a.wake()
		}
	})
}

func amount(records []record) pace.Amount {
	a := pace.Amount{Records: len(records)}
	for _, r := range records {
		a.Bytes += r.size
	}
	return a
}
