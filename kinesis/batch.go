package kinesis

import (
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
)

// A batch is the body of a request under construction, and beside it what the
// wire knows nothing of: whose events its entries carry, which keys they have
// and which shards they are foreseen for. It is owned by one goroutine at a time.
type batch struct {
	body    *wire.Body
	entries []entry // one for each entry of the body
	events  carried // entry by entry
	stripes stripes // of all entries
	sharded bool    // there is an entry that is foreseen for a shard
}

// An entry is one record of the request.
type entry struct {
	first, last uint32  // events that it carries
	stripes     stripes // of their partition keys; empty where records have no order
	shard       *shard  // that it is foreseen for; nil where it does not matter
	random      bool    // its partition key may be changed for another
}

func newBatch(body *wire.Body) *batch { return &batch{body: body} }

func (b *batch) reset() {
	b.body.Reset()
	clear(b.entries) // of shard maps that may have been given up
	b.entries = b.entries[:0]
	b.events.reset()
	b.stripes, b.sharded = stripes{}, false
}

// add appends a record that fits, and carries one event of a flush. Its entry is
// valid until the next one is added.
func (b *batch) add(r *record.Record, of stripes, shard *shard, f *flush, ordinal uint32) *entry {
	if r.Placed {
		b.body.AddPlaced(r.Data, r.Key, r.At)
	} else {
		b.body.Add(r.Data, r.Key)
	}
	first := len(b.events.ordinals)
	b.events.add(f, ordinal)
	return b.push(first, of, shard)
}

// addAggregate appends a closed aggregate, or a part of one, which fits, with the
// events in it.
func (b *batch) addAggregate(s *sealed, a *openAggregate) {
	if at, placed := a.placed(); placed {
		b.body.AddPlaced(s.data, s.key, at)
	} else {
		b.body.Add(s.data, s.key)
	}
	first := len(b.events.ordinals)
	b.events.addSpan(&a.events, s.first, s.last)
	b.push(first, a.stripes, a.shard).random = s.random
}

// copyEntry appends an entry of another batch as it stands there.
func (b *batch) copyEntry(from *batch, i int) {
	e := &from.entries[i]
	b.body.Copy(from.body, i)
	first := len(b.events.ordinals)
	b.events.addSpan(&from.events, int(e.first), int(e.last))
	b.push(first, e.stripes, e.shard).random = e.random
}

// space is how many bytes of the body some of the entries take.
func (b *batch) space(of func(i int) bool) (bytes int) {
	for i := range b.entries {
		if of(i) {
			bytes += b.body.Space(i)
		}
	}
	return bytes
}

// copyAll appends all entries of another batch, which must fit.
func (b *batch) copyAll(from *batch) {
	for i := range from.entries {
		b.copyEntry(from, i)
	}
}

// push adds the entry of the events from first on, the last that the batch has.
func (b *batch) push(first int, of stripes, shard *shard) *entry {
	b.entries = append(b.entries, entry{
		first: uint32(first), last: uint32(len(b.events.ordinals)), stripes: of, shard: shard,
	})
	b.stripes.add(of)
	b.sharded = b.sharded || shard != nil
	return &b.entries[len(b.entries)-1]
}

// rekey gives the entries that have a random key another one. They were refused,
// most likely because their shard was full: by chance they get to another.
func (b *batch) rekey() {
	var key [16]byte
	for i := range b.entries {
		if b.entries[i].random {
			b.body.Rekey(i, record.AppendRandomKey(key[:0]))
		}
	}
}

// settle tells the flushes that the entries need nothing more, and empties the
// batch.
func (b *batch) settle() {
	b.events.settle(0, len(b.events.ordinals))
	b.reset()
}

// refuse hands the entries back to the flushes that they came from, and empties
// the batch.
func (b *batch) refuse(err error) {
	b.events.refuse(err)
	b.reset()
}

// swap exchanges the contents of two batches.
func (b *batch) swap(other *batch) { *b, *other = *other, *b }
