package kinesis

// Limits of one PutRecords request and of one record, set by the service:
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html.
const (
	maxBatchRecords = 500
	maxBatchBytes   = 5 << 20 // of data and partition keys, before base64
	maxRecordBytes  = 1 << 20 // of data and partition key
	maxKeyRunes     = 256
)

// A batch is the body of a PutRecords request under construction. Records go
// into the body as they are added, encoded for the wire; beside it the batch
// knows only where each entry lies and which events it carries. Its size under
// the service's limits is arithmetic. It is owned by one goroutine at a time.
type batch struct {
	wire     wire
	head     []byte // of the body, up to the first entry
	body     []byte
	open     int // length of the body before it was closed
	entries  []entry
	ordinals []uint32 // of the events, entry by entry
	size     int      // data and partition keys, in bytes
	stripes  stripes
	shards   shardMap // that the entries' shards are of; nil where they are not known
}

// An entry is one record of the request.
type entry struct {
	start, end  uint32 // span in the body, without what separates entries
	size        uint32 // data and partition key, in bytes
	first, last uint32 // events carried: ordinals[first:last]
	shard       int32  // that it is foreseen for; unknownShard where it does not matter
}

// newBatch makes an empty batch. head is what the wire opens a body with.
func newBatch(w wire, head []byte) *batch {
	return &batch{wire: w, head: head, body: append(make([]byte, 0, 4096), head...)}
}

func (b *batch) reset() {
	b.body = append(b.body[:0], b.head...)
	b.entries, b.ordinals = b.entries[:0], b.ordinals[:0]
	b.size, b.stripes, b.shards = 0, stripes{}, nil
}

// fits tells whether a record of this size, data and partition key, may be
// added.
func (b *batch) fits(size int) bool {
	return len(b.entries) < maxBatchRecords && b.size+size <= maxBatchBytes
}

// fitsAll tells whether all entries of another batch may be added.
func (b *batch) fitsAll(other *batch) bool {
	return len(b.entries)+len(other.entries) <= maxBatchRecords && b.size+other.size <= maxBatchBytes
}

// add appends a record that fits. ordinals are the events it carries.
func (b *batch) add(data, key []byte, shard int, ordinals ...uint32) {
	start := b.separate()
	b.body = b.wire.appendEntry(b.body, data, key)
	b.push(start, len(data)+len(key), shard, ordinals)
}

// copyEntry appends an entry of another batch, of the same shards, as it
// stands there.
func (b *batch) copyEntry(from *batch, i int) {
	e := from.entries[i]
	start := b.separate()
	b.body = append(b.body, from.body[e.start:e.end]...)
	b.push(start, int(e.size), int(e.shard), from.carried(i))
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

// separate makes the body ready for the next entry, and returns where that
// begins.
func (b *batch) separate() int {
	if len(b.entries) > 0 {
		b.body = append(b.body, b.wire.separator()...)
	}
	return len(b.body)
}

func (b *batch) push(start, size, shard int, ordinals []uint32) {
	first := len(b.ordinals)
	b.ordinals = append(b.ordinals, ordinals...)
	b.entries = append(b.entries, entry{
		start: uint32(start), end: uint32(len(b.body)), size: uint32(size),
		first: uint32(first), last: uint32(len(b.ordinals)), shard: int32(shard),
	})
	b.size += size
}

// carried lists the ordinals of the events in entry i.
func (b *batch) carried(i int) []uint32 {
	e := b.entries[i]
	return b.ordinals[e.first:e.last]
}

// close completes the body, which is then ready to be posted. Nothing may be
// added until the batch is reset or reopened.
func (b *batch) close() []byte {
	b.open = len(b.body)
	b.body = b.wire.complete(b.body, len(b.head), len(b.entries))
	return b.body
}

// reopen takes back what close did.
func (b *batch) reopen() { b.body = b.body[:b.open] }

// swap exchanges the contents of two batches.
func (b *batch) swap(other *batch) { *b, *other = *other, *b }
