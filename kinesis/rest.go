package kinesis

import (
	"time"

	"fluent-bit-kinesis/kinesis/wire"
)

// A rest is what flushes have left when they have sent their full requests: a
// batch, and behind it aggregates that are still open. It fits into one request.
type rest struct {
	began      time.Time        // the first of the flushes; zero for now
	batch      *batch           // nil where there is none
	aggregates []*openAggregate // in order; of one shard, records are added to the last
}

func (r *rest) empty() bool { return r.events() == 0 }

// events is how many events are in it.
func (r *rest) events() int {
	n := 0
	if r.batch != nil {
		n = len(r.batch.events.ordinals)
	}
	for _, a := range r.aggregates {
		n += len(a.events.ordinals)
	}
	return n
}

// entries is how many entries it makes in a request.
func (r *rest) entries() int {
	n := len(r.aggregates)
	if r.batch != nil {
		n += len(r.batch.entries)
	}
	return n
}

// bytes is what the entries come to under the service's limits, at most:
// aggregates may be compressed.
func (r *rest) bytes() int {
	n := 0
	if r.batch != nil {
		n = r.batch.body.Size()
	}
	for _, a := range r.aggregates {
		n += a.size()
	}
	return n
}

func (r *rest) stripes() (all stripes) {
	if r.batch != nil {
		all = r.batch.stripes
	}
	for _, a := range r.aggregates {
		all.add(a.stripes)
	}
	return all
}

// fits tells whether another rest may join.
func (r *rest) fits(other *rest) bool {
	// A record may take a few bytes more in another aggregate.
	const grown = 8
	bytes := other.bytes()
	if len(other.aggregates) > 0 {
		bytes += grown * other.events()
	}
	return r.entries()+other.entries() <= wire.MaxRecords && r.bytes()+bytes <= wire.MaxBytes
}

// overtakes tells whether an entry of another rest would come before records in
// aggregates here that have keys in common with it: the batch goes first.
func (r *rest) overtakes(other *rest) bool {
	if other.batch == nil {
		return false
	}
	for _, a := range r.aggregates {
		if a.stripes.meet(other.batch.stripes) {
			return true
		}
	}
	return false
}

// flushes is how many flushes the events are of, about: the most that the batch
// or one of the aggregates has.
func (r *rest) flushes() int {
	n := 0
	if r.batch != nil {
		n = r.batch.events.flushes()
	}
	for _, a := range r.aggregates {
		n = max(n, a.events.flushes())
	}
	return n
}

// refuse hands all of it back to the flushes that it came from.
func (r *rest) refuse(err error) {
	if r.batch != nil {
		r.batch.refuse(err)
	}
	for _, a := range r.aggregates {
		a.events.refuse(err)
		a.reset()
	}
}

// free tells which stripes those entries have that may go while these ones are
// busy, and whether there are any such entries. What has keys in common with an
// entry that stays behind has to stay, too.
func (r *rest) free(busy stripes) (free stripes, some bool) {
	for s := range r.each {
		if s.meet(busy) {
			busy.add(s)
		} else {
			free.add(s)
			some = true
		}
	}
	return free, some
}

// each yields the stripes of each entry, in order.
func (r *rest) each(yield func(stripes) bool) {
	if r.batch != nil {
		for i := range r.batch.entries {
			if !yield(r.batch.entries[i].stripes) {
				return
			}
		}
	}
	for _, a := range r.aggregates {
		if !yield(a.stripes) {
			return
		}
	}
}

// split takes out what may go while these stripes are busy, as free tells.
func (d *destination) split(r *rest, busy stripes) (free *rest) {
	free = &rest{began: r.began}
	if from := r.batch; from != nil {
		r.batch, free.batch = d.deal(from, func(i int) bool {
			s := from.entries[i].stripes
			if !s.meet(busy) {
				return true
			}
			busy.add(s)
			return false
		})
		d.putBatch(from)
	}
	var stay []*openAggregate
	for _, a := range r.aggregates {
		if a.stripes.meet(busy) {
			busy.add(a.stripes)
			stay = append(stay, a)
		} else {
			free.aggregates = append(free.aggregates, a)
		}
	}
	r.aggregates = stay
	return free
}
