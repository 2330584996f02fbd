package kinesis

import (
	"context"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

// isolate finds the records for which the service refuses a batch as invalid, and
// drops those.
func (dl *delivery) isolate(ctx context.Context, b *batch, refusal error) {
	switch {
	case len(b.entries) > 1 && b.events.flushes() > 1 && dl.ticket == nil:
		dl.partFlushes(b)
		return
	case len(b.entries) > 1:
		dl.deliverParts(ctx, dl.halves(b))
		return
	case service.RefusedByProxy(refusal):
		dl.d.watchdog.Failed(refusal)
		b.refuse(refusal)
		return
	}
	if parts, ok := dl.takeApart(b); ok {
		dl.deliverParts(ctx, parts)
		return
	}
	dl.d.dropInvalid(b.events.ordinals, refusal)
	b.settle()
}

// partFlushes has the records of each flush go by themselves from here on, side
// by side: no flush is to wait until the record at fault in another is found.
func (dl *delivery) partFlushes(b *batch) {
	d := dl.d
	parts := []*rest{}
	var last *flush
	for i := range b.entries {
		of, mixed := b.owner(i)
		if len(parts) == 0 || of != last || mixed {
			parts = append(parts, &rest{batch: d.getBatch()})
		}
		parts[len(parts)-1].batch.copyEntry(b, i)
		last = of
		if mixed {
			last = nil
		}
	}
	b.reset()
	for _, part := range parts {
		d.underWay.Go(d.newDelivery(part).run)
	}
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

// halves are the two halves of a batch, which is empty then.
func (dl *delivery) halves(b *batch) [2]*batch {
	half := [2]*batch{dl.getBatch(), dl.getBatch()}
	for i := range b.entries {
		part := half[0]
		if i >= len(b.entries)/2 {
			part = half[1]
		}
		part.copyEntry(b, i)
	}
	b.reset()
	return half
}

// deliverParts delivers one part after the other of a batch in which there is a
// record at fault.
func (dl *delivery) deliverParts(ctx context.Context, parts [2]*batch) {
	attempts, outermost := dl.attempts, !dl.isolating
	dl.isolating = true
	for _, part := range parts {
		if dl.cannotHandBack { // what is left would be lost
			dl.attempts = attempts
		}
		dl.deliver(ctx, part)
	}
	if outermost {
		dl.isolating = false
	}
}

// takeApart makes two aggregates of the one in a batch that the service refuses
// as invalid, for one record in it is at fault and not all; in the end, of two
// records each goes by itself. It is false where the aggregate cannot be read,
// as none of ours is.
func (dl *delivery) takeApart(b *batch) (half [2]*batch, ok bool) {
	d := dl.d
	if len(b.events.ordinals) == 1 {
		return half, false
	}
	data, key, err := b.body.Entry(0)
	if err == nil && len(data) > 0 && d.config.AggregationCompression != compress.None {
		if unpacked, err := compress.Decompress(d.config.AggregationCompression, data, wire.MaxRecordBytes); err == nil {
			data = unpacked
		}
	}
	if err != nil {
		return half, false
	}
	users, packed, err := aggregate.Split(data)
	if err != nil || !packed || len(users) != len(b.events.ordinals) {
		return half, false
	}
	half = [2]*batch{dl.getBatch(), dl.getBatch()}
	dl.sealer.begin(d)
	defer dl.sealer.end()
	for h, span := range [2][2]int{{0, len(users) / 2}, {len(users) / 2, len(users)}} {
		a := d.getAggregate(b.entries[0].shard)
		for i := span[0]; i < span[1]; i++ {
			own := []byte(users[i].PartitionKey)
			if !d.ordered {
				own = key
			}
			a.writer.Add(own, users[i].Data)
		}
		a.events.addSpan(&b.events, span[0], span[1])
		a.stripes = b.stripes
		half[h].addAggregate(dl.sealer.closed(a), a)
		d.putAggregate(a)
	}
	b.reset()
	return half, true
}
