package pace

import (
	"math"
	"time"
)

// recent remembers how much was accepted: in the last second, in tenths, and a
// moving average over some seconds.
type recent struct {
	began   time.Time // the clock of the wall may be put back, the time since this cannot
	tenths  [10]float64
	at      int64 // the tenth that now is, since it began
	average float64
	heard   time.Time
	records float64 // per cost of 1, as a moving average
	bytes   float64
}

const averageOver = 5 * time.Second

// add counts an amount that was accepted.
func (r *recent) add(now time.Time, a Amount) {
	cost := a.cost()
	if cost == 0 {
		return
	}
	r.average = r.perSecond(now) + cost/averageOver.Seconds()
	r.heard = now
	r.roll(now)
	r.tenths[r.at%10] += cost
	weight := min(1, cost)
	if r.records == 0 && r.bytes == 0 {
		weight = 1
	}
	r.records += weight * (float64(a.Records)/cost - r.records)
	r.bytes += weight * (float64(a.Bytes)/cost - r.bytes)
}

// roll makes room for the tenth that now is.
func (r *recent) roll(now time.Time) {
	if r.began.IsZero() {
		r.began = now
	}
	at := int64(now.Sub(r.began) / (time.Second / 10))
	if at-r.at > 10 {
		r.at = at - 10
	}
	for r.at < at {
		r.at++
		r.tenths[r.at%10] = 0
	}
}

// second is what was accepted in the last one.
func (r *recent) second(now time.Time) float64 {
	r.roll(now)
	var sum float64
	for _, t := range r.tenths {
		sum += t
	}
	return sum
}

// perSecond is what was accepted a second, over some seconds.
func (r *recent) perSecond(now time.Time) float64 {
	return r.average * math.Exp(-float64(now.Sub(r.heard))/float64(averageOver))
}

// each is how many records and bytes a cost of 1 has, as they were of late. Before
// the first is accepted they count as small.
func (r *recent) each() (records, bytes float64) {
	if r.records == 0 && r.bytes == 0 {
		return shardRecords, 0
	}
	return r.records, r.bytes
}
