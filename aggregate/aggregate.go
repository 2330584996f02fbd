// Package aggregate writes and reads the aggregated record of the Kinesis
// Producer Library: many small user records packed into one Kinesis record,
// which consumers built on the Kinesis Client Library (KCL), Lambda event
// sources with a deaggregation library and Firehose take apart again.
//
//	F3 89 9A C2 | protobuf AggregatedRecord | MD5 of the protobuf
//
// The protobuf holds a table of partition keys, a table of explicit hash keys,
// and the user records, each with its data and the position of its key in the
// table (aggregate.proto, next to this file). The format is described at
// https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
//
// # Hash keys
//
// Kinesis puts a record on the shard whose range of 128-bit hash keys contains
// the MD5 of the record's partition key. An aggregate is one record under one
// partition key, yet each user record in it keeps a key of its own, and the KCL
// throws away a whole aggregate if any user record in it hashes outside the
// shard it was read from. So [Writer] gives user records whose key is not the
// aggregate's an explicit hash key equal to the hash of the aggregate's: they then
// hash to where the aggregate lies, whatever the shards are or become. It does so
// as well for records that are known to hash to one shard, for when the aggregate
// comes there, that shard may have been split.
package aggregate

//go:generate sh -c "protoc --plugin=protoc-gen-go=$(go tool -n protoc-gen-go) --go_out=aggregatepb --go_opt=paths=source_relative aggregate.proto"

import "crypto/md5"

// magic begins every aggregate. It is not valid UTF-8, so no text does.
const magic = "\xf3\x89\x9a\xc2"

// Overhead is what an aggregate holds besides its protobuf, in bytes: the magic
// number before it and the MD5 after it. It is the size of an empty aggregate.
const Overhead = len(magic) + md5.Size

// The wire types of protobuf that the format is made of, or may be extended by.
// The two that delimit groups are left out: the format has none, and protobuf
// has given them up.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// The fields of aggregate.proto, each as the tag byte that begins it.
const (
	tagPartitionKey         = 1<<3 | wireBytes
	tagExplicitHashKey      = 2<<3 | wireBytes
	tagRecord               = 3<<3 | wireBytes
	tagPartitionKeyIndex    = 1<<3 | wireVarint
	tagExplicitHashKeyIndex = 2<<3 | wireVarint
	tagData                 = 3<<3 | wireBytes
	tagTags                 = 4<<3 | wireBytes
	tagTagKey               = 1<<3 | wireBytes
)
