package kinesis

import (
	"context"
	"slices"
	"sync"
	"time"
)

// stripes is a set of groups of partition keys. Keys fall into 256 groups by
// their hash; two requests whose sets are disjoint have no key in common.
type stripes [4]uint64

const stripeCount = 256

// stripeSet is the set of one stripe.
func stripeSet(stripe uint8) (s stripes) {
	s.set(stripe)
	return s
}

func (s *stripes) set(stripe uint8) { s[stripe/64] |= 1 << (stripe % 64) }

func (s stripes) has(stripe uint8) bool { return s[stripe/64]&(1<<(stripe%64)) != 0 }

func (s *stripes) add(other stripes) {
	for i := range s {
		s[i] |= other[i]
	}
}

func (s stripes) meet(other stripes) bool {
	return s[0]&other[0]|s[1]&other[1]|s[2]&other[2]|s[3]&other[3] != 0
}

// A line keeps the records of a partition key in order: requests that have a
// stripe in common go through it one after another, in the order in which they
// joined; others pass them by.
type line struct {
	mu      sync.Mutex
	tickets []*ticket // in the order of joining; guarded by mu
}

// A ticket is a request's place in the line.
type ticket struct {
	turn chan struct{} // closed when it has none to wait for

	stripes stripes   // guarded by line.mu, as is the rest
	ahead   int       // tickets before this one that it must wait for
	since   time.Time // of its turn
	stuck   bool      // its request was refused, and will be tried again
}

// join takes a place at the end of the line. The request may go when the
// ticket's turn is closed, and must leave in any case.
func (l *line) join(s stripes) *ticket {
	t := &ticket{stripes: s, turn: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.ahead = meeting(l.tickets, s)
	if t.ahead == 0 {
		t.begin()
	}
	l.tickets = append(l.tickets, t)
	return t
}

// begin gives the ticket its turn. The caller holds line.mu.
func (t *ticket) begin() {
	t.since = time.Now()
	close(t.turn)
}

// leave gives the place up, whether its turn has come or not.
func (l *line) leave(t *ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.narrow(t, stripes{})
	i := slices.Index(l.tickets, t)
	l.tickets = slices.Delete(l.tickets, i, i+1)
}

// keep narrows the place to what is left of a request after the stream has
// refused a part of it. Whoever waited for the other keys may go.
func (l *line) keep(t *ticket, left stripes) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.stuck = true
	l.narrow(t, left)
}

// part puts several places where one was: each is of a part of its stripes, and
// they go in this order where they have one in common.
func (l *line) part(t *ticket, sets []stripes) []*ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.tickets, t)
	parts := make([]*ticket, len(sets))
	for p, s := range sets {
		parts[p] = &ticket{stripes: s, turn: make(chan struct{}), stuck: true}
		parts[p].ahead = meeting(l.tickets[:i], s) + meeting(parts[:p], s)
		if parts[p].ahead == 0 {
			parts[p].begin()
		}
	}
	for _, other := range l.tickets[i+1:] {
		if !other.stripes.meet(t.stripes) {
			continue
		}
		// It waited for t, of which there is a part at least that it meets.
		other.ahead += meeting(parts, other.stripes) - 1
	}
	l.tickets = slices.Replace(l.tickets, i, i+1, parts...)
	return parts
}

// meeting is how many tickets have one of these stripes.
func meeting(tickets []*ticket, s stripes) (n int) {
	for _, t := range tickets {
		if t.stripes.meet(s) {
			n++
		}
	}
	return n
}

// ahead are the stripes of those that a ticket waits for; refused tells whether
// one of them has been refused.
func (l *line) ahead(t *ticket) (ahead stripes, refused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, before := range l.tickets {
		if before == t {
			break
		}
		if before.stripes.meet(t.stripes) {
			ahead.add(before.stripes)
			refused = refused || before.stuck
		}
	}
	return ahead, refused
}

// narrow takes stripes from a ticket, and gives those behind it their turn that
// waited for no more than these. The caller holds mu.
func (l *line) narrow(t *ticket, left stripes) {
	was := t.stripes
	t.stripes = left
	behind := false
	for _, other := range l.tickets {
		if behind && other.stripes.meet(was) && !other.stripes.meet(left) {
			if other.ahead--; other.ahead == 0 {
				other.begin()
			}
		}
		behind = behind || other == t
	}
}

// busy tells which stripes are in use: those of requests that will be answered
// any moment, and those of requests that may take longer, for they wait in line
// themselves, are tried again, or are older than usual.
func (l *line) busy(usual time.Duration) (soon, later stripes) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.tickets {
		if t.ahead > 0 || t.stuck || time.Since(t.since) > usual {
			later.add(t.stripes)
		} else {
			soon.add(t.stripes)
		}
	}
	return soon, later
}

// open tells whether the ticket has its turn.
func (t *ticket) open() bool {
	select {
	case <-t.turn:
		return true
	default:
		return false
	}
}

// wait waits for the ticket's turn. It is false where ctx ended first.
func (t *ticket) wait(ctx context.Context) bool {
	select {
	case <-t.turn:
		return true
	case <-ctx.Done():
		return false
	}
}
