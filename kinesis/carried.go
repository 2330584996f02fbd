package kinesis

import (
	"iter"
	"sort"
)

// carried is the events that an entry or a request carries, of one flush or of
// several: their ordinals in their chunks, and whose they are.
type carried struct {
	ordinals []uint32
	owners   []owner  // in runs, in the order of the ordinals
	lines    []uint32 // bytes of the line of each event, where it is joined to others; else 0, or there are fewer of them
}

// An owner is the flush that a run of events came from.
type owner struct {
	flush *flush
	first int // of the run, an index of ordinals; it ends where the next one begins
}

// add appends events of a flush.
func (c *carried) add(f *flush, ordinals ...uint32) {
	if n := len(c.owners); n == 0 || c.owners[n-1].flush != f {
		c.owners = append(c.owners, owner{f, len(c.ordinals)})
	}
	c.ordinals = append(c.ordinals, ordinals...)
}

// addSpan appends the events of another from first up to last.
func (c *carried) addSpan(from *carried, first, last int) {
	at := len(c.ordinals)
	for f, ordinals := range from.span(first, last) {
		c.add(f, ordinals...)
	}
	if len(from.lines) > first {
		c.lines = append(c.lines, make([]uint32, at-len(c.lines))...)
		c.lines = append(c.lines, from.lines[first:min(last, len(from.lines))]...)
	}
}

// lengths are those of the lines of the events from first up to last; nil where
// they are none.
func (c *carried) lengths(first, last int) []uint32 {
	if last > len(c.lines) {
		return nil
	}
	return c.lines[first:last]
}

func (c *carried) addAll(from *carried) { c.addSpan(from, 0, len(from.ordinals)) }

// span yields the events from first up to last, by the flush that they are of.
func (c *carried) span(first, last int) iter.Seq2[*flush, []uint32] {
	return func(yield func(*flush, []uint32) bool) {
		run := sort.Search(len(c.owners), func(i int) bool { return c.owners[i].first > first }) - 1
		for first < last {
			end := last
			if run+1 < len(c.owners) {
				end = min(end, c.owners[run+1].first)
			}
			if !yield(c.owners[run].flush, c.ordinals[first:end]) {
				return
			}
			first = end
			run++
		}
	}
}

// settle tells the flushes that the events from first up to last need nothing
// more: they are on the stream, or dropped for good. A flush may have ended by
// the time that this returns.
func (c *carried) settle(first, last int) {
	for f, ordinals := range c.span(first, last) {
		f.settled(len(ordinals))
	}
}

// refuse tells the flushes that all of the events did not get through, and why.
// A flush may have ended by the time that this returns.
func (c *carried) refuse(err error) {
	for f, ordinals := range c.span(0, len(c.ordinals)) {
		f.refuse(ordinals, err)
	}
}

// flushes is how many flushes the events are of, where those of a flush follow
// each other.
func (c *carried) flushes() int { return len(c.owners) }

func (c *carried) reset() {
	c.ordinals, c.lines = c.ordinals[:0], c.lines[:0]
	clear(c.owners) // what is kept for its memory must not keep flushes alive
	c.owners = c.owners[:0]
}
