package kinesis

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"sync"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/plugins"
)

// A flush is one offer of a chunk on its way: its events become records, the
// records batches, and the batches are sent side by side while the rest of the
// chunk is still being encoded. It is owned by one goroutine, but for what is
// guarded.
type flush struct {
	o       *Output
	records *record.Encoder
	lanes   []lane         // by partition key
	idle    idleAggregates // of earlier chunks, to be used again
	shards  shardMap       // at the begin of the flush; nil where it is not used
	events  int            // of the chunk, met so far
	met     int64          // records of those, not yet counted
	hits    int64          // events that the stream holds already, not yet counted
	left    ordinalSet
	again   bool // the chunk was offered before: only the events in left are to be sent

	compressor compress.Compressor // of aggregates; nil where they are not compressed
	packed     []byte              // what it makes of one

	// In the background nothing is sent before the chunk has been encoded.
	background bool
	waiting    []entrant

	sends sync.WaitGroup

	mu      sync.Mutex // guards the following, while batches are being sent
	refused []uint32   // ordinals of the events that did not get through
	err     error      // why, of the last of them
}

// begin readies a flush for a chunk of this size.
func (f *flush) begin(size int) {
	f.events, f.again, f.left = 0, false, nil
	f.background = false
	f.refused, f.err = f.refused[:0], nil
	n := f.o.lanesFor(size) // once: it changes with what other flushes learn
	f.lanes = slices.Grow(f.lanes[:0], n)[:n]
	f.shards = f.o.shards.get()
}

// encode makes records of the events and adds them to batches. The error is
// that of a chunk that cannot be read to its end.
func (f *flush) encode(chunk []byte) error {
	if err := f.borrowCompressors(); err != nil {
		f.o.log.Errorf("a compressor cannot be made, so the records go without: %v", err)
	}
	defer f.returnCompressors()
	defer f.count()
	events := plugins.NewEvents(chunk)
	for events.Next() {
		f.events++
		if f.again && !f.left.has(events.Ordinal()) {
			f.hits++
			continue
		}
		r, n, err := f.records.Encode(events.Body(), events.Time())
		if err == nil {
			events.Advance(n)
			f.met++
			f.add(&r, uint32(events.Ordinal()))
			continue
		}
		reason, known := record.DropOf(err)
		if !known {
			events.Malformed(err)
			break
		}
		events.Advance(n)
		f.met++
		f.count()
		f.o.drop(reason, events.Ordinal())
	}
	f.closeAggregates()
	return events.Err()
}

// count adds up what the events since the last time come to. Workers share the
// counters, and would wait for each other if each record were counted there.
func (f *flush) count() {
	f.o.counts.Records.Add(f.met)
	f.o.counts.LedgerHits.Add(f.hits)
	f.met, f.hits = 0, 0
}

// borrowCompressors takes what the records of a chunk are compressed with.
func (f *flush) borrowCompressors() (err error) {
	if f.records.Compressor, err = borrow(f.o.compressors.records); err != nil {
		return err
	}
	f.compressor, err = borrow(f.o.compressors.aggregates)
	return err
}

func (f *flush) returnCompressors() {
	giveBack(f.o.compressors.records, f.records.Compressor)
	giveBack(f.o.compressors.aggregates, f.compressor)
	f.records.Compressor, f.compressor = nil, nil
}

// send starts sending a batch. Without an order to keep it waits until one
// more request may be in flight, so that no more is encoded than can be sent.
func (f *flush) send(b *batch) {
	f.count() // before the stream accepts them
	if f.background {
		f.waiting = append(f.waiting, entrant{batch: b})
		return
	}
	t := f.o.enter(b)
	f.sends.Go(func() { f.deliver(b, t) })
}

// An entrant is a batch that waits for the chunk to be encoded, and its place in
// line if it has one.
type entrant struct {
	batch  *batch
	ticket *ticket
}

// deliver sends a batch that has entered, and notes what did not get through.
func (f *flush) deliver(b *batch, t *ticket) {
	defer f.o.putBatch(b)
	defer f.o.leave(t)
	d := f.o.newDelivery(f.background)
	defer f.o.endDelivery(d)
	defer f.o.watchdog.Begin().End()
	ctx := f.o.ctx
	defer func() {
		if p := recover(); p != nil {
			f.o.log.Errorf("internal error in a delivery: %v\n%s", p, debug.Stack())
			f.refuse(b.ordinals, errInternal)
		}
	}()
	if !f.o.proceed(ctx, t) {
		f.refuse(b.ordinals, context.Cause(ctx))
		return
	}
	defer f.o.release()
	d.deliver(ctx, b)
	f.refuse(d.left, d.err)
}

var errInternal = errors.New("internal error")

// refuse notes the ordinals of events that did not get through.
func (f *flush) refuse(ordinals []uint32, err error) {
	if len(ordinals) == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused, f.err = append(f.refused, ordinals...), err
}

// sendRest sends the batches that are left in the lanes, small ones together,
// and waits until all have been brought to an end. The last one is sent by the
// caller's own goroutine.
func (f *flush) sendRest() {
	rest := f.merged()
	for _, b := range rest[:max(0, len(rest)-1)] {
		f.send(b)
	}
	if len(rest) > 0 {
		b := rest[len(rest)-1]
		f.deliver(b, f.o.enter(b))
	}
	f.sends.Wait()
}

// merged empties the lanes: each batch is put together with the first one
// before it that has room for it, so that a small chunk makes no more requests
// than it must.
func (f *flush) merged() (rest []*batch) {
	for i := range f.lanes {
		b := f.lanes[i].batch
		f.lanes[i].batch = nil
		if b == nil {
			continue
		}
		if roomy := slices.IndexFunc(rest, func(other *batch) bool { return other.FitsAll(b.Body) }); roomy >= 0 {
			rest[roomy].copyAll(b)
			f.o.putBatch(b)
			continue
		}
		rest = append(rest, b)
	}
	return rest
}

// readyBackground ends the encoding of a flush in the background. Its batches
// join the line before Fluent Bit has its answer, and so before those of the
// next chunk.
func (f *flush) readyBackground() {
	for _, b := range f.merged() {
		f.waiting = append(f.waiting, entrant{batch: b})
	}
	if !f.o.ordered {
		return
	}
	for i := range f.waiting {
		f.waiting[i].ticket = f.o.enter(f.waiting[i].batch)
	}
}

// sendBackground does for a flush in the background what send put off.
func (f *flush) sendBackground() {
	for _, e := range f.waiting {
		if !f.o.ordered {
			e.ticket = f.o.enter(e.batch)
		}
		f.sends.Go(func() { f.deliver(e.batch, e.ticket) })
	}
	clear(f.waiting)
	f.waiting = f.waiting[:0]
	f.sends.Wait()
}
