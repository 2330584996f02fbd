package aggregate

import (
	"crypto/md5"
	"errors"
	"fmt"
	"slices"
)

// ErrNotReadable is wrapped by the errors for data that begins as an aggregate
// does and is not one that can be read.
var ErrNotReadable = errors.New("not a readable aggregate")

// A Record is a user record as a consumer sees it.
type Record struct {
	PartitionKey    string
	ExplicitHashKey string // as written, decimal if the producer kept to the format; "" if there is none
	Data            []byte
}

// HashKey returns the 128-bit number that places a user record on a shard: its
// explicit hash key if it has one, else the hash of its partition key. The error
// is that of an explicit hash key that is not a number.
func (r Record) HashKey() (HashKey, error) {
	if r.ExplicitHashKey != "" {
		return ParseHashKey(r.ExplicitHashKey)
	}
	return HashOf([]byte(r.PartitionKey)), nil
}

// Split takes the data of a Kinesis record apart. If it is an aggregate, ok is
// true and the user records are returned in order, their Data as views into
// data. If it is not, ok is false and there is one record: the data as it
// stands, as the KCL has it. Its keys are left empty, for they are those that
// the Kinesis record was put under.
//
// Where data begins with the magic number, and yet ok is false, err tells what is
// wrong with it and wraps [ErrNotReadable]: too short, another checksum, protobuf
// that does not decode, an index outside its table. (Only in the last case does
// the KCL differ: it keeps the user records before that one, and logs an error.)
func Split(data []byte) (records []Record, ok bool, err error) {
	return AppendSplit(nil, data)
}

// AppendSplit is [Split] that appends the records to dst.
func AppendSplit(dst []Record, data []byte) (records []Record, ok bool, err error) {
	message, ok, err := unwrap(data)
	if ok {
		records, err = appendRecords(dst, message)
	}
	if err != nil {
		ok, err = false, fmt.Errorf("%w: %w", ErrNotReadable, err)
	}
	if !ok {
		return append(dst, Record{Data: data}), false, err
	}
	return records, true, nil
}

// unwrap returns the protobuf between the magic number and the checksum.
func unwrap(data []byte) (message []byte, ok bool, err error) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, false, nil
	}
	if len(data) <= Overhead {
		return nil, false, fmt.Errorf("%d bytes: want more than %d", len(data), Overhead)
	}
	message, checksum := data[len(magic):len(data)-md5.Size], data[len(data)-md5.Size:]
	if sum := md5.Sum(message); string(sum[:]) != string(checksum) {
		return nil, false, fmt.Errorf("the checksum is %x, the MD5 is %x", checksum, sum)
	}
	return message, true, nil
}

// appendRecords appends the user records of an AggregatedRecord message. The
// tables are read first, for protobuf allows them to come last.
func appendRecords(dst []Record, message []byte) ([]Record, error) {
	keys, err := readTables(message)
	if err != nil {
		return nil, err
	}
	// As many as the message claims, but no more than would fit in it: the
	// shortest record has its tag and length, an index, and empty data.
	const shortestRecord = 6
	dst = slices.Grow(dst, min(keys.records, len(message)/shortestRecord))

	for n := 0; len(message) > 0; {
		var f field
		if f, message, err = nextField(message); err != nil {
			return nil, err
		}
		if f.tag != tagRecord {
			continue
		}
		record, err := keys.readRecord(f.bytes)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", n, err)
		}
		dst = append(dst, record)
		n++
	}
	return dst, nil
}

// tables are the two key tables of an aggregate.
type tables struct {
	partitionKeys    []string
	explicitHashKeys []string
	records          int // the number of records fields, none of them looked into
}

func readTables(message []byte) (tables, error) {
	var t tables
	for len(message) > 0 {
		var f field
		var err error
		if f, message, err = nextField(message); err != nil {
			return tables{}, err
		}
		switch f.tag {
		case tagPartitionKey:
			t.partitionKeys = append(t.partitionKeys, string(f.bytes))
		case tagExplicitHashKey:
			t.explicitHashKeys = append(t.explicitHashKeys, string(f.bytes))
		case tagRecord:
			t.records++
		}
	}
	return t, nil
}

// readRecord reads a Record message and looks its keys up. As everywhere in
// protobuf, fields that are not known are passed over, and of a field given more
// than once the last counts.
func (t tables) readRecord(message []byte) (Record, error) {
	var key, hashKey, data field
	for len(message) > 0 {
		var f field
		var err error
		if f, message, err = nextField(message); err != nil {
			return Record{}, err
		}
		switch f.tag {
		case tagPartitionKeyIndex:
			key = f
		case tagExplicitHashKeyIndex:
			hashKey = f
		case tagData:
			data = f
		case tagTags:
			err = checkTag(f.bytes)
		}
		if err != nil {
			return Record{}, err
		}
	}
	if key.tag == 0 || data.tag == 0 {
		return Record{}, errors.New("it must have a partition key index and data")
	}
	return t.resolve(key.value, hashKey, data.bytes)
}

// resolve turns indexes into keys. An explicit hash key that is empty is refused,
// for it cannot be read as a number and would pass for none.
func (t tables) resolve(key uint64, hashKey field, data []byte) (Record, error) {
	if key >= uint64(len(t.partitionKeys)) {
		return Record{}, fmt.Errorf("partition key index %d: the table has %d", key, len(t.partitionKeys))
	}
	record := Record{PartitionKey: t.partitionKeys[key], Data: data}
	if hashKey.tag == 0 {
		return record, nil
	}
	if hashKey.value >= uint64(len(t.explicitHashKeys)) {
		return Record{}, fmt.Errorf("explicit hash key index %d: the table has %d",
			hashKey.value, len(t.explicitHashKeys))
	}
	record.ExplicitHashKey = t.explicitHashKeys[hashKey.value]
	if record.ExplicitHashKey == "" {
		return Record{}, errors.New("the explicit hash key is empty")
	}
	return record, nil
}

// checkTag tells whether a Tag message decodes. Its content is of no use to
// anybody, but a protobuf library refuses the whole aggregate if it does not.
func checkTag(message []byte) error {
	hasKey := false
	for len(message) > 0 {
		var f field
		var err error
		if f, message, err = nextField(message); err != nil {
			return err
		}
		hasKey = hasKey || f.tag == tagTagKey
	}
	if !hasKey {
		return errors.New("a tag must have a key")
	}
	return nil
}
