package kinesis

import (
	"slices"
	"sync"
	"time"

	"fluent-bit-kinesis/kinesis/ledger"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins/events"
)

// A flush is one offer of a chunk on its way: its events become records, and the
// records go into requests. Full ones are sent side by side while the rest of the
// chunk is still being encoded; what is left in the end may share a request with
// what other flushes have left. It is owned by one goroutine, but for what is
// guarded.
type flush struct {
	o       *Output
	*leg    // the one at hand; where all records go to one stream, it is the only one
	records *record.Encoder
	sealer  sealer // of aggregates that are full
	began   time.Time
	size    int        // of the chunk, in bytes
	events  int        // of the chunk, met so far
	met     int64      // records of those, not yet counted
	empty   int64      // those of them that were left out as empty, not yet counted
	hits    int64      // events that the stream holds already, not yet counted
	done    ledger.Set // events that were settled when the chunk was offered before
	whole   int        // events that were handed over at once, all that there are; 0 where there is more than one request

	id         ledger.ID // of the chunk
	identified bool      // id is known, which it is for what may be noted

	background bool // Fluent Bit has its answer before the records are sent

	legs []*leg // in the order in which they were begun; guarded by mu while another is begun

	// Where records choose their stream.
	byStream  map[string]*leg
	spare     []*leg // for chunks to come
	perLeg    int    // lanes of a leg of this chunk; 0 before the first
	defaulted int64  // records for stream_default, not yet counted

	// unsettled counts the events that have no outcome yet. Whoever settles
	// the last one does not touch the flush afterwards.
	unsettled sync.WaitGroup

	mu       sync.Mutex    // guards the following, while there are such events
	refused  []uint32      // ordinals of the events that did not get through
	err      error         // why, of the last of them
	entry    *ledger.Entry // nil where the ledger has nothing to say of the chunk
	panicked bool          // it has left the ledger, and will not come back to it
}

// begin readies a flush for a chunk of this size, under this tag.
func (f *flush) begin(size int, tag string) {
	f.records.Begin(tag)
	f.began, f.size = time.Now(), size
	f.o.counts.ChunkBytes.Add(int64(size))
	f.events, f.whole, f.done, f.entry = 0, 0, nil, nil
	f.background, f.identified, f.perLeg = false, false, 0
	f.refused, f.err = f.refused[:0], nil
	if f.o.streams == nil {
		f.leg.ready(f.o.lanesFor(size)) // once: it changes with what other flushes learn
	}
}

// run makes records of the chunk and sees them on their way. What becomes of them
// is known when unsettled is down to none. The error is that of a chunk that
// cannot be read to its end.
func (f *flush) run(chunk []byte) error {
	for _, g := range f.legs { // those of streams that records choose are yet to be begun
		g.arrival = g.d.begin()
	}
	defer f.abandon()
	for _, g := range f.legs {
		g.shards = g.d.shards.get()
	}
	err := f.encode(chunk)
	for _, g := range f.legs {
		f.leg = g
		f.handOver()
	}
	return err
}

// abandon ends the legs that have not been handed over, for a panic, which the
// entry point recovers.
func (f *flush) abandon() {
	for _, g := range f.legs {
		if !g.handed {
			g.d.abandon(g.arrival)
		}
	}
}

// encode makes records of the events and adds them to batches. The error is
// that of a chunk that cannot be read to its end.
func (f *flush) encode(chunk []byte) error {
	if err := f.borrowCompressors(); err != nil {
		f.o.log.Errorf("a compressor cannot be made, so the records go without: %v", err)
	}
	defer f.returnCompressors()
	defer f.records.End()
	defer f.count()
	event := events.NewReader(chunk)
	for event.Next() {
		f.events++
		if f.done.Has(event.Ordinal()) {
			f.hits++
			continue
		}
		r, n, err := f.records.Encode(&event)
		if err == nil {
			event.Advance(n)
			f.met++
			if f.o.streams == nil || f.route(event.Ordinal()) {
				f.add(&r, uint32(event.Ordinal()))
			}
			continue
		}
		if !f.leaveOut(&event, n, err) {
			break
		}
	}
	return event.Err()
}

// leaveOut passes over an event of which no record is made. It is false where the
// rest of the chunk is lost with it.
func (f *flush) leaveOut(event *events.Reader, n int, err error) bool {
	if err == record.ErrEmpty {
		event.Advance(n)
		f.met++
		f.empty++
		return true
	}
	reason, known := record.DropOf(err)
	if !known {
		return event.Malformed(err)
	}
	event.Advance(n)
	f.met++
	f.count()
	f.o.drop(reason, event.Ordinal())
	return true
}

// count adds up what the events since the last time come to. Workers share the
// counters, and would wait for each other if each record were counted there.
func (f *flush) count() {
	f.o.counts.Records.Add(f.met)
	f.o.counts.Empty.Add(f.empty)
	f.o.counts.LedgerHits.Add(f.hits)
	f.o.counts.Defaulted.Add(f.defaulted)
	f.met, f.empty, f.hits, f.defaulted = 0, 0, 0, 0
}

// borrowCompressors takes what the records of a chunk are compressed with.
func (f *flush) borrowCompressors() (err error) {
	f.sealer.begin(f.o.shared)
	if f.o.config.SimpleAggregation {
		f.records.Compressor = f.sealer.compressor // one for both: lines, and what travels beside them
		return nil
	}
	f.records.Compressor, err = borrow(f.o.compressors.records)
	return err
}

func (f *flush) returnCompressors() {
	f.sealer.end()
	if !f.o.config.SimpleAggregation {
		giveBack(f.o.compressors.records, f.records.Compressor)
	}
	f.records.Compressor = nil
}

// send sends a full batch of the leg at hand. With several it does not wait: a
// stream that takes its time must not hold up the records for others, and what
// waits is a part of one chunk.
func (f *flush) send(b *batch) {
	f.count() // before the stream accepts them
	f.sent = true
	f.unsettled.Add(len(b.events.ordinals))
	f.d.put(f.arrival, &rest{began: f.began, batch: b}, f.background || f.o.streams != nil)
}

// handOver gives away what is left in the lanes of the leg at hand.
func (f *flush) handOver() {
	r := f.rest()
	f.count()
	n := r.events()
	if !f.sent && len(f.legs) == 1 && len(f.refused) == 0 { // else there are records without room, which come back
		f.whole = n
	}
	f.unsettled.Add(n)
	f.handed = true
	f.d.handOver(f.arrival, r, f.sent)
}

// rest empties the lanes. What does not fit into one request is sent.
func (f *flush) rest() *rest {
	batches := f.merged()
	for len(batches) > 1 {
		f.send(batches[0])
		batches = batches[1:]
	}
	l := &f.lanes[0]
	if len(batches) > 0 {
		l.batch = batches[0]
	}
	r := &rest{began: f.began, batch: l.batch, aggregates: f.openAggregates(l)}
	f.sealer.begin(f.o.shared)
	defer f.sealer.end()
	for len(r.aggregates) > 0 && (r.entries() > wire.MaxRecords || r.bytes() > wire.MaxBytes) {
		f.closeAggregate(l, r.aggregates[0])
		f.d.putAggregate(r.aggregates[0])
		r.batch, r.aggregates = l.batch, r.aggregates[1:]
	}
	l.batch = nil
	return r
}

// merged empties the lanes of their batches: each is put together with the first
// one before it that has room for it, so that a small chunk makes no more requests
// than it must.
func (f *flush) merged() (batches []*batch) {
	for i := range f.lanes {
		b := f.lanes[i].batch
		f.lanes[i].batch = nil
		if b == nil {
			continue
		}
		roomy := slices.IndexFunc(batches, func(other *batch) bool { return other.body.FitsAll(b.body) })
		if roomy < 0 {
			batches = append(batches, b)
			continue
		}
		batches[roomy].copyAll(b)
		f.d.putBatch(b)
	}
	return batches
}

// settled says that events have come to a good end, or were dropped.
func (f *flush) settled(events int) { f.unsettled.Add(-events) }

// refuse notes the ordinals of events that did not get through.
func (f *flush) refuse(ordinals []uint32, err error) {
	f.mu.Lock()
	f.refused, f.err = append(f.refused, ordinals...), err
	f.mu.Unlock()
	f.settled(len(ordinals))
}
