package kinesis

import "fluent-bit-kinesis/aggregate"

// An openAggregate is an aggregate under construction. With a shard map there
// is one for each shard, else one for all. It is owned by one goroutine at a
// time.
type openAggregate struct {
	writer  aggregate.Writer
	events  carried
	stripes stripes
	random  bool   // the first key is not a record's own, so that those under it may take another
	shard   *shard // that it is for; nil without a shard map
	most    int    // bytes that it has come to, which it has memory for
}

// leastAggregateBytes is what an aggregate takes before the first record.
const leastAggregateBytes = 8 << 10

func newOpenAggregate() *openAggregate { return &openAggregate{most: leastAggregateBytes} }

// size is what the aggregate comes to, the partition key that it is put under
// included.
func (a *openAggregate) size() int { return a.writer.Len() + len(a.writer.PartitionKey()) }

// sizeWith is what size would be with one more record.
func (a *openAggregate) sizeWith(key []byte, size int) int {
	under := a.writer.PartitionKey()
	if under == nil {
		under = key
	}
	return a.writer.SizeWith(key, size) + len(under)
}

// sizeWithAll is at least what size would be with all records of another one.
func (a *openAggregate) sizeWithAll(other *openAggregate) int {
	return a.writer.SizeWithAll(&other.writer) + len(a.writer.PartitionKey())
}

// add appends a record that fits.
func (a *openAggregate) add(key, data []byte, of stripes, f *flush, ordinal uint32) {
	a.writer.Add(key, data)
	a.events.add(f, ordinal)
	a.stripes.add(of)
}

// addAll moves all records of another one over, which must fit. Those without a key
// of their own take that of the aggregate; where records have no order, these are
// all.
func (a *openAggregate) addAll(other *openAggregate, ordered bool) {
	switch {
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
	a.most = max(a.most, a.writer.Len()+4*len(a.events.ordinals))
	a.writer.Reset()
	a.events.reset()
	a.stripes, a.random = stripes{}, false
}

// getAggregate readies an empty aggregate.
func (d *destination) getAggregate(s *shard) *openAggregate {
	a, ok := d.aggregates.get()
	if !ok {
		a = newOpenAggregate()
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
