package wire

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// A putRecord is a record as the service reads it from a request.
type putRecord struct {
	Data            []byte
	PartitionKey    string
	ExplicitHashKey string `json:",omitempty" cbor:",omitempty"`
}

// recordsOf reads the records of a request body as any JSON reader would.
func recordsOf(t testing.TB, body []byte) []putRecord {
	t.Helper()
	var request struct {
		StreamName string
		Records    []putRecord
	}
	reader := json.NewDecoder(bytes.NewReader(body))
	reader.DisallowUnknownFields()
	require.NoError(t, reader.Decode(&request), "%.200s", body)
	require.False(t, reader.More(), "the body goes on behind its end")
	require.Equal(t, "logs", request.StreamName)
	return request.Records
}

func cborRecordsOf(t testing.TB, body []byte) []putRecord {
	t.Helper()
	strict, err := cbor.DecOptions{ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, UTF8: cbor.UTF8RejectInvalid}.DecMode()
	require.NoError(t, err)
	var request struct {
		StreamName string
		Records    []putRecord
	}
	require.NoError(t, strict.Unmarshal(body, &request))
	require.Equal(t, "logs", request.StreamName)
	return request.Records
}

// A formatCase is a format, and how a reader that knows nothing of ours reads
// it.
type formatCase struct {
	name    string
	format  Format
	records func(t testing.TB, body []byte) []putRecord
}

var formats = []formatCase{
	{JSON, jsonFormat{}, recordsOf},
	{CBOR, cborFormat{}, cborRecordsOf},
}

func (f formatCase) newBody() *Body { return NewBody(f.format, f.format.AppendHead(nil, "logs")) }

func forEachFormat(t *testing.T, test func(t *testing.T, f formatCase)) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) { test(t, f) })
	}
}

// randomRecords are records of all bytes and sizes, under keys with whatever
// needs escaping.
func randomRecords(random *rand.Rand, n int) []putRecord {
	keys := []string{"a", `"quoted"`, `back\slash`, "\n\t\x01", "é語😀", "</>&", strings.Repeat("😀", 256), "\u2028"}
	records := make([]putRecord, n)
	for i := range records {
		data := make([]byte, random.IntN(400))
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		records[i] = putRecord{Data: data, PartitionKey: keys[random.IntN(len(keys))]}
	}
	return records
}

func (b *Body) addAll(records []putRecord) {
	for _, r := range records {
		b.Add(r.Data, []byte(r.PartitionKey))
	}
}

func sizeOf(records []putRecord) (size int) {
	for _, r := range records {
		size += len(r.Data) + len(r.PartitionKey)
	}
	return size
}

const (
	throttledCode = "ProvisionedThroughputExceededException"
	failureCode   = "InternalFailure"
)

// answered is the service's answer to a request.
type answered struct {
	FailedRecordCount int
	Records           []answeredRecord
}

type answeredRecord struct {
	SequenceNumber string `json:",omitempty" cbor:",omitempty"`
	ShardID        string `json:"ShardId,omitempty" cbor:"ShardId,omitempty"`
	ErrorCode      string `json:",omitempty" cbor:",omitempty"`
	ErrorMessage   string `json:",omitempty" cbor:",omitempty"`
}

// answeredOf is the answer with an error code for each record, empty for one
// that was taken.
func answeredOf(codes ...string) (a answered) {
	for i, code := range codes {
		if code == "" {
			a.Records = append(a.Records, answeredRecord{SequenceNumber: strconv.Itoa(i), ShardID: "shardId-000000000000"})
			continue
		}
		a.FailedRecordCount++
		a.Records = append(a.Records, answeredRecord{ErrorCode: code, ErrorMessage: "message of " + code})
	}
	return a
}

func (a answered) in(f Format) (body []byte) {
	if f == FormatOf(CBOR) {
		body, _ = cbor.Marshal(a) // of strings and numbers: cannot fail
		return body
	}
	body, _ = json.Marshal(a)
	return body
}

func answerOf(codes ...string) []byte { return answeredOf(codes...).in(jsonFormat{}) }

// answering makes into the answer to a request.
func answering(into *Answer, codes ...string) error {
	into.Body = append(into.Body[:0], answerOf(codes...)...)
	return into.Read(jsonFormat{}, len(codes))
}
