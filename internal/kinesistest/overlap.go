package kinesistest

import (
	"slices"
	"sync"
)

// overlaps watches over one stream that no two requests with records of one
// partition key are in flight together.
type overlaps struct {
	// mu guards the following.
	mu        sync.Mutex
	holders   map[string][]*flight // of each key in flight
	count     int64
	abandoned int64
}

// flight is one request in flight. The overlaps' mu guards it.
type flight struct {
	keys []string
	// alone is a slice of this flight, the holders of each key that no other
	// request has in flight. Full, so that appending to it copies it.
	alone []*flight
	// met are the requests that were in flight already when this one came,
	// and pairs is how many requests found this one in flight.
	met   []*flight
	pairs int64
}

// hold takes a request's keys into flight.
func (o *overlaps) hold(keys []string) *flight {
	f := &flight{keys: keys}
	f.alone = []*flight{f}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.holders == nil {
		o.holders = make(map[string][]*flight)
	}
	for _, key := range keys {
		holders := o.holders[key]
		if holders == nil {
			o.holders[key] = f.alone
			continue
		}
		if slices.Contains(holders, f) {
			continue
		}
		for _, earlier := range holders {
			o.meet(f, earlier)
		}
		o.holders[key] = append(slices.Clip(holders), f)
	}
	return f
}

// meet counts a pair of requests, once however many keys they share.
func (o *overlaps) meet(f, earlier *flight) {
	if slices.Contains(f.met, earlier) {
		return
	}
	f.met = append(f.met, earlier)
	earlier.pairs++
	o.count++
}

// release ends a flight. A client that has gone away may have done so before
// it sent the requests that met this one, so those pairs prove nothing.
func (o *overlaps) release(f *flight, gone bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, key := range f.keys {
		o.drop(key, f)
	}
	if gone {
		o.count -= f.pairs
		o.abandoned += f.pairs
	}
}

// drop takes one key of a flight out of flight. A key may be dropped twice,
// for a request may carry it twice.
func (o *overlaps) drop(key string, f *flight) {
	holders := o.holders[key]
	if !slices.Contains(holders, f) {
		return
	}
	if len(holders) == 1 {
		delete(o.holders, key)
		return
	}
	others := make([]*flight, 0, len(holders)-1)
	for _, h := range holders {
		if h != f {
			others = append(others, h)
		}
	}
	o.holders[key] = others
}

func (o *overlaps) counts() (count, abandoned int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count, o.abandoned
}

// reset forgets the counts. What is in flight stays so, but its pairs are no
// longer counted.
func (o *overlaps) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count, o.abandoned = 0, 0
	for _, holders := range o.holders {
		for _, f := range holders {
			f.pairs = 0
		}
	}
}
