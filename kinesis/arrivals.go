package kinesis

import (
	"cmp"
	"slices"
)

// Where records have an order, requests take their places in line flush by
// flush, in the order in which the flushes came. A flush whose turn it is not
// holds back what it has encoded: until then the flushes before it may still
// come upon records of the same keys.

// An arrival is a flush's place in that order, and what it holds back.
type arrival struct {
	number uint64 // of flushes before it; it does not change

	first bool    // no flush before it is still encoding; guarded by combiner.mu, as is the rest
	over  bool    // it has handed over its rest, the last in held, or was given up
	held  []*rest // full ones, and its rest
	hurry bool    // the rest is not to wait for company
}

// compare tells which of two flushes came first. Without an order to keep there
// are no arrivals.
func (a *arrival) compare(other *arrival) int {
	if a == nil || other == nil {
		return 0
	}
	return cmp.Compare(a.number, other.number)
}

// arrive takes the last place. The caller holds mu.
func (d *destination) arrive() *arrival {
	a := &arrival{number: d.arrivals, first: len(d.arrived) == 0}
	d.arrivals++
	d.arrived = append(d.arrived, a)
	return a
}

// pass ends the turn of the first flush, and goes on with those behind it as far
// as they have encoded. The caller holds mu.
func (d *destination) pass() {
	for {
		d.arrived[0].first = false
		d.arrived = slices.Delete(d.arrived, 0, 1)
		if len(d.arrived) == 0 {
			return
		}
		next := d.arrived[0]
		next.first = true
		full := next.held
		if next.over && len(full) > 0 {
			full = full[:len(full)-1]
		}
		for _, r := range full {
			d.clearWay(r)
			d.start(r, false)
		}
		if next.over && len(next.held) > 0 {
			d.join(next.held[len(next.held)-1], next.hurry)
		}
		next.held = nil
		if !next.over {
			return
		}
	}
}
