package kinesis

import "slices"

// Records of a delivery that need not wait for each other part ways: each goes on
// as a delivery of its own. Those with a key in common keep their order.

// cut leaves the first entries in the batch, and has the others delivered by
// themselves. Where a record at fault is looked for, the batch stays whole.
func (dl *delivery) cut(b *batch, entries int) {
	if dl.isolating || entries == 0 || entries >= len(b.entries) {
		return
	}
	dl.branch(b, dl.takeOut(b, func(i int) bool { return i >= entries }), behind)
}

// stepAside has the entries delivered that need not wait for what has been refused
// to those before the delivery in line.
func (dl *delivery) stepAside(b *batch) {
	ahead, refused := dl.d.line.ahead(dl.ticket)
	if !refused || dl.isolating {
		return
	}
	free := dl.takeOut(b, func(i int) bool {
		of := b.entries[i].stripes
		if !of.meet(ahead) {
			return true
		}
		ahead.add(of) // what comes later of its keys is not to overtake it
		return false
	})
	dl.branch(b, free, before) // an entry that stays may have keys of one before it
}

// dodge parts a batch by the shards that are full by themselves, as far as it is
// known which those are. It returns the one that all is for that is left in the
// batch, empty where it is for none of them.
func (dl *delivery) dodge(b *batch) (shard string) {
	if dl.isolating || !dl.d.pacer.Shards().Any() {
		return ""
	}
	for {
		full := dl.fullShards(b)
		first := slices.IndexFunc(full, func(name string) bool { return name != "" })
		if first < 0 {
			return ""
		}
		shard = full[first]
		var keys stripes
		taken := dl.takeOut(b, func(i int) bool {
			of := b.entries[i].stripes
			if full[i] != shard && !of.meet(keys) {
				return false
			}
			keys.add(of) // what comes later of these keys is not to overtake it
			return true
		})
		if taken == nil {
			return shard
		}
		dl.branch(b, taken, behind)
	}
}

// fullShards are the shards that the entries are for, where those are full by
// themselves.
func (dl *delivery) fullShards(b *batch) []string {
	names := make([]string, len(b.entries))
	for i := range names {
		names[i], _ = dl.d.pacer.Shards().Full(hashOf(b, i))
	}
	return names
}

// hashOf is the upper half of the hash key of an entry, which says what shard it
// is for.
func hashOf(b *batch, i int) uint64 { return b.body.HashKey(i).Hi }

// takeOut takes entries out of a batch; nil for none, or where nothing would be
// left.
func (dl *delivery) takeOut(b *batch, take func(i int) bool) (taken *batch) {
	d := dl.d
	stay, taken := d.deal(b, take)
	if len(taken.entries) == 0 || len(stay.entries) == 0 {
		d.putBatch(stay)
		d.putBatch(taken)
		return nil
	}
	b.swap(stay)
	d.putBatch(stay)
	return taken
}

// deal copies the entries of a batch to two others: those for which it is asked to
// the second. It asks once for each, in their order.
func (d *destination) deal(b *batch, toSecond func(i int) bool) (first, second *batch) {
	aside := make([]bool, len(b.entries))
	for i := range aside {
		aside[i] = toSecond(i)
	}
	first = d.getBatchFor(b.space(func(i int) bool { return !aside[i] }))
	second = d.getBatchFor(b.space(func(i int) bool { return aside[i] }))
	for i := range b.entries {
		if aside[i] {
			second.copyEntry(b, i)
		} else {
			first.copyEntry(b, i)
		}
	}
	return first, second
}

// A place is where entries that are taken out of a batch go in line, if they have
// keys in common with those that stay.
type place uint8

const (
	before place = iota
	behind
)

// branch has entries that were taken out of a batch go on as a delivery of their
// own, before those that stay or behind them.
func (dl *delivery) branch(stay, taken *batch, at place) {
	if taken == nil {
		return
	}
	of := dl.offshoot(taken)
	switch {
	case dl.ticket == nil:
	case at == before:
		tickets := dl.d.line.part(dl.ticket, []stripes{taken.stripes, stay.stripes})
		of.ticket, dl.ticket = tickets[0], tickets[1]
	default:
		tickets := dl.d.line.part(dl.ticket, []stripes{stay.stripes, taken.stripes})
		dl.ticket, of.ticket = tickets[0], tickets[1]
	}
	dl.d.underWay.Go(of.run)
}

// offshoot readies a delivery of a part of this one, which has waited as long and
// been tried as often.
func (dl *delivery) offshoot(b *batch) *delivery {
	of := dl.d.newDelivery(&rest{began: dl.began, batch: b})
	of.own, of.last, of.attempts = dl.own, dl.last, dl.attempts
	if dl.tried {
		of.again()
	}
	return of
}
