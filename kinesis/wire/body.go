package wire

import (
	"slices"

	"fluent-bit-kinesis/aggregate"
)

// A Body is the body of a PutRecords request under construction. Its size under
// the service's limits is arithmetic. It is owned by one goroutine at a time.
type Body struct {
	format Format
	head   []byte // of the body, up to the first entry
	bytes  []byte
	open   int // length of bytes before the body was closed
	spans  []span
	size   int // data and partition keys, in bytes
}

// A span is where one record lies in the body, without what separates records.
type span struct {
	start, end uint32
	size       uint32 // data and partition key, in bytes
	key        uint16 // partition key, in bytes
}

// NewBody makes an empty body. head is what the format opens a body with.
func NewBody(f Format, head []byte) *Body { return NewBodyFor(f, head, 4096) }

// NewBodyFor makes an empty body with memory for so many bytes.
func NewBodyFor(f Format, head []byte, bytes int) *Body {
	return &Body{format: f, head: head, bytes: append(make([]byte, 0, bytes), head...)}
}

// Reset empties the body.
func (b *Body) Reset() {
	b.bytes = append(b.bytes[:0], b.head...)
	b.spans, b.size = b.spans[:0], 0
}

// Open empties the body, and has it begin with another head.
func (b *Body) Open(head []byte) {
	b.head = head
	b.Reset()
}

// Len is how many records there are.
func (b *Body) Len() int { return len(b.spans) }

// Size is what the service limits: the bytes of data and partition keys.
func (b *Body) Size() int { return b.size }

// EntrySize is what record i adds to the size.
func (b *Body) EntrySize(i int) int { return int(b.spans[i].size) }

// Space is how many bytes of the body record i takes.
func (b *Body) Space(i int) int {
	return int(b.spans[i].end-b.spans[i].start) + len(b.format.Separator())
}

// Rekey puts record i under another partition key, in place. Both keys are of
// letters and digits, and equally long.
func (b *Body) Rekey(i int, key []byte) {
	end := int(b.spans[i].end) - len(b.format.entryEnd())
	copy(b.bytes[end-len(key):end], key)
}

// Entry reads record i back, as the service would.
func (b *Body) Entry(i int) (data, key []byte, err error) {
	return b.format.entry(b.bytes[b.spans[i].start:b.spans[i].end])
}

// Key is the partition key of record i, not to be changed. Most stand in the body
// as they are.
func (b *Body) Key(i int) []byte {
	s := b.spans[i]
	end := int(s.end) - len(b.format.entryEnd())
	if key := b.bytes[end-int(s.key) : end]; b.format.plainKey(b.bytes[s.start : end-int(s.key)]) {
		return key
	}
	_, key, _ := b.Entry(i)
	return key
}

// Placed is the explicit hash key of record i; ok is false where it has none.
func (b *Body) Placed(i int) (at aggregate.HashKey, ok bool) {
	s := b.spans[i]
	return aggregate.DecimalHashKey(b.format.placed(b.bytes[s.start:s.end]))
}

// HashKey is what the service places record i by: its explicit hash key, or else the
// hash of its partition key.
func (b *Body) HashKey(i int) aggregate.HashKey {
	if at, placed := b.Placed(i); placed {
		return at
	}
	return aggregate.HashOf(b.Key(i))
}

// Capacity is the memory that the body's bytes take.
func (b *Body) Capacity() int { return cap(b.bytes) }

// Fits tells whether a record of this size, data and partition key, may be
// added.
func (b *Body) Fits(size int) bool {
	return len(b.spans) < MaxRecords && b.size+size <= MaxBytes
}

// FitsAll tells whether all records of another body may be added.
func (b *Body) FitsAll(other *Body) bool {
	return len(b.spans)+len(other.spans) <= MaxRecords && b.size+other.size <= MaxBytes
}

// Reserve makes room for a record of this size, data and partition key, so that the
// body takes no more memory than it needs.
func (b *Body) Reserve(size int) {
	const around = 8 << 10 // keys, at their longest when escaped, and the names of members
	b.bytes = slices.Grow(b.bytes, b.format.dataLen(size)+around)
}

// Add appends a record that fits.
func (b *Body) Add(data, key []byte) {
	start := b.separate()
	b.bytes = b.format.AppendEntry(b.bytes, data, key)
	b.push(start, len(data)+len(key), len(key))
}

// AddPlaced appends a record that fits and has an explicit hash key, which counts
// towards no limit.
func (b *Body) AddPlaced(data, key []byte, at aggregate.HashKey) {
	start := b.separate()
	b.bytes = b.format.AppendPlacedEntry(b.bytes, data, key, at)
	b.push(start, len(data)+len(key), len(key))
}

// Copy appends record i of another body of the same format, as it stands there.
// The other one may be closed.
func (b *Body) Copy(from *Body, i int) {
	s := from.spans[i]
	start := b.separate()
	b.bytes = append(b.bytes, from.bytes[s.start:s.end]...)
	b.push(start, int(s.size), int(s.key))
}

// separate readies the bytes for the next record, and returns where it begins.
func (b *Body) separate() int {
	if len(b.spans) > 0 {
		b.bytes = append(b.bytes, b.format.Separator()...)
	}
	return len(b.bytes)
}

func (b *Body) push(start, size, key int) {
	b.spans = append(b.spans, span{start: uint32(start), end: uint32(len(b.bytes)), size: uint32(size), key: uint16(key)})
	b.size += size
}

// Close completes the body, which is then ready to be posted. The bytes are the
// body's own. Nothing may be added until it is reopened or reset.
func (b *Body) Close() []byte {
	b.open = len(b.bytes)
	b.bytes = b.format.Complete(b.bytes, len(b.head), len(b.spans))
	return b.bytes
}

// Reopen takes back what Close did.
func (b *Body) Reopen() { b.bytes = b.bytes[:b.open] }
