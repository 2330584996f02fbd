package kinesis

import "fluent-bit-kinesis/aggregate"

// An openAggregate is an aggregate under construction, in the format of the KPL or
// of joined lines. With a shard map there is one for each shard, of lines with
// partition keys one for each key, else one for all. It is owned by one goroutine
// at a time.
type openAggregate struct {
	writer  aggregate.Writer
	lines   *joined // in place of writer; nil in the format of the KPL
	events  carried
	stripes stripes
	random  bool   // the first key is not a record's own, so that those under it may take another
	shard   *shard // that it is for; nil without a shard map
	most    int    // bytes that it has come to, which it has memory for
}

// leastAggregateBytes is what an aggregate takes before the first record.
const leastAggregateBytes = 8 << 10

func newOpenAggregate() *openAggregate { return &openAggregate{most: leastAggregateBytes} }

// count is how many records are in it.
func (a *openAggregate) count() int {
	if a.lines != nil {
		return len(a.events.ordinals)
	}
	return a.writer.Count()
}

// key is the partition key that it is put under; empty where it has no records.
func (a *openAggregate) key() []byte {
	if a.lines != nil {
		return a.lines.key
	}
	return a.writer.PartitionKey()
}

// size is what the aggregate comes to, the partition key that it is put under
// included.
func (a *openAggregate) size() int {
	if a.lines != nil {
		return len(a.lines.data) + len(a.lines.key)
	}
	return a.writer.Len() + len(a.writer.PartitionKey())
}

// placed is the explicit hash key of all that is in it; ok is false where there is
// none.
func (a *openAggregate) placed() (at aggregate.HashKey, ok bool) {
	if a.lines != nil {
		return a.lines.at, a.lines.placed
	}
	return a.writer.Placed()
}

// place has the aggregate, which is empty, be put under an explicit hash key.
func (a *openAggregate) place(at aggregate.HashKey) {
	if a.lines != nil {
		a.lines.at, a.lines.placed = at, true
		return
	}
	a.writer.Place(at)
}

// sizeWith is what size would be with one more record.
func (a *openAggregate) sizeWith(key []byte, size int) int {
	if a.lines != nil {
		return a.size() + size // there is a key, or it is this one
	}
	under := a.writer.PartitionKey()
	if under == nil {
		under = key
	}
	return a.writer.SizeWith(key, size) + len(under)
}

// sizeWithAll is at least what size would be with all records of another one.
func (a *openAggregate) sizeWithAll(other *openAggregate) int {
	if a.lines != nil {
		return a.size() + len(other.lines.data)
	}
	return a.writer.SizeWithAll(&other.writer) + len(a.writer.PartitionKey())
}

// add appends a record that fits.
func (a *openAggregate) add(key, data []byte, of stripes, f *flush, ordinal uint32) {
	a.put(key, data)
	a.events.add(f, ordinal)
	if a.lines != nil {
		a.events.lines = append(a.events.lines, uint32(len(data)))
	}
	a.stripes.add(of)
}

// put appends a record without an event.
func (a *openAggregate) put(key, data []byte) {
	if a.lines != nil {
		a.lines.add(key, data)
		return
	}
	a.writer.Add(key, data)
}

// addAll moves all records of another one over, which must fit. Those without a key
// of their own take that of the aggregate; where records have no order, these are
// all.
func (a *openAggregate) addAll(other *openAggregate, ordered bool) {
	switch {
	case a.lines != nil:
		a.lines.add(other.lines.key, other.lines.data)
	case !ordered:
		a.writer.AddAllUnderOneKey(&other.writer)
	case other.random:
		a.writer.AddAllUnderFirstKey(&other.writer)
	default:
		a.writer.AddAll(&other.writer)
	}
	a.events.addAll(&other.events)
	a.stripes.add(other.stripes)
	other.reset()
}

func (a *openAggregate) reset() {
	bytes := a.size() + 4*(len(a.events.ordinals)+len(a.events.lines))
	a.most = max(a.most, bytes)
	a.writer.Reset()
	if a.lines != nil {
		a.lines.reset()
	}
	a.events.reset()
	a.stripes, a.random = stripes{}, false
}

// getAggregate readies an empty aggregate.
func (d *destination) getAggregate(s *shard) *openAggregate {
	a, ok := d.aggregates.get()
	if !ok {
		a = newOpenAggregate()
		if d.config.SimpleAggregation {
			a.lines = new(joined)
		}
	}
	a.shard = s
	return a
}

// putAggregate takes an aggregate back for its next use.
func (d *destination) putAggregate(a *openAggregate) {
	a.reset()
	a.shard = nil
	d.aggregates.put(a)
}
