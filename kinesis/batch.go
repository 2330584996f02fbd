package kinesis

import "fluent-bit-kinesis/kinesis/wire"

// A batch is the body of a PutRecords request under construction, and beside
// it which events each entry carries. It is owned by one goroutine at a time.
type batch struct {
	*wire.Body
	entries  []entry
	ordinals []uint32 // of the events, entry by entry
	stripes  stripes
	shards   shardMap // that the entries' shards are of; nil where they are not known
}

// An entry is what is known of one record of the request.
type entry struct {
	first, last uint32 // events carried: ordinals[first:last]
	shard       int32  // that it is foreseen for; unknownShard where it does not matter
}

// newBatch makes an empty batch. head is what the format opens a body with.
func newBatch(f wire.Format, head []byte) *batch { return &batch{Body: wire.NewBody(f, head)} }

func (b *batch) reset() {
	b.Reset()
	b.entries, b.ordinals = b.entries[:0], b.ordinals[:0]
	b.stripes, b.shards = stripes{}, nil
}

// add appends a record that fits. ordinals are the events it carries.
func (b *batch) add(data, key []byte, shard int, ordinals ...uint32) {
	b.Add(data, key)
	b.push(shard, ordinals)
}

// copyEntry appends an entry of another batch, of the same shards, as it
// stands there.
func (b *batch) copyEntry(from *batch, i int) {
	b.Copy(from.Body, i)
	b.push(int(from.entries[i].shard), from.carried(i))
}

// copyAll appends all entries of another batch, which must fit.
func (b *batch) copyAll(from *batch) {
	for i := range from.entries {
		b.copyEntry(from, i)
	}
	b.stripes.add(from.stripes)
}

// takeAfter readies an empty batch for entries of another one.
func (b *batch) takeAfter(other *batch) {
	b.stripes, b.shards = other.stripes, other.shards
}

func (b *batch) push(shard int, ordinals []uint32) {
	first := len(b.ordinals)
	b.ordinals = append(b.ordinals, ordinals...)
	b.entries = append(b.entries, entry{first: uint32(first), last: uint32(len(b.ordinals)), shard: int32(shard)})
}

// carried lists the ordinals of the events in entry i.
func (b *batch) carried(i int) []uint32 {
	e := b.entries[i]
	return b.ordinals[e.first:e.last]
}

// swap exchanges the contents of two batches.
func (b *batch) swap(other *batch) { *b, *other = *other, *b }
