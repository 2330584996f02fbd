package kinesis

import "sync"

// A freeList keeps what is costly to make for its next use. Unlike sync.Pool
// it outlives garbage collections: the shapes that an encoder has learned are
// worth keeping. It is safe for concurrent use.
type freeList[T any] struct {
	most  int              // items
	bytes int              // that the items have memory for; 0 is no bound
	size  func(item T) int // bytes of an item, which do not change while it is here; nil without a bound

	mu    sync.Mutex // guards the following
	items []T
	kept  int // bytes
}

func (l *freeList[T]) get() (item T, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.items)
	if n == 0 {
		return item, false
	}
	item = l.items[n-1]
	clear(l.items[n-1:]) // what is lent, and not put back, must not be kept alive here
	l.items = l.items[:n-1]
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
	if len(l.items) < l.most && (l.bytes == 0 || l.kept+bytes <= l.bytes) {
		l.items = append(l.items, item)
		l.kept += bytes
	}
}
