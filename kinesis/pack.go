package kinesis

import "fluent-bit-kinesis/kinesis/record"

// A lane is where the records of some partition keys wait until a request is
// full: in a batch, and with aggregation before that in aggregates. It is
// owned by one goroutine.
type lane struct {
	batch      *batch           // nil where nothing waits
	aggregates []*openAggregate // that of a shard at 1 + its index, where there is one; at 0 that of records without
	keys       lineKeys         // of lines: which of the aggregates from 1 on has those of a key
}

// add puts a record into the aggregate of its lane, or where it is to travel
// alone into the lane's batch.
func (f *flush) add(r *record.Record, ordinal uint32) {
	l, of := &f.lanes[0], stripes{}
	if f.d.ordered {
		stripe := f.d.stripeOf(r.Key)
		l, of = &f.lanes[int(stripe)*len(f.lanes)/stripeCount], stripeSet(stripe)
	}
	if f.o.config.SimpleAggregation && f.addLine(l, r, of, ordinal) {
		return
	}
	f.d.remark(r)
	shard := f.shardOf(r)
	if f.o.config.Aggregation && f.aggregate(l, r, shard, of, ordinal) {
		return
	}
	if isLarge(r.Size()) {
		f.addLarge(l, r, of, shard, ordinal)
		return
	}
	f.room(l, r.Size())
	l.batch.add(r, of, shard, f, ordinal).random = f.mayRekey(r)
}

// mayRekey tells whether a record that is refused may go under another key. It may
// not where keys say what shard a record is for: the line and the paces of shards
// go by the one that it has.
func (f *flush) mayRekey(r *record.Record) bool { return r.Random && !f.d.aimed }

// shardOf is the shard that a record is for, as far as that is known and matters.
func (f *flush) shardOf(r *record.Record) *shard {
	if r.Placed {
		return f.shards.at(r.At)
	}
	return f.shards.of(r.Key)
}

// room makes sure that the lane has a batch that takes one more record of this
// size, by sending the one that does not.
func (f *flush) room(l *lane, size int) {
	if l.batch != nil && !l.batch.body.Fits(size) {
		f.send(l.batch)
		l.batch = nil
	}
	if l.batch == nil {
		l.batch = f.d.getBatch()
	}
}

// aggregate adds the record to an aggregate, after closing the one that it
// does not fit into. It is false where the record is to travel alone.
func (f *flush) aggregate(l *lane, r *record.Record, shard *shard, of stripes, ordinal uint32) bool {
	c := f.o.config
	a, most := f.openFor(l, shard), f.d.mostAggregate()
	alone := len(r.Data) >= c.SkipAggregationRecordSize || isLarge(r.Size())
	if alone && a.stripes.meet(of) {
		f.closeAggregate(l, a) // the record must not overtake those before it
	}
	if alone {
		return false
	}
	key, stripe := r.Key, of
	if a.writer.Count() > 0 {
		if r.Random { // any key will do, and it has no order to keep
			key, stripe = a.writer.PartitionKey(), stripes{}
		}
		if a.sizeWith(key, len(r.Data)) > most {
			f.closeAggregate(l, a)
			key, stripe = r.Key, of
		}
	}
	if a.writer.Count() == 0 {
		if r.Random && !r.Placed && !f.d.ordered && shard == nil { // else its key is one for the shard
			var spread [16]byte
			key = f.d.spread.append(spread[:0])
		}
		if r.Placed {
			a.writer.Place(r.At)
		}
		if a.sizeWith(key, len(r.Data)) > most {
			a.writer.Reset()
			return false
		}
		a.random = r.Random
	}
	a.add(key, r.Data, stripe, f, ordinal)
	return true
}

// openFor is the aggregate that a record for the shard belongs into.
func (f *flush) openFor(l *lane, s *shard) *openAggregate {
	i := 0
	if s != nil {
		i = 1 + s.index
	}
	for len(l.aggregates) <= i {
		l.aggregates = append(l.aggregates, nil)
	}
	if l.aggregates[i] == nil {
		l.aggregates[i] = f.d.getAggregate(s)
	}
	return l.aggregates[i]
}

// closeAggregate moves an aggregate into the lane's batch, as one entry that
// carries all of its events. Lines may make several.
func (f *flush) closeAggregate(l *lane, a *openAggregate) {
	if a.count() == 0 {
		return
	}
	parts := f.sealer.closed(f.d, a)
	f.sealer.count(a)
	for i := range parts {
		f.room(l, parts[i].size())
		l.batch.addAggregate(&parts[i], a)
	}
	a.reset()
}

// openAggregates empties the lane of its aggregates, those that hold records.
func (f *flush) openAggregates(l *lane) (open []*openAggregate) {
	for _, a := range l.aggregates {
		switch {
		case a == nil:
		case a.count() > 0:
			open = append(open, a)
		default:
			f.d.putAggregate(a)
		}
	}
	clear(l.aggregates)
	l.aggregates = l.aggregates[:0]
	l.keys.reset()
	return open
}
