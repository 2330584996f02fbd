package main

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"
)

// A record is as much of one as a stream looks at.
type record struct {
	place float64 // of its key among all hash keys, from 0 up to 1
	size  int
}

// A stream has shards, each with its own limits. The hash keys are shared out
// evenly.
type stream struct {
	limits limits
	shards []shard
	down   bool // it answers nothing but errors
	random *rand.Rand
	made   int // shards, ever
	seconds
}

// limits are how a shard counts.
type limits struct {
	name    string
	windows bool          // anew in each second of the clock
	apart   bool          // each shard in seconds of its own
	burst   time.Duration // otherwise: what it saves up while nothing comes
}

// How the service counts is not said. A bucket of a second is what its behaviour
// looks like most; windows are what the embedded stream of the tests has.
var allLimits = []limits{
	{name: "bucket", burst: time.Second},
	{name: "strict", burst: time.Second / 4},
	{name: "windows", windows: true},
	{name: "windows-apart", windows: true, apart: true},
}

func limitsOf(name string) (limits, error) {
	for _, l := range allLimits {
		if l.name == name {
			return l, nil
		}
	}
	return limits{}, fmt.Errorf("there are no limits %q", name)
}

// A shard takes a thousand records and a mebibyte a second.
type shard struct {
	name           string // never given twice
	limits         *limits
	phase          time.Duration // of its seconds
	second         int64
	filled         time.Time
	records, bytes float64 // windows: taken in this second; otherwise: what it would take now
}

const (
	shardRecords = 1000
	shardBytes   = 1 << 20
)

func newStream(l limits, shards int, now time.Time, random *rand.Rand) *stream {
	s := &stream{limits: l, random: random, seconds: seconds{begin: now}}
	s.reshard(shards, now)
	return s
}

// reshard puts so many new shards in the place of those that there are.
func (s *stream) reshard(shards int, now time.Time) {
	s.shards = make([]shard, shards)
	for i := range s.shards {
		sh := &s.shards[i]
		*sh = shard{name: strconv.Itoa(s.made), limits: &s.limits, filled: now}
		s.made++
		sh.records = shardRecords * s.limits.burst.Seconds()
		sh.bytes = sh.mostBytes()
		if s.limits.apart {
			sh.phase = time.Duration(s.random.Int64N(int64(time.Second)))
		}
	}
}

// mostBytes is what a shard can have saved up: a record of a mebibyte fits in any
// case.
func (sh *shard) mostBytes() float64 { return max(1, sh.limits.burst.Seconds()) * shardBytes }

// admit takes a record unless the shard has had its share.
func (sh *shard) admit(now time.Time, size int) bool {
	if sh.limits.windows {
		return sh.admitInWindow(now, float64(size))
	}
	passed := now.Sub(sh.filled).Seconds()
	sh.filled = now
	sh.records = min(sh.records+passed*shardRecords, sh.limits.burst.Seconds()*shardRecords)
	sh.bytes = min(sh.bytes+passed*shardBytes, sh.mostBytes())
	if sh.records < 1 || sh.bytes < float64(size) {
		return false
	}
	sh.records--
	sh.bytes -= float64(size)
	return true
}

func (sh *shard) admitInWindow(now time.Time, size float64) bool {
	if second := now.Add(sh.phase).Unix(); second != sh.second {
		sh.second, sh.records, sh.bytes = second, 0, 0
	}
	if sh.records+1 > shardRecords || sh.bytes+size > shardBytes {
		return false
	}
	sh.records++
	sh.bytes += size
	return true
}

// names are those of the shards that records come to rest on.
func (s *stream) names(records []record) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range records {
			if !yield(s.shards[s.shardOf(r)].name) {
				return
			}
		}
	}
}

// shardOf is the index of the shard that a record is for.
func (s *stream) shardOf(r record) int { return int(r.place * float64(len(s.shards))) }

// put offers records to the stream. What it refuses is put in front, and its number
// returned. It is false where there was no answer but an error.
func (s *stream) put(now time.Time, records []record) (refused int, answered bool) {
	if s.down {
		return len(records), false
	}
	for i, r := range records {
		if !s.shards[s.shardOf(r)].admit(now, r.size) {
			records[refused], records[i] = records[i], records[refused]
			refused++
		}
	}
	s.count(now, len(records)-refused, refused)
	return refused, true
}
