package kinesis

import (
	"fmt"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/record"
)

// A lane is where the records of some partition keys wait until a request is
// full: in a batch, and with aggregation before that in aggregates. It is
// owned by one goroutine.
type lane struct {
	batch      *batch           // nil where nothing waits
	aggregates []*openAggregate // that of a shard at 1 + shard, where there is one
}

// An openAggregate is an aggregate under construction. With a shard map there
// is one for each shard, else one for all.
type openAggregate struct {
	writer   aggregate.Writer
	ordinals []uint32 // of the events in it
	stripes  stripes
	shard    int // that it is for; unknownShard without a shard map
	most     int // bytes that it has come to, which it has memory for
}

// shardOf is the shard that the record is foreseen for.
func (f *flush) shardOf(r *record.Record) int {
	if f.shards == nil {
		return unknownShard
	}
	return f.shards.of(r.Key)
}

// add puts a record into the aggregate of its lane, or where it is to travel
// alone into the lane's batch.
func (f *flush) add(r *record.Record, ordinal uint32) {
	l, stripe := &f.lanes[0], uint8(0)
	if f.o.ordered {
		stripe = f.o.stripeOf(r.Key)
		l = &f.lanes[int(stripe)*len(f.lanes)/stripeCount]
	}
	f.o.remark(r)
	shard := f.shardOf(r)
	if f.o.config.Aggregation && f.aggregate(l, r, shard, ordinal, stripe) {
		return
	}
	f.room(l, r.Size())
	l.batch.add(r.Data, r.Key, shard, ordinal)
	l.batch.stripes.set(stripe)
}

// room makes sure that the lane has a batch that takes one more record of this
// size, by sending the one that does not.
func (f *flush) room(l *lane, size int) {
	if l.batch != nil && !l.batch.Fits(size) {
		f.send(l.batch)
		l.batch = nil
	}
	if l.batch == nil {
		l.batch = f.o.getBatch()
		l.batch.shards = f.shards
	}
}

// aggregate adds the record to an aggregate, after closing the one that it
// does not fit into. It is false where the record is to travel alone.
func (f *flush) aggregate(l *lane, r *record.Record, shard int, ordinal uint32, stripe uint8) bool {
	c := f.o.config
	a := f.openFor(l, shard)
	alone := len(r.Data) >= c.SkipAggregationRecordSize
	if alone && f.o.ordered && a.stripes.has(stripe) {
		f.closeAggregate(l, a) // the record must not overtake those before it
	}
	if alone {
		return false
	}
	key := r.Key
	if a.writer.Count() > 0 {
		if !f.o.ordered {
			key = a.writer.PartitionKey()
		}
		if a.sizeWith(key, len(r.Data)) > c.AggregationMaximumRecordSize {
			f.closeAggregate(l, a)
			key = r.Key
		}
	}
	if a.writer.Count() == 0 && a.sizeWith(key, len(r.Data)) > c.AggregationMaximumRecordSize {
		return false
	}
	a.writer.Add(key, r.Data)
	a.ordinals = append(a.ordinals, ordinal)
	a.stripes.set(stripe)
	return true
}

// sizeWith is what the aggregate would come to with one more record, the
// partition key that it is put under included.
func (a *openAggregate) sizeWith(key []byte, size int) int {
	under := a.writer.PartitionKey()
	if under == nil {
		under = key
	}
	return a.writer.SizeWith(key, size) + len(under)
}

// openFor is the aggregate that a record for the shard belongs into.
func (f *flush) openFor(l *lane, shard int) *openAggregate {
	i := 1 + shard
	for len(l.aggregates) <= i {
		l.aggregates = append(l.aggregates, nil)
	}
	if l.aggregates[i] == nil {
		l.aggregates[i] = f.getAggregate(shard)
	}
	return l.aggregates[i]
}

// closeAggregate moves an aggregate into the lane's batch, as one entry that
// carries all of its events.
func (f *flush) closeAggregate(l *lane, a *openAggregate) {
	if a.writer.Count() == 0 {
		return
	}
	a.most = max(a.most, a.writer.Len()+4*len(a.ordinals))
	data, key := f.closed(a), a.writer.PartitionKey()
	f.room(l, len(data)+len(key))
	l.batch.add(data, key, a.shard, a.ordinals...)
	l.batch.stripes.add(a.stripes)
	f.o.counts.Aggregates.Add(1)
	f.o.counts.Aggregated.Add(int64(len(a.ordinals)))
	a.reset()
}

// closed is the data of the aggregate, compressed if that is asked for and
// does not make it longer than the aggregate may be.
func (f *flush) closed(a *openAggregate) []byte {
	data := a.writer.Close()
	if f.compressor == nil {
		return data
	}
	packed, err := f.compressor.Append(f.packed[:0], data)
	if err == nil {
		f.packed = packed
		if len(packed)+len(a.writer.PartitionKey()) <= f.o.config.AggregationMaximumRecordSize {
			return packed
		}
		err = fmt.Errorf("compressed it has %d", len(packed))
	}
	f.o.warn.aggregate.Warnf("an aggregate of %d bytes goes uncompressed: %v", len(data), err)
	return data
}

func (a *openAggregate) reset() {
	a.writer.Reset()
	a.ordinals, a.stripes = a.ordinals[:0], stripes{}
}

// closeAggregates ends the aggregates of all lanes: none is held between
// flushes.
func (f *flush) closeAggregates() {
	for i := range f.lanes {
		l := &f.lanes[i]
		for _, a := range l.aggregates {
			if a != nil {
				f.closeAggregate(l, a)
				f.idle.put(a)
			}
		}
		clear(l.aggregates)
		l.aggregates = l.aggregates[:0]
	}
}

// getAggregate readies an empty aggregate.
func (f *flush) getAggregate(shard int) *openAggregate {
	a := f.idle.get()
	a.shard, a.writer.ByShard = shard, shard != unknownShard
	return a
}

// mostIdleBytes bounds the memory of the aggregates that a flush keeps. A chunk
// fills about half as much, on however many shards. leastAggregateBytes is what
// an aggregate takes before the first record.
const (
	mostIdleBytes       = 4 << 20
	leastAggregateBytes = 8 << 10
)

// idleAggregates are empty aggregates, kept for their memory. Which of them
// comes to hold the records of a busy shard is chance, so that without a bound
// each would have memory for a whole aggregate in the end.
type idleAggregates struct {
	items []*openAggregate
	bytes int // that they have memory for, about
}

func (l *idleAggregates) get() *openAggregate {
	n := len(l.items)
	if n == 0 {
		return &openAggregate{most: leastAggregateBytes}
	}
	a := l.items[n-1]
	l.items[n-1], l.items = nil, l.items[:n-1]
	l.bytes -= a.most
	return a
}

func (l *idleAggregates) put(a *openAggregate) {
	if l.bytes+a.most > mostIdleBytes {
		return
	}
	l.items = append(l.items, a)
	l.bytes += a.most
}
