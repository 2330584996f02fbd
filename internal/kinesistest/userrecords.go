package kinesistest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/compress"
)

// View is how a consumer reads a stream: it takes aggregates apart, and undoes
// the compression that it was told of. The zero View undoes none.
type View struct {
	// Compression is that of each user record by itself.
	Compression compress.Format
	// AggregationCompression is that of aggregates as a whole. Records that
	// are none may lie among them, and are not compressed so.
	AggregationCompression compress.Format
	// Lines tells that records are lines, each with a newline at its end, which
	// Compression has compressed as a whole. Each line is a user record.
	Lines bool
}

// UserRecord is one record as its producer meant it, alone in a Kinesis record
// or one of many in an aggregate.
type UserRecord struct {
	PartitionKey    string // its own
	ExplicitHashKey string // as written; empty if it has none
	Data            []byte // decompressed
	// In is the Kinesis record that it came in, on whose shard it lies.
	In Record
	// Packed tells that this is an aggregate, and Index the record's place in
	// it, from 0.
	Packed bool
	Index  int
}

// mostUserData bounds what a record may decompress to, in bytes. An event comes
// out of a chunk of about 2 MB, and JSON may write one of its bytes as six.
const mostUserData = 64 << 20

// AppendUserRecords appends the user records of r to dst. Where r begins as an
// aggregate and is not one that can be read, or does not decompress, nothing is
// appended and the error tells which record it is.
func (v View) AppendUserRecords(dst []UserRecord, r Record) ([]UserRecord, error) {
	if v.Lines {
		return v.appendLines(dst, r)
	}
	users, packed, err := v.split(r.Entry)
	if err != nil {
		return dst, fmt.Errorf("record %d of stream %s, on %s: %w", r.Sequence, r.Stream, r.ShardID, err)
	}
	whole := dst
	for i, u := range users {
		data, err := v.decompress(u.Data)
		if err != nil {
			return whole, fmt.Errorf("user record %d in record %d of stream %s, on %s: %w", i, r.Sequence, r.Stream, r.ShardID, err)
		}
		dst = append(dst, UserRecord{
			PartitionKey: u.PartitionKey, ExplicitHashKey: u.ExplicitHashKey, Data: data,
			In: r, Packed: packed, Index: i,
		})
	}
	return dst, nil
}

// appendLines appends the lines of r, without their newlines.
func (v View) appendLines(dst []UserRecord, r Record) ([]UserRecord, error) {
	data, err := v.decompress(r.Data)
	if err == nil && !bytes.HasSuffix(data, newline) {
		err = errors.New("it does not end in a newline")
	}
	if err != nil {
		return dst, fmt.Errorf("record %d of stream %s, on %s: %w", r.Sequence, r.Stream, r.ShardID, err)
	}
	packed := bytes.Count(data, newline) > 1
	index := 0
	for line := range bytes.Lines(data) {
		dst = append(dst, UserRecord{
			PartitionKey: r.PartitionKey, ExplicitHashKey: r.ExplicitHashKey, Data: bytes.TrimSuffix(line, newline),
			In: r, Packed: packed, Index: index,
		})
		index++
	}
	return dst, nil
}

var newline = []byte("\n")

// UserRecords reads records, as [Server.Records] has them, up to the first that
// cannot be read.
func (v View) UserRecords(records []Record) (users []UserRecord, totals Totals, err error) {
	for _, r := range records {
		before := len(users)
		if users, err = v.AppendUserRecords(users, r); err != nil {
			return users, totals, err
		}
		totals.Add(r, users[before:])
	}
	return users, totals, nil
}

// UserKeys lists the partition keys in an entry, each once: those of the user
// records of an aggregate, or else the entry's own. It is made for
// [Options.UserKeys].
func (v View) UserKeys(e Entry) (keys []string) {
	users, packed, err := v.split(e)
	if err != nil || !packed {
		return []string{e.PartitionKey}
	}
	seen := make(map[string]bool)
	for _, u := range users {
		if !seen[u.PartitionKey] {
			seen[u.PartitionKey] = true
			keys = append(keys, u.PartitionKey)
		}
	}
	return keys
}

// split is the user records of an entry, their data as it was packed.
func (v View) split(e Entry) (users []aggregate.Record, packed bool, err error) {
	if v.AggregationCompression != compress.None {
		// What does not decompress to an aggregate was not compressed as one.
		if whole, err := compress.Decompress(v.AggregationCompression, e.Data, mostUserData); err == nil {
			if users, packed, err = aggregate.Split(whole); packed || err != nil {
				return users, packed, err
			}
		}
	}
	users, packed, err = aggregate.Split(e.Data)
	if err == nil && !packed {
		users[0].PartitionKey, users[0].ExplicitHashKey = e.PartitionKey, e.ExplicitHashKey
	}
	return users, packed, err
}

func (v View) decompress(data []byte) ([]byte, error) {
	if v.Compression == compress.None {
		return slices.Clip(data), nil
	}
	return compress.Decompress(v.Compression, data, mostUserData)
}
