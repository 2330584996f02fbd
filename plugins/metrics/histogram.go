package metrics

import (
	"slices"
	"sync/atomic"
	"time"
)

// A Histogram counts times by how long they were. It is safe for concurrent
// use, and allocates nothing.
type Histogram struct {
	bounds []float64      // the longest time of each bucket in seconds, ascending
	counts []atomic.Int64 // of each bucket alone; the last is of what is above all bounds
	sum    atomic.Int64   // nanoseconds
}

// NewHistogram makes a histogram with buckets up to these times, in seconds and
// ascending, and one above them.
func NewHistogram(bounds ...float64) *Histogram {
	return &Histogram{bounds: bounds, counts: make([]atomic.Int64, len(bounds)+1)}
}

// Bounds are the upper bounds of the buckets but the last, in seconds.
func (h *Histogram) Bounds() []float64 { return h.bounds }

// Observe counts a time.
func (h *Histogram) Observe(d time.Duration) {
	i, _ := slices.BinarySearch(h.bounds, d.Seconds()) // a time that is a bound belongs below it
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// AppendValues appends how many times were at most as long as each bound, how
// many there were in all, and their sum in seconds.
func (h *Histogram) AppendValues(dst []float64) []float64 {
	sum := h.sum.Load()
	n := int64(0)
	for i := range h.counts {
		n += h.counts[i].Load()
		dst = append(dst, float64(n))
	}
	return append(dst, time.Duration(sum).Seconds())
}
