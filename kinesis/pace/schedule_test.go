package pace

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A schedule has asks, answers and time come to a Core in any order, as a Pacer
// would have them come, and holds it to what always holds.
type schedule struct {
	t       *testing.T
	core    *Core
	now     time.Time
	waiting []*request // by arrival
	flying  []*request // as they were let in
	entered int
	left    int // records that nobody has let in yet
}

// A request is one ask, again and again until all of it has been let in.
type request struct {
	ask    Ask
	number int
	let    int // records, of the part that is in flight
	sent   time.Time
}

func newSchedule(t *testing.T, requests, bytes int) *schedule {
	random := rand.New(rand.NewPCG(1, 2))
	return &schedule{
		t: t, now: time.Unix(1_000_000, 0),
		core: NewCore(Options{Requests: requests, Bytes: bytes, Random: random}),
	}
}

// enter puts a request in line, behind all that arrived when it did.
func (s *schedule) enter(r *request) {
	if r.ask.Arrived.IsZero() {
		r.ask.Arrived = s.now
		r.number = s.entered
		s.entered++
		s.left += r.ask.Records
	}
	i := len(s.waiting)
	for i > 0 && s.waiting[i-1].ask.Arrived.After(r.ask.Arrived) {
		i--
	}
	s.waiting = slices.Insert(s.waiting, i, r)
	s.core.Enter(s.now, r.ask, func(records int) { s.in(r, records) })
	s.check()
}

// in is called when a part of a request is let in.
func (s *schedule) in(r *request, records int) {
	i := slices.Index(s.waiting, r)
	require.True(s.t, i == 0 || s.core.drought.on, "the first to come is the first to go, but for questions")
	require.Positive(s.t, records)
	require.LessOrEqual(s.t, records, r.ask.Records)
	require.True(s.t, !r.ask.Whole || records == r.ask.Records, "whole")
	s.waiting = slices.Delete(s.waiting, i, i+1)
	r.let, r.sent = records, s.now
	s.flying = append(s.flying, r)
	weight := 0
	for _, f := range s.flying {
		weight += f.ask.Weight
	}
	require.True(s.t, len(s.flying) == 1 ||
		len(s.flying) <= s.core.options.Requests && weight <= s.core.options.Bytes, "what is in flight is bounded")
}

// check is done after each step.
func (s *schedule) check() {
	c := s.core
	require.Len(s.t, c.waiting, len(s.waiting))
	require.Equal(s.t, len(s.flying), c.taken)
	if !c.limited {
		return
	}
	c.fill(s.now)
	require.False(s.t, math.IsNaN(c.tokens) || math.IsInf(c.rate.perSecond, 0))
	require.GreaterOrEqual(s.t, c.rate.perSecond, leastRate)
	require.LessOrEqual(s.t, c.tokens, saved.Seconds()*c.rate.perSecond*1.0001, "no more is saved up")
	require.GreaterOrEqual(s.t, c.tokens, -mostDebt.Seconds()*c.rate.perSecond*1.0001, "no more is owed")
}

// answer ends a request in flight. What it has left is asked for again.
func (s *schedule) answer(i int, o Outcome) {
	r := s.flying[i]
	s.flying = slices.Delete(s.flying, i, i+1)
	o.Took = s.now.Sub(r.sent)
	s.core.Leave(s.now, r.ask.Weight)
	s.check()
	s.core.Learn(s.now, o)
	s.check()
	each := r.ask.Bytes / r.ask.Records
	s.left -= o.Accepted.Records
	r.ask.Records -= o.Accepted.Records
	r.ask.Bytes = each * r.ask.Records
	if r.ask.Records > 0 {
		s.enter(r)
	}
}

// outcome is one of a request in flight of which so many 255ths are accepted, and
// the rest refused, refused by full shards, or not answered for.
func (r *request) outcome(accepted int, rest byte) Outcome {
	each := r.ask.Bytes / r.ask.Records
	took := r.let * accepted / 255
	not := Amount{Records: r.let - took, Bytes: each * (r.let - took)}
	o := Outcome{Accepted: Amount{Records: took, Bytes: each * took}}
	switch rest % 4 {
	case 0, 1:
		o.Refused = not
	case 2:
		o.Apart = not
	}
	return o
}

// pass has time pass, and calls the Core when it wants to be called.
func (s *schedule) pass(d time.Duration) {
	until := s.now.Add(d)
	for {
		next := s.core.Advance(s.now)
		s.check()
		if next.IsZero() || next.After(until) {
			break
		}
		require.True(s.t, next.After(s.now), "it is not called again at the same time")
		s.now = next
	}
	s.now = until
}

// end has the stream accept all that comes. Everybody is let in, in a time that
// nobody would call for ever.
func (s *schedule) end() {
	begin := s.now
	for s.left > 0 {
		if len(s.flying) > 0 {
			s.now = s.now.Add(time.Millisecond)
			s.answer(0, s.flying[0].outcome(255, 0))
			continue
		}
		next := s.core.Advance(s.now)
		if len(s.flying) > 0 {
			continue
		}
		require.True(s.t, next.After(s.now), "nobody is in flight, so somebody waits for time to pass")
		s.now = next
	}
	require.Empty(s.t, s.waiting)
	require.Less(s.t, s.now.Sub(begin), 10*time.Minute)
}

// run does what some bytes say: four for each step.
func (s *schedule) run(steps []byte) {
	for len(steps) >= 4 {
		do, a, b, c := steps[0], int(steps[1]), int(steps[2]), steps[3]
		steps = steps[4:]
		switch do % 8 {
		case 0, 1, 2:
			r := &request{ask: Ask{Amount: Amount{Records: 1 + a*2, Bytes: (1 + a*2) * (1 + b*b)}, Whole: c%8 == 0}}
			r.ask.Weight = r.ask.Bytes * int(c%3)
			s.enter(r)
		case 3, 4, 5:
			if len(s.flying) > 0 {
				i := a % len(s.flying)
				s.answer(i, s.flying[i].outcome(b, c))
			}
		case 6:
			s.pass(time.Duration(a*b) * time.Millisecond)
		case 7:
			s.pass(time.Duration(a) * time.Duration(1+c) * time.Second)
		}
	}
}

func TestAnyScheduleKeepsWhatAlwaysHolds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		steps := make([]byte, 4*(1+random.IntN(100)))
		for i := range steps {
			steps[i] = byte(random.Uint32())
		}
		s := newSchedule(t, 1+random.IntN(8), 1<<(10+random.IntN(14)))
		s.run(steps)
		s.end()
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add(uint8(1), uint8(10), []byte{0, 255, 0, 1, 3, 0, 0, 0, 6, 10, 10, 0, 3, 0, 200, 0})
	f.Add(uint8(4), uint8(20), []byte{0, 2, 255, 0, 0, 255, 255, 1, 3, 0, 0, 3, 7, 255, 0, 255, 3, 0, 0, 2})
	f.Fuzz(func(t *testing.T, requests, bytes uint8, steps []byte) {
		s := newSchedule(t, int(requests), 1<<(bytes%32))
		s.run(steps[:min(len(steps), 1000)])
		s.end()
	})
}
