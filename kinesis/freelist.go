package kinesis

import (
	"slices"
	"sync"
	"time"
)

// A freeList keeps what is costly to make for its next use. Unlike sync.Pool
// it outlives garbage collections: the shapes that an encoder has learned are
// worth keeping. It is safe for concurrent use.
type freeList[T any] struct {
	most   int              // items
	bytes  int              // that the items have memory for; 0 is no bound
	size   func(item T) int // bytes of an item, which do not change while it is here; nil without a bound
	unused time.Duration    // after which, or twice that, an item is let go that nobody took; 0 is never

	mu      sync.Mutex // guards the following
	items   []T        // the one that was put last is the last
	kept    int        // bytes
	since   time.Time  // it was last looked who has not been taken
	untaken int        // so many, the first, have not been taken since
}

// get takes the item that was put last.
func (l *freeList[T]) get() (item T, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.take(len(l.items) - 1)
}

// largest takes the item that has most memory, so that the others need not grow.
func (l *freeList[T]) largest() (item T, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, most := -1, -1
	for i := range l.items {
		if n := l.size(l.items[i]); n >= most {
			at, most = i, n
		}
	}
	return l.take(at)
}

// within takes the smallest item that has memory for so many bytes, from the least
// up to the most.
func (l *freeList[T]) within(least, most int) (item T, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := -1
	for i := range l.items {
		if n := l.size(l.items[i]); n >= least && n <= most {
			at, most = i, n
		}
	}
	return l.take(at)
}

// take takes an item out; there is none before the first. The caller holds mu.
func (l *freeList[T]) take(i int) (item T, ok bool) {
	if i < 0 {
		return item, false
	}
	item = l.items[i]
	l.items = slices.Delete(l.items, i, i+1) // what is lent, and not put back, must not be kept alive here
	if i < l.untaken {
		l.untaken--
	}
	if l.size != nil {
		l.kept -= l.size(item)
	}
	return item, true
}

// put keeps the item, unless there are enough.
func (l *freeList[T]) put(item T) {
	bytes := 0
	if l.size != nil {
		bytes = l.size(item)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.letGo()
	if len(l.items) < l.most && (l.bytes == 0 || l.kept+bytes <= l.bytes) {
		l.items = append(l.items, item)
		l.kept += bytes
	}
}

// letGo drops what nobody has taken for a while. The caller holds mu.
func (l *freeList[T]) letGo() {
	if l.unused == 0 || time.Since(l.since) < l.unused {
		return
	}
	for range l.untaken {
		l.take(0)
	}
	l.since, l.untaken = time.Now(), len(l.items)
}
