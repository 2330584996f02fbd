package pace

import (
	"context"
	"slices"
	"sync"
)

// A Gate bounds what is in flight: a number of requests, and the bytes of their
// bodies. Whoever has to wait is let in in the order of arrival. It is safe for
// concurrent use.
type Gate struct {
	requests int // at most, at a time
	bytes    int // at most, unless one request alone has more

	mu      sync.Mutex // guards the following
	taken   int        // requests in flight
	weight  int        // their bytes
	waiting []*entrant // in the order of arrival
}

// An entrant waits at a Gate.
type entrant struct {
	bytes int
	in    chan struct{} // closed when it is let in
}

// NewGate makes a Gate for so many requests, and so many bytes, at a time. A
// request that is larger than that goes alone.
func NewGate(requests, bytes int) *Gate {
	return &Gate{requests: requests, bytes: bytes}
}

// Enter waits until a request of this many bytes may be in flight. It is false
// where ctx ended first; otherwise Leave must follow.
func (g *Gate) Enter(ctx context.Context, bytes int) bool {
	g.mu.Lock()
	if len(g.waiting) == 0 && g.fits(bytes) {
		g.admit(bytes)
		g.mu.Unlock()
		return true
	}
	e := &entrant{bytes: bytes, in: make(chan struct{})}
	g.waiting = append(g.waiting, e)
	g.mu.Unlock()

	select {
	case <-e.in:
		return true
	case <-ctx.Done():
		g.giveUp(e)
		return false
	}
}

// Leave ends what Enter has let in.
func (g *Gate) Leave(bytes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken--
	g.weight -= bytes
	g.letIn()
}

// InFlight is how many requests are in flight, and how many bytes they have.
func (g *Gate) InFlight() (requests, bytes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.taken, g.weight
}

// giveUp takes an entrant out, whether it has been let in by now or not.
func (g *Gate) giveUp(e *entrant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, e); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
	} else {
		g.taken--
		g.weight -= e.bytes
	}
	g.letIn() // those behind it, where it was too large to fit
}

// letIn lets in who waits, as far as there is room. The caller holds mu.
func (g *Gate) letIn() {
	n := 0
	for n < len(g.waiting) && g.fits(g.waiting[n].bytes) {
		g.admit(g.waiting[n].bytes)
		close(g.waiting[n].in)
		n++
	}
	g.waiting = slices.Delete(g.waiting, 0, n)
}

// fits tells whether a request of this many bytes may be in flight beside those
// that are. The caller holds mu.
func (g *Gate) fits(bytes int) bool {
	return g.taken == 0 || g.taken < g.requests && g.weight+bytes <= g.bytes
}

// admit counts a request as in flight. The caller holds mu.
func (g *Gate) admit(bytes int) {
	g.taken++
	g.weight += bytes
}
