// Package kpl packs records as the Kinesis Producer Library does, on a clock of
// its own, so that what others pack can be held against it. It goes by the
// library's defaults and by its source at commit 11c4a64 of
// https://github.com/awslabs/amazon-kinesis-producer (aws/kinesis/core:
// configuration.h, aggregator.h, reducer.h, kinesis_record.cc):
//
//   - There is one open aggregate for each shard, which the library foretells from
//     the hash of a record's partition key: the shard map is known from the start.
//   - An aggregate is closed when it is estimated to have come to
//     AggregationMaxSize, 51,200 bytes. Records are then taken off its end until it
//     has no more than that, and begin the next one.
//   - It is closed when the first record in it has waited RecordMaxBufferedTime,
//     100 ms, however little there is in it.
//   - A record alone is not made an aggregate of.
//   - An aggregate goes under the partition key "a" and an explicit hash key.
//
// Nothing is refused, so that nothing is sent again. How Kinesis records are
// collected into requests has no part in what they cost, and is left out.
package kpl

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/aggregate/aggregatepb"
)

// The library's defaults.
const (
	AggregationMaxSize    = 51_200 // bytes, without the partition key
	RecordMaxBufferedTime = 100 * time.Millisecond
)

// aggregateKey is the partition key of every aggregate.
const aggregateKey = "a"

// A UserRecord is what the library is given.
type UserRecord struct {
	At   time.Duration // since the first
	Key  string        // partition key
	Data []byte
}

// A Record is a Kinesis record that the library makes.
type Record struct {
	At      time.Duration // that it is closed
	Shard   int
	Records int // user records in it
	Size    int // bytes of data and partition key
}

// Pack gives the library records in the order of their time, for a stream of so
// many equal shards. With aggregation off each is a Kinesis record.
func Pack(records []UserRecord, shards int, aggregation bool) (packed []Record) {
	open := make([]reducer, shards)
	for i, r := range records {
		shard := shardOf(r.Key, shards)
		if !aggregation {
			packed = append(packed, Record{At: r.At, Shard: shard, Records: 1, Size: len(r.Data) + len(r.Key)})
			continue
		}
		for s := range open {
			if open[s].due() <= r.At {
				packed = append(packed, open[s].flush(s, open[s].due()))
			}
		}
		if open[shard].add(&records[i]) {
			packed = append(packed, open[shard].flush(shard, r.At))
		}
	}
	for s := range open {
		for len(open[s].records) > 0 {
			packed = append(packed, open[s].flush(s, open[s].due()))
		}
	}
	return packed
}

func shardOf(key string, shards int) int {
	return int(aggregate.HashOf([]byte(key)).Hi >> 32 * uint64(shards) >> 32)
}

// A reducer is the open aggregate of a shard.
type reducer struct {
	records   []*UserRecord
	keys      map[string]bool
	estimated int
}

// due is when it is closed for its age.
func (r *reducer) due() time.Duration {
	if len(r.records) == 0 {
		return 1<<63 - 1
	}
	return r.records[0].At + RecordMaxBufferedTime
}

// add tells whether the aggregate is to be closed for its size.
func (r *reducer) add(u *UserRecord) (full bool) {
	r.records = append(r.records, u)
	r.estimated += len(u.Data) + 3 + 2
	if !r.keys[u.Key] {
		if r.keys == nil {
			r.keys = map[string]bool{}
		}
		r.keys[u.Key] = true
		r.estimated += len(u.Key) + 3
	}
	if len(r.records) == 1 {
		return len(u.Data) >= AggregationMaxSize
	}
	return r.estimated >= AggregationMaxSize
}

// flush closes the aggregate with as many records as it may have, and begins the
// next one with the others.
func (r *reducer) flush(shard int, at time.Duration) Record {
	n := len(r.records)
	for n > 1 && sizeOf(r.records[:n]) > AggregationMaxSize {
		n--
	}
	closed := Record{At: at, Shard: shard, Records: n, Size: sizeOf(r.records[:n]) + len(aggregateKey)}
	if n == 1 {
		closed.Size = len(r.records[0].Data) + len(r.records[0].Key)
	}
	rest := slices.Clone(r.records[n:])
	*r = reducer{}
	for _, u := range rest {
		r.add(u)
	}
	return closed
}

// sizeOf is the size of the data of a Kinesis record.
func sizeOf(records []*UserRecord) int {
	if len(records) == 1 {
		return len(records[0].Data)
	}
	return aggregate.Overhead + proto.Size(message(records))
}

// message is what an aggregate of the records has between its magic and its
// checksum. None of them has an explicit hash key.
func message(records []*UserRecord) *aggregatepb.AggregatedRecord {
	m := &aggregatepb.AggregatedRecord{}
	index := map[string]uint64{}
	for _, r := range records {
		i, known := index[r.Key]
		if !known {
			i = uint64(len(index))
			index[r.Key] = i
			m.PartitionKeyTable = append(m.PartitionKeyTable, r.Key)
		}
		m.Records = append(m.Records, &aggregatepb.Record{PartitionKeyIndex: &i, Data: r.Data})
	}
	return m
}
