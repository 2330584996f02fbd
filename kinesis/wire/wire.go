// Package wire has the bodies of PutRecords requests and of their answers: AWS
// JSON 1.1 and its binary twin, AWS CBOR 1.1, and the limits that the service
// sets.
//
// A [Body] is a request under construction. Records are encoded as they are
// added, and the body remembers where each lies, so that a retry of some copies
// their bytes into another body. An [Answer] says what became of each record.
//
// The package knows bytes and records alone: not whose they are, nor when they
// are sent.
package wire

import (
	"strings"

	"fluent-bit-kinesis/aggregate"
)

// The service's limits of one PutRecords request and of one record:
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html.
const (
	MaxRecords     = 500
	MaxBytes       = 5 << 20 // of data and partition keys, before base64
	MaxRecordBytes = 1 << 20 // of data and partition key
	MaxKeyRunes    = 256
)

// MaxLargeBytes is what a record may have, data and partition key, on a stream whose
// limit has been raised, and a request to it:
// https://docs.aws.amazon.com/streams/latest/dev/large-records.html.
const MaxLargeBytes = 10 << 20

// A Format is a way to write PutRecords requests and to read the answers. Both
// formats have the same members under the same names.
type Format interface {
	ContentType() string

	// AppendHead opens a body, up to the first record. The stream is a name or an
	// ARN.
	AppendHead(dst []byte, stream string) []byte
	// AppendEntry appends a record.
	AppendEntry(dst, data, key []byte) []byte
	// AppendPlacedEntry appends a record with an explicit hash key.
	AppendPlacedEntry(dst, data, key []byte, at aggregate.HashKey) []byte
	// Separator stands between two records.
	Separator() string
	// Complete closes a body of n records whose head has this length.
	Complete(body []byte, head, n int) []byte

	// Refusal reads the answer to a request that was not taken. What cannot be
	// read is left empty.
	Refusal(answer []byte) (code, message string)

	// dataLen is how long data of n bytes is in a body, at most.
	dataLen(n int) int
	// entryEnd is what AppendEntry writes behind the partition key.
	entryEnd() string
	// plainKey tells whether an entry that begins so, up to where its partition
	// key would begin, has it as it is, and not escaped.
	plainKey(before []byte) bool
	// placed is the explicit hash key of an entry, as text; empty where it has none.
	placed(entry []byte) []byte
	// entry reads what AppendEntry or AppendPlacedEntry wrote.
	entry(text []byte) (data, key []byte, err error)

	// allTaken tells whether an answer has a result for each of n records, and
	// none of them an error. It only counts, and is false as well where the answer
	// is not as the service usually writes it.
	allTaken(answer []byte, n int) bool
	// results reads what became of each record, and appends it to dst. It
	// gives up, with ok false, on what is unusual in an answer.
	results(dst []Result, answer []byte, names *names) (results []Result, ok bool)
	// anyResults does the same, by a library that reads everything.
	anyResults(dst []Result, answer []byte) ([]Result, error)
}

// IsARN tells whether a text is to be an ARN: no name of a stream has a colon.
func IsARN(stream string) bool { return strings.HasPrefix(stream, "arn:") }

// StreamMember is the member of a request that says which stream it is for, by its
// name or by its ARN. There is to be one of the two.
func StreamMember(stream string) string {
	if IsARN(stream) {
		return "StreamARN"
	}
	return "StreamName"
}

// The names of the formats, as the option wire_format has them.
const (
	JSON = "json"
	CBOR = "cbor"
	Auto = "auto" // either, as suits who is at the other end
)

// FormatOf is the format of this name, JSON where it is empty.
func FormatOf(name string) Format {
	if name == CBOR {
		return cborFormat{}
	}
	return jsonFormat{}
}
