package kinesis

import (
	"sync"

	"fluent-bit-kinesis/compress"
)

// pools are what the destinations of an instance keep for their next use.
type pools struct {
	batches    freeList[*batch]
	aggregates freeList[*openAggregate]
	deliveries freeList[*delivery]
}

// Bounds on the memory that is kept for its next use: some thirty bodies of 500
// log records, or two full of aggregates; and about as much in aggregates as two
// chunks fill, on however many shards and streams.
const (
	mostKeptBodies     = 12 << 20
	mostKeptAggregates = 4 << 20
)

func (p *pools) init(c *Config) {
	batches, deliveries := 2*c.RequestsInFlight+2, c.RequestsInFlight
	if len(c.Record.Stream) > 0 {
		batches, deliveries = batches+8*c.StreamsMaximum, deliveries+8*c.StreamsMaximum // a few of each, for several flushes
	}
	p.batches = freeList[*batch]{most: batches, bytes: mostKeptBodies, size: func(b *batch) int { return b.body.Capacity() }}
	p.aggregates = freeList[*openAggregate]{most: 4096, bytes: mostKept(c), size: func(a *openAggregate) int { return a.most }}
	p.deliveries = freeList[*delivery]{most: deliveries}
}

// mostKept is how much memory is kept in aggregates. Lines that will be compressed
// are several times as long as the records that they become.
func mostKept(c *Config) int {
	if c.SimpleAggregation && c.Compression != compress.None {
		return 4 * mostKeptAggregates
	}
	return mostKeptAggregates
}

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
