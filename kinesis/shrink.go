package kinesis

import "fluent-bit-kinesis/kinesis/wire"

// throttledAggregate bounds aggregates while the stream is at its limit. A shard
// takes a mebibyte a second: of the largest aggregates one, and chance, which
// chooses the shards, gives some none and others more than they take. Of these it
// takes 41. Each is paid for as one unit of 25 KB, so that the many cost no more
// than the few.
const throttledAggregate = 25_575

// mostAggregate is how large an aggregate may be now, with its partition key.
func (d *destination) mostAggregate() int {
	if d.pacer.Throttled() {
		return min(d.config.AggregationMaximumRecordSize, throttledAggregate)
	}
	return d.config.AggregationMaximumRecordSize
}

// shrink has large aggregates go as several, each under another random key, while
// the stream is at its limit. Records with keys of their own stay where they are,
// and so do those with hash keys.
func (dl *delivery) shrink(b *batch) {
	if dl.isolating || b.body.Size() <= 2*throttledAggregate || !dl.d.pacer.Throttled() {
		return
	}
	dl.reshape(b, 2*throttledAggregate)
}

// reshape has aggregates of more than so many bytes go under other random keys, as
// several if they are large.
func (dl *delivery) reshape(b *batch, above int) {
	d := dl.d
	if !d.config.packs() || d.aimed {
		return
	}
	shaped := d.getBatchFor(b.space(func(int) bool { return true }))
	dl.sealer.begin(d.shared)
	defer dl.sealer.end()
	for i := range b.entries {
		if size := b.body.EntrySize(i); size <= above || !dl.takeApart(shaped, b, i, size) {
			shaped.copyEntry(b, i)
		}
	}
	b.swap(shaped)
	d.putBatch(shaped)
}

// takeApart adds an aggregate to a batch in parts of about the same size. It is
// false where it cannot be taken apart, or there is no room for that.
func (dl *delivery) takeApart(into, b *batch, i, size int) bool {
	parts := 1
	if size > 2*throttledAggregate {
		parts += size / throttledAggregate
	}
	// A random entry is a record, whatever is in it, or lines, which rekey has put
	// under another key already.
	if b.entries[i].random && (parts == 1 || !dl.d.config.SimpleAggregation) {
		return false
	}
	after := len(b.entries) - i - 1
	if len(into.entries)+parts+after > wire.MaxRecords || b.body.Size()+size > wire.MaxBytes { // more than all parts add
		return false
	}
	users, ok := dl.users(b, i)
	if !ok || len(users) < parts {
		return false
	}
	var key [16]byte
	for p := range parts {
		first, last := len(users)*p/parts, len(users)*(p+1)/parts
		under := string(dl.d.spread.append(key[:0]))
		for u := first; u < last; u++ {
			users[u].PartitionKey = under
		}
		dl.repack(into, b, i, users, first, last)
	}
	return true
}
