package pace

import (
	"iter"
	"sync"
	"time"
)

// Named counts the shards that answers name. The answer to a request of a few
// aggregates names a few: how many there are, only several answers tell. It is safe
// for concurrent use.
type Named struct {
	mu    sync.Mutex           // guards the following
	heard map[string]time.Time // when a shard was last named
}

// namedFor is how long a shard counts that is not named again. One that has been
// split or merged never is.
const namedFor = 2 * time.Second

// Count takes in the shards that an answer names, and returns how many there are.
func (n *Named) Count(now time.Time, names iter.Seq[string]) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.heard == nil {
		n.heard = make(map[string]time.Time)
	}
	for name := range names {
		n.heard[name] = now
	}
	for name, at := range n.heard {
		if now.Sub(at) > namedFor {
			delete(n.heard, name)
		}
	}
	return len(n.heard)
}
