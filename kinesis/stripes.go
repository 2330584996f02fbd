package kinesis

import (
	"context"
	"slices"
	"sync"
)

// stripes is a set of groups of partition keys. Keys fall into 256 groups by
// their hash; two requests whose sets are disjoint have no key in common.
type stripes [4]uint64

const stripeCount = 256

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
	stripes stripes
	ahead   int           // tickets before this one that it must wait for; guarded by line.mu
	turn    chan struct{} // closed when there are none
}

// join takes a place at the end of the line. The request may go when the
// ticket's turn is closed, and must leave in any case.
func (l *line) join(s stripes) *ticket {
	t := &ticket{stripes: s, turn: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, other := range l.tickets {
		if other.stripes.meet(s) {
			t.ahead++
		}
	}
	if t.ahead == 0 {
		close(t.turn)
	}
	l.tickets = append(l.tickets, t)
	return t
}

// leave gives the place up, whether its turn has come or not.
func (l *line) leave(t *ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.tickets, t)
	for _, other := range l.tickets[i+1:] {
		if !other.stripes.meet(t.stripes) {
			continue
		}
		if other.ahead--; other.ahead == 0 {
			close(other.turn)
		}
	}
	l.tickets = slices.Delete(l.tickets, i, i+1)
}

// wait waits for the ticket's turn. It is false where ctx ended first. A nil
// ticket is of a request that nothing has to wait for.
func (t *ticket) wait(ctx context.Context) bool {
	if t == nil {
		return true
	}
	select {
	case <-t.turn:
		return true
	case <-ctx.Done():
		return false
	}
}
