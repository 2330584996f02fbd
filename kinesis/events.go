package kinesis

import (
	"iter"
	"sort"
)

// events are the events that an entry or a request carries, of one flush or of
// several: their ordinals in their chunks, and whose they are.
type events struct {
	ordinals []uint32
	owners   []owner // in runs, in the order of the ordinals
}

// An owner is the flush that a run of events came from.
type owner struct {
	flush *flush
	first int // of the run, an index of ordinals; it ends where the next one begins
}

// add appends events of a flush.
func (e *events) add(f *flush, ordinals ...uint32) {
	if n := len(e.owners); n == 0 || e.owners[n-1].flush != f {
		e.owners = append(e.owners, owner{f, len(e.ordinals)})
	}
	e.ordinals = append(e.ordinals, ordinals...)
}

// addSpan appends the events of another from first up to last.
func (e *events) addSpan(from *events, first, last int) {
	for f, ordinals := range from.span(first, last) {
		e.add(f, ordinals...)
	}
}

func (e *events) addAll(from *events) { e.addSpan(from, 0, len(from.ordinals)) }

// span yields the events from first up to last, by the flush that they are of.
func (e *events) span(first, last int) iter.Seq2[*flush, []uint32] {
	return func(yield func(*flush, []uint32) bool) {
		run := sort.Search(len(e.owners), func(i int) bool { return e.owners[i].first > first }) - 1
		for first < last {
			end := last
			if run+1 < len(e.owners) {
				end = min(end, e.owners[run+1].first)
			}
			if !yield(e.owners[run].flush, e.ordinals[first:end]) {
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
func (e *events) settle(first, last int) {
	for f, ordinals := range e.span(first, last) {
		f.settled(len(ordinals))
	}
}

// refuse tells the flushes that all of the events did not get through, and why.
// A flush may have ended by the time that this returns.
func (e *events) refuse(err error) {
	for f, ordinals := range e.span(0, len(e.ordinals)) {
		f.refuse(ordinals, err)
	}
}

// flushes is how many flushes the events are of, where those of a flush follow
// each other.
func (e *events) flushes() int { return len(e.owners) }

func (e *events) reset() {
	e.ordinals = e.ordinals[:0]
	clear(e.owners) // what is kept for its memory must not keep flushes alive
	e.owners = e.owners[:0]
}
