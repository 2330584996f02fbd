package kinesistest

import (
	"fmt"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// stream is one stream: its shards, and what landed on them.
type stream struct {
	name     string
	arn      string
	created  time.Time
	onDemand bool // the capacity mode that it was created with
	discard  bool
	limits   bool
	onRecord func(Record)
	now      func() time.Time
	overlaps overlaps

	maxRecord atomic.Int64 // bytes; 0 for maxRecordBytes

	// landing is held while the records of one request land, the callback
	// included, and so makes the order of arrival one order for all.
	landing sync.Mutex

	// mu guards the following.
	mu       sync.RWMutex
	shards   []*shard // all there ever were, by number
	open     []*shard // those that take records, by hash range
	sequence uint64   // of the last record
	records  []Record // in order of arrival; the sequences rise, without gaps
}

// shard is a Shard with what only its stream needs. The stream's mu guards it.
type shard struct {
	Shard
	first, last   uint64 // sequences: the earliest it can hold; when it was closed
	opened, ended time.Time
	positions     []uint64 // sequences of its records, rising
	window        throughput
}

func newStream(name, region string, shards int, o Options) *stream {
	st := &stream{
		name:     name,
		arn:      streamARN(region, name),
		created:  o.Now(),
		discard:  o.Discard,
		limits:   o.ShardLimits,
		onRecord: o.OnRecord,
		now:      o.Now,
	}
	st.maxRecord.Store(int64(o.MaxRecordSize))
	for i := range shards {
		end := maxHashKey
		if i+1 < shards {
			end = evenStart(i+1, shards).previous()
		}
		st.addShard(Shard{Start: evenStart(i, shards), End: end})
	}
	return st
}

// addShard opens a shard under the next free id. The caller holds mu, or the
// stream alone.
func (st *stream) addShard(s Shard) *shard {
	s.ID = fmt.Sprintf("shardId-%012d", len(st.shards))
	added := &shard{Shard: s, first: st.sequence + 1, opened: st.now()}
	st.shards = append(st.shards, added)
	i, _ := slices.BinarySearchFunc(st.open, s.Start, func(o *shard, at HashKey) int {
		return compareHashKeys(o.Start, at)
	})
	st.open = slices.Insert(st.open, i, added)
	return added
}

// closeShard ends a shard's life. The caller holds mu.
func (st *stream) closeShard(s *shard) {
	s.Closed, s.last, s.ended = true, st.sequence, st.now()
	st.open = slices.DeleteFunc(st.open, func(o *shard) bool { return o == s })
}

// route finds the open shard that has a hash key. The caller holds mu.
func (st *stream) route(h HashKey) *shard {
	after := sort.Search(len(st.open), func(i int) bool { return h.Less(st.open[i].Start) })
	return st.open[after-1]
}

// find is the shard of that id, open or closed, or the service's error. The
// caller holds mu.
func (st *stream) find(id string) (*shard, error) {
	for _, s := range st.shards {
		if s.ID == id {
			return s, nil
		}
	}
	return nil, refuse("ResourceNotFoundException", "Could not find shard %s in stream %s under account %s.", id, st.name, accountID)
}

// list copies the shards.
func (st *stream) list() []Shard {
	st.mu.RLock()
	defer st.mu.RUnlock()
	shards := make([]Shard, len(st.shards))
	for i, s := range st.shards {
		shards[i] = s.Shard
	}
	return shards
}

// reset forgets the records. Sequences go on, so that iterators stay valid.
func (st *stream) reset() {
	st.overlaps.reset()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.records = nil
	for _, s := range st.shards {
		s.Records, s.Bytes, s.positions = 0, 0, nil
	}
}

// at is the record of a sequence. The caller holds mu, and has the sequence
// from a shard's positions.
func (st *stream) at(sequence uint64) *Record {
	return &st.records[sequence-st.records[0].Sequence]
}

// lost marks the records of the sequences from, up to and without to, as
// unanswered, and tells how many were not marked yet.
func (st *stream) lost(from, to uint64) int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.discard {
		return int64(to - from)
	}
	var marked int64
	for i := range st.records {
		// Searched from the end, where the records of a request that has
		// just landed are.
		r := &st.records[len(st.records)-1-i]
		if r.Sequence < from {
			break
		}
		if r.Sequence < to && !r.Unanswered {
			r.Unanswered = true
			marked++
		}
	}
	return marked
}

// compareHashKeys orders hash keys for package slices.
func compareHashKeys(a, b HashKey) int {
	switch {
	case a.Less(b):
		return -1
	case b.Less(a):
		return 1
	}
	return 0
}

// throughput counts what a shard took in the current second. A shard has its
// share anew as each second of the clock begins, all of it at once, and keeps
// nothing of what it did not use. That is the plainest reading of "1,000 records
// and 1 MiB a second", which is all that the service says; a bucket that fills as
// time passes would even out what comes in bursts, and refuse as much in the end.
//
// A record that is larger than such a share is taken where the shard has had none of
// the second's, and is paid for by those of the seconds that follow. The service says
// of large records only that a shard bursts for them, and averages out.
type throughput struct {
	second         int64
	records, bytes int
}

// What a shard takes in one second, where [Options.ShardLimits] is set: records,
// and bytes of data plus partition keys.
const (
	ShardRecordsPerSecond = 1000
	ShardBytesPerSecond   = 1 << 20
)

// admit takes a record of that size unless the shard has had its share.
func (t *throughput) admit(now time.Time, size int) bool {
	if second := now.Unix(); second != t.second {
		owed := int64(t.bytes) - (second-t.second)*ShardBytesPerSecond
		*t = throughput{second: second, bytes: int(max(0, owed))}
	}
	if t.records+1 > ShardRecordsPerSecond || t.bytes > 0 && t.bytes+size > ShardBytesPerSecond {
		return false
	}
	t.records++
	t.bytes += size
	return true
}
