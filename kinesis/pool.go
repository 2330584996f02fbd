package kinesis

import (
	"sync"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
)

// A freeList keeps what is costly to make for its next use. Unlike sync.Pool
// it outlives garbage collections: the shapes that an encoder has learned are
// worth keeping. It is safe for concurrent use.
type freeList[T any] struct {
	mu    sync.Mutex
	items []T // guarded by mu
	most  int
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
	return item, true
}

func (l *freeList[T]) put(item T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.items) < l.most {
		l.items = append(l.items, item)
	}
}

type freeLists struct {
	flushes    freeList[*flush]
	batches    batchList
	deliveries freeList[*delivery]
	format     wire.Format
	head       []byte // of request bodies
}

func (l *freeLists) init(config *Config) {
	const mostWorkers = 16
	l.flushes.most = mostWorkers
	l.batches.most = 2*config.RequestsInFlight + 2 // of each lane the one in flight and the next one
	l.batches.bytes = mostKeptBodies
	l.deliveries.most = config.RequestsInFlight
	l.format = wire.FormatOf(config.WireFormat)
	l.head = l.format.AppendHead(nil, config.Stream)
}

func (o *Output) getFlush() *flush {
	if f, ok := o.free.flushes.get(); ok {
		return f
	}
	return &flush{o: o, records: record.NewEncoder(o.config.Record)}
}

func (o *Output) putFlush(f *flush) {
	f.records.Trim()
	o.free.flushes.put(f)
}

func (o *Output) getBatch() *batch {
	if b, ok := o.free.batches.get(); ok {
		return b
	}
	return newBatch(o.free.format, o.free.head)
}

// mostKeptBodies bounds the bytes that batches keep for their next use: some
// thirty bodies of 500 log records, or two full of aggregates.
const mostKeptBodies = 12 << 20

// A batchList is a freeList of batches, bounded in the bytes of their bodies,
// too.
type batchList struct {
	freeList[*batch]
	bytes int // that may still be kept; guarded by mu
}

func (l *batchList) get() (*batch, bool) {
	b, ok := l.freeList.get()
	if ok {
		l.mu.Lock()
		l.bytes += b.Capacity()
		l.mu.Unlock()
	}
	return b, ok
}

func (l *batchList) put(b *batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.items) < l.most && b.Capacity() <= l.bytes {
		l.bytes -= b.Capacity()
		l.items = append(l.items, b)
	}
}

func (o *Output) putBatch(b *batch) {
	b.reset()
	o.free.batches.put(b)
}

// newDelivery readies a delivery.
func (o *Output) newDelivery(background bool) *delivery {
	d, ok := o.free.deliveries.get()
	if !ok {
		d = &delivery{o: o}
	}
	d.left, d.err, d.tried = d.left[:0], nil, false
	d.attempts, d.lastOffer = o.config.RequestRetries, background
	if background {
		d.attempts = o.config.ConcurrencyRetries
	}
	return d
}

func (o *Output) endDelivery(d *delivery) {
	d.finish()
	o.free.deliveries.put(d)
}
