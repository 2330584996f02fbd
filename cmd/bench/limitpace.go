package main

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"fluent-bit-kinesis/internal/kinesistest"
)

// seen is what a stream at its limit has seen. Its shards have a share for each
// second of the clock, and may be given all of it at once. So the seconds in which
// a run begins and ends say little: a sender that begins late in one finds a whole
// share there, and one that goes evenly leaves a part of the last. What is
// compared with the best possible is the whole seconds between them.
type seen struct {
	Stats     kinesistest.Stats
	Distinct  int // log records that have landed
	Twice     int // times that one has landed once more
	Seconds   []second
	Resharded float64 `json:",omitempty"` // when, in seconds since 1970
}

// A second is one of the clock.
type second struct {
	At     int64 // its beginning, in seconds since 1970
	Open   int   // shards, when it began
	Shards map[string]amount
	Groups []int // log records by the group that they are of
}

// An amount is what a shard has taken.
type amount struct{ Records, Bytes int }

// load is the amount as a part of what a shard takes in a second.
func (a amount) load() float64 {
	return max(float64(a.Records)/kinesistest.ShardRecordsPerSecond, float64(a.Bytes)/kinesistest.ShardBytesPerSecond)
}

// load is that of all shards together.
func (s second) load() (sum float64) {
	for _, a := range s.Shards {
		sum += a.load()
	}
	return sum
}

// whole are the seconds that lie between the first and the last.
func whole(seconds []second) []second {
	if len(seconds) < 3 {
		return nil
	}
	return seconds[1 : len(seconds)-1]
}

// pace is how much of what its shards could take the stream was given. It leaves
// out a second in which it was resharded.
func (v seen) pace() float64 {
	var load, open float64
	for _, s := range whole(v.Seconds) {
		if s.At == int64(v.Resharded) {
			continue
		}
		load += s.load()
		open += float64(s.Open)
	}
	return part(load, open)
}

// paceOfFullest is the pace of the shard that has taken most. Where records ask for
// their shards, no sender can be done before that one has its own.
func (v seen) paceOfFullest() float64 {
	loads := map[string]float64{}
	for _, s := range v.Seconds {
		for id, a := range s.Shards {
			loads[id] += a.load()
		}
	}
	if len(loads) == 0 {
		return 0
	}
	ids := slices.Sorted(maps.Keys(loads))
	fullest := slices.MaxFunc(ids, func(a, b string) int { return cmp.Compare(loads[a], loads[b]) })
	between := whole(v.Seconds)
	var load float64
	for _, s := range between {
		load += s.Shards[fullest].load()
	}
	return part(load, float64(len(between)))
}

// during are the whole seconds between the first and the last record of a group.
func (v seen) during(group int) []second {
	has := func(s second) bool { return s.Groups[group] > 0 }
	first := slices.IndexFunc(v.Seconds, has)
	if first < 0 {
		return nil
	}
	last := len(v.Seconds) - 1
	for !has(v.Seconds[last]) {
		last--
	}
	return whole(v.Seconds[first : last+1])
}

// rate is how many log records of a group landed in a second.
func (v seen) rate(group int) float64 {
	between := v.during(group)
	var records int
	for _, s := range between {
		records += s.Groups[group]
	}
	return part(float64(records), float64(len(between)))
}

// slowerOfFaster compares two groups over the time in which both were about.
func (v seen) slowerOfFaster() float64 {
	inBoth := map[int64]bool{}
	for _, s := range v.during(0) {
		inBoth[s.At] = true
	}
	var records [2]float64
	for _, s := range v.during(1) {
		if inBoth[s.At] {
			records[0] += float64(s.Groups[0])
			records[1] += float64(s.Groups[1])
		}
	}
	return part(min(records[0], records[1]), max(records[0], records[1]))
}

// soon is within how many seconds a reshard is to be found out.
const soon = 5

// newShare is the part of its new limit that the stream was given in the best whole
// second that ended soon after the reshard.
func (v seen) newShare() (most float64) {
	if v.Resharded == 0 {
		return 0
	}
	for _, s := range v.Seconds {
		if float64(s.At) >= math.Ceil(v.Resharded) && float64(s.At+1) <= v.Resharded+soon {
			most = max(most, s.load()/float64(s.Open))
		}
	}
	return most
}

// part is a as a part of b; 0 where there is no b.
func part(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
