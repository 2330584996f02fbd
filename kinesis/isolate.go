package kinesis

import (
	"slices"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

// isolate finds the records for which the service refuses a batch as invalid, and
// drops those. First the flushes part ways, so that none waits for another's
// record at fault; then the batch of one is halved until the record is alone.
func (dl *delivery) isolate(b *batch, refusal error) {
	if b.events.flushes() > 1 && dl.partFlushes(b) {
		return
	}
	if len(b.entries) > 1 {
		dl.deliverParts(dl.halves(b))
		return
	}
	if service.RefusedByProxy(refusal) {
		dl.d.watchdog.Failed(refusal)
		dl.d.handBack(b, refusal)
		return
	}
	if isLarge(b.only()) {
		dl.dropLarge(b, refusal)
		return
	}
	if parts, ok := dl.aggregateHalves(b); ok {
		dl.deliverParts(parts)
		return
	}
	dl.d.dropInvalid(b.events.ordinals, refusal)
	dl.note(b, nil)
	b.settle()
}

// halves are the two halves of a batch, which is empty then.
func (dl *delivery) halves(b *batch) [2]*batch {
	first, second := dl.d.deal(b, func(i int) bool { return i >= len(b.entries)/2 })
	b.reset()
	dl.batches = append(dl.batches, first, second) // not before: of a panic, b is what is left
	return [2]*batch{first, second}
}

// deliverParts delivers one part after the other of a batch in which there is a
// record at fault.
func (dl *delivery) deliverParts(parts [2]*batch) {
	attempts, outermost := dl.attempts, !dl.isolating
	dl.isolating = true
	for _, part := range parts {
		if dl.cannotHandBack { // what is left would be lost
			dl.attempts = attempts
		}
		dl.deliver(part)
	}
	if outermost {
		dl.isolating = false
	}
}

// aggregateHalves makes two aggregates of the only entry of a batch; ok is false
// where that is none, or has one record alone.
func (dl *delivery) aggregateHalves(b *batch) (half [2]*batch, ok bool) {
	n := len(b.events.ordinals)
	users, ok := dl.users(b, 0)
	if n == 1 || !ok {
		return half, false
	}
	half = [2]*batch{dl.d.getBatch(), dl.d.getBatch()}
	dl.sealer.begin(dl.d.shared)
	defer dl.sealer.end()
	dl.repack(half[0], b, 0, users, 0, n/2)
	dl.repack(half[1], b, 0, users, n/2, n)
	b.reset()
	dl.batches = append(dl.batches, half[:]...)
	return half, true
}

// users reads the user records of entry i, an aggregate of ours. ok is false
// where it is none.
func (dl *delivery) users(b *batch, i int) (users []aggregate.Record, ok bool) {
	data, key, err := b.body.Entry(i)
	if err != nil {
		return nil, false
	}
	if dl.d.config.SimpleAggregation {
		return dl.lines(b, i, data, key)
	}
	if format := dl.d.config.AggregationCompression; format != compress.None {
		if unpacked, err := compress.Decompress(format, data, wire.MaxRecordBytes); err == nil {
			data = unpacked
		}
	}
	users, ok, err = aggregate.Split(data)
	if !ok || err != nil || len(users) != int(b.entries[i].last-b.entries[i].first) {
		return nil, false
	}
	if !dl.d.ordered { // all have the aggregate's key
		for u := range users {
			users[u].PartitionKey = string(key)
		}
	}
	return users, true
}

// lines are the lines of entry i, whose data and key these are. ok is false where
// it is a record that travels alone.
func (dl *delivery) lines(b *batch, i int, data, key []byte) (lines []aggregate.Record, ok bool) {
	lengths := b.events.lengths(int(b.entries[i].first), int(b.entries[i].last))
	size := 0
	for _, length := range lengths {
		size += int(length)
	}
	data, err := compress.Decompress(dl.d.config.Compression, data, size)
	if err != nil || size == 0 || len(data) != size {
		return nil, false
	}
	for _, length := range lengths {
		lines = append(lines, aggregate.Record{PartitionKey: string(key), Data: data[:length]})
		data = data[length:]
	}
	return lines, true
}

// repack adds an aggregate of some of the user records of entry i, from first up
// to last, to another batch. Its sealer has begun.
func (dl *delivery) repack(into, from *batch, i int, users []aggregate.Record, first, last int) {
	e := &from.entries[i]
	a := dl.d.getAggregate(e.shard)
	if at, placed := from.body.Placed(i); placed {
		a.place(at)
	} else if first > 0 && a.lines == nil && len(dl.d.config.Record.HashKey) > 0 { // its key may hash to elsewhere
		a.place(from.body.HashKey(i))
	}
	for u := first; u < last; u++ {
		a.put([]byte(users[u].PartitionKey), users[u].Data)
	}
	a.events.addSpan(&from.events, int(e.first)+first, int(e.first)+last)
	a.stripes = e.stripes
	if dl.d.ordered {
		a.stripes = stripes{}
		for u := first; u < last; u++ {
			a.stripes.set(dl.d.stripeOf([]byte(users[u].PartitionKey)))
		}
	}
	parts := dl.sealer.closedWithin(dl.d, a, dl.d.config.AggregationMaximumRecordSize)
	for i := range parts {
		into.addAggregate(&parts[i], a)
	}
	dl.d.putAggregate(a)
}

// twoParts puts the parts of the first half of the flushes together, and those of
// the second. Where they have keys in common they go one after another, and so the
// fewer the better.
func (d *destination) twoParts(parts []part) []part {
	half := len(parts) / 2
	for _, of := range [2][]part{parts[:half], parts[half:]} {
		for _, p := range of[1:] {
			of[0].batch.copyAll(p.batch)
			d.putBatch(p.batch)
		}
	}
	return []part{parts[0], parts[half]}
}

// A part is what one flush has in a batch of several.
type part struct {
	flush *flush
	batch *batch
}

// partFlushes has the records of each flush go by themselves from here on, side
// by side where they have no key in common. It is false where an entry of several
// flushes cannot be taken apart, as any of ours can.
func (dl *delivery) partFlushes(b *batch) bool {
	parts, ok := dl.parts(b)
	if !ok {
		return false
	}
	b.reset()
	d := dl.d
	if d.ordered {
		parts = d.twoParts(parts)
	}
	deliveries := make([]*delivery, len(parts))
	sets := make([]stripes, len(parts))
	for i, p := range parts {
		deliveries[i], sets[i] = dl.offshoot(p.batch), p.batch.stripes
	}
	if dl.ticket != nil {
		for i, t := range d.line.part(dl.ticket, sets) {
			deliveries[i].ticket = t
		}
		dl.ticket = nil
	}
	for _, of := range deliveries {
		d.underWay.Go(of.run)
	}
	return true
}

// parts are the parts of the flushes, in the order in which they came.
func (dl *delivery) parts(b *batch) (parts []part, ok bool) {
	dl.sealer.begin(dl.d.shared)
	defer dl.sealer.end()
	of := func(f *flush) *batch {
		i := slices.IndexFunc(parts, func(p part) bool { return p.flush == f })
		if i < 0 {
			i = len(parts)
			parts = append(parts, part{f, dl.d.getBatch()})
		}
		return parts[i].batch
	}
	for i := range b.entries {
		first, mixed := b.owner(i)
		if !mixed {
			of(first).copyEntry(b, i)
			continue
		}
		users, ok := dl.users(b, i)
		if !ok {
			return nil, false
		}
		at := 0
		for f, ordinals := range b.events.span(int(b.entries[i].first), int(b.entries[i].last)) {
			dl.repack(of(f), b, i, users, at, at+len(ordinals))
			at += len(ordinals)
		}
	}
	slices.SortStableFunc(parts, func(x, y part) int { return x.flush.arrivalAt(dl.d).compare(y.flush.arrivalAt(dl.d)) })
	return parts, true
}

// owner is the flush whose events entry i carries; mixed where it has others,
// too.
func (b *batch) owner(i int) (first *flush, mixed bool) {
	e := &b.entries[i]
	for f := range b.events.span(int(e.first), int(e.last)) {
		if first != nil {
			return first, true
		}
		first = f
	}
	return first, false
}
