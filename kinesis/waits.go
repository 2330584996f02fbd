package kinesis

import "time"

// What a delivery waits for before it sends.
type wait uint8

const (
	waitTurn  wait = iota // requests before it that have records of the same partition keys
	waitPlace             // a place among those in flight
	waitPace              // the rate that the stream takes, or that it takes anything again
	waitShard             // the rate of a shard that is full by itself
	waits
)

var waitNames = [waits]string{"turn", "place in flight", "pace", "shard"}

// waited counts a wait that began at a time. It is to be deferred.
func (s *shared) waited(what wait, began time.Time) {
	s.counts.Waited[what].Add(int64(time.Since(began)))
}

// waitAtPacer is what the pacer lets a delivery wait for that may not go at once.
func (d *destination) waitAtPacer() wait {
	if s := d.pacer.State(); s.Throttled || s.Outage > 0 {
		return waitPace
	}
	return waitPlace
}

// waitedForPace is all but the waits for a turn.
func (c *Counts) waitedForPace() (sum time.Duration) {
	for _, what := range [...]wait{waitPlace, waitPace, waitShard} {
		sum += time.Duration(c.Waited[what].Load())
	}
	return sum
}
