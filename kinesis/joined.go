package kinesis

import (
	"bytes"
	"hash/maphash"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
)

// Lines are joined to one record by simple_aggregation: JSON lines, each with its
// newline, under one partition key. That key is all that a reader has of the keys,
// and so with partition_key only records of the same key are joined, and with
// explicit_hash_key those of the same place.

// joined is lines under construction.
type joined struct {
	data []byte
	key  []byte // that of the first line

	at     aggregate.HashKey // explicit, of all lines
	placed bool              // there is one
}

func (j *joined) add(key, data []byte) {
	if len(j.data) == 0 {
		j.key = append(j.key[:0], key...)
	}
	j.data = append(j.data, data...)
}

func (j *joined) reset() { *j = joined{data: j.data[:0], key: j.key[:0]} }

// lineKeys finds among the aggregates of a lane, from the second on, those that hold
// the lines of a partition key.
type lineKeys struct {
	at     map[uint64]int // index of lane.aggregates, by the hash of the key
	hashes []uint64       // of lane.aggregates, from the second on
	oldest int            // index of hashes
}

// mostLineKeys bounds them: there are no more than one request takes. One more key has
// the lines of another one go.
const mostLineKeys = wire.MaxRecords

func (k *lineKeys) reset() {
	clear(k.at)
	k.hashes, k.oldest = k.hashes[:0], 0
}

// addLine joins a record to others, or readies it for travelling alone, compressed
// like those. It is false where it is still to be added.
func (f *flush) addLine(l *lane, r *record.Record, of stripes, ordinal uint32) (done bool) {
	if f.join(l, r, of, ordinal) {
		f.d.remark(r)
		return true
	}
	err := f.records.Seal(r)
	if err == nil {
		return false
	}
	reason, _ := record.DropOf(err)
	f.count()
	f.o.drop(reason, int(ordinal))
	return true
}

// join adds a record to the lines of its lane, with partition_key to those of its
// key. It is false where the record is to travel alone.
func (f *flush) join(l *lane, r *record.Record, of stripes, ordinal uint32) bool {
	d, size := f.d, len(r.Data)
	alone := size >= d.config.SkipAggregationRecordSize || d.atMost(size)+len(r.Key) > d.mostAggregate()
	a := f.linesFor(l, r, !alone)
	if alone {
		if a != nil && d.ordered && !r.Random {
			f.closeAggregate(l, a) // the record must not overtake those before it
		}
		return false
	}
	if a.count() > 0 && a.sizeWith(r.Key, size) > d.mostOpen() {
		f.closeAggregate(l, a)
	}
	if a.count() == 0 {
		a.random = r.Random
		a.lines.at, a.lines.placed = r.At, r.Placed
	} else if r.Random {
		of = stripes{} // it goes under the key that is there, and has no order to keep
	}
	a.add(r.Key, r.Data, of, f, ordinal)
	return true
}

// linesFor is the aggregate that the record belongs into. Where there is none, one
// is opened, or it is nil. Records without a key of their own share one.
func (f *flush) linesFor(l *lane, r *record.Record, open bool) *openAggregate {
	if !r.Placed && (r.Random || !f.d.ordered) {
		return f.openFor(l, nil)
	}
	k, hash := &l.keys, f.d.lineHash(r)
	if i, ok := k.at[hash]; ok {
		a := l.aggregates[i]
		if a.count() > 0 && !a.isFor(r) { // of all keys, one with the same hash
			f.closeAggregate(l, a)
		}
		return a
	}
	if !open {
		return nil
	}
	return f.openKeyed(l, hash)
}

// lineHash is the same for records whose lines may be joined.
func (d *destination) lineHash(r *record.Record) uint64 {
	var hash uint64
	if !r.Random {
		hash = maphash.Bytes(d.seed, r.Key)
	}
	if r.Placed {
		hash ^= maphash.Comparable(d.seed, r.At)
	}
	return hash
}

// isFor tells whether the lines are of the record's key and place. Of random keys
// any will do.
func (a *openAggregate) isFor(r *record.Record) bool {
	j := a.lines
	return j.placed == r.Placed && j.at == r.At && a.random == r.Random && (r.Random || bytes.Equal(j.key, r.Key))
}

// joins tells whether the lines of another one may be put to these.
func (a *openAggregate) joins(other *openAggregate) bool {
	j := other.lines
	return a.isFor(&record.Record{Key: j.key, Random: other.random, At: j.at, Placed: j.placed})
}

// openKeyed readies an aggregate for the lines of a key that has none.
func (f *flush) openKeyed(l *lane, hash uint64) *openAggregate {
	k := &l.keys
	if k.at == nil {
		k.at = make(map[uint64]int, mostLineKeys)
	}
	f.openFor(l, nil) // the first is for records without a key
	if len(k.hashes) < mostLineKeys {
		k.at[hash] = len(l.aggregates)
		k.hashes = append(k.hashes, hash)
		a := f.d.getAggregate(nil)
		l.aggregates = append(l.aggregates, a)
		return a
	}
	i := k.oldest
	k.oldest = (i + 1) % mostLineKeys
	delete(k.at, k.hashes[i])
	k.at[hash], k.hashes[i] = 1+i, hash
	f.closeAggregate(l, l.aggregates[1+i])
	return l.aggregates[1+i]
}
