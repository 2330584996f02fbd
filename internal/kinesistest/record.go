package kinesistest

import "time"

// Entry is one record as a PutRecords request carries it.
type Entry struct {
	Data         []byte // decoded; 0 bytes to 1 MiB with the key, or what the stream takes
	PartitionKey string // 1 to 256 Unicode characters
	// ExplicitHashKey is a decimal number below 2^128 that takes the place of
	// the partition key's MD5 in routing; empty if the request had none.
	ExplicitHashKey string
}

// size is what the service's limits count: data plus partition key.
func (e Entry) size() int { return len(e.Data) + len(e.PartitionKey) }

// Record is an entry that landed on a stream.
type Record struct {
	Entry
	Stream  string
	ShardID string // such as shardId-000000000000
	// Sequence rises by one with each record of the stream, from 1.
	Sequence uint64
	// Arrived is when the record landed. All accepted records of a request
	// share it.
	Arrived time.Time
	// Request is the number of the PutRecords request that brought the
	// record: from 1, in order of arrival on the server, among those that
	// could be parsed and meant a stream that exists.
	Request uint64
	// Unanswered is set where the answer to that request was cut off, so that
	// the client cannot know that the record landed.
	Unanswered bool
}

// SequenceNumber is the record's sequence as the service writes it: 56 decimal
// digits.
func (r Record) SequenceNumber() string {
	return string(appendSequenceNumber(nil, r.Sequence))
}

// Shard describes one shard of a stream.
type Shard struct {
	ID string
	// Parent and AdjacentParent are the shards that this one came from by a
	// split (Parent alone) or a merge (both).
	Parent, AdjacentParent string
	// Start and End are the first and the last hash key of the shard.
	Start, End HashKey
	// Closed shards take no records since a reshard; theirs can still be read.
	Closed bool
	// Records and Bytes count what landed here; bytes of data plus partition
	// keys.
	Records, Bytes int64
}

// Holds tells whether the shard's range has the hash key.
func (s Shard) Holds(h HashKey) bool {
	return !h.Less(s.Start) && !s.End.Less(h)
}
