package kinesistest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

const mib = 1 << 20

// wire is a PutRecords request as JSON has it; nil members are left out.
type wire struct {
	StreamName string `json:",omitempty"`
	StreamARN  string `json:",omitempty"`
	Records    []wireEntry
}

type wireEntry struct {
	Data            []byte
	PartitionKey    *string
	ExplicitHashKey *string `json:",omitempty"`
}

func entryOf(key string, size int) wireEntry {
	return wireEntry{Data: make([]byte, size), PartitionKey: &key}
}

func hashed(hash string) wireEntry {
	e := entryOf("k", 1)
	e.ExplicitHashKey = &hash
	return e
}

func repeat(n int, e wireEntry) []wireEntry {
	list := make([]wireEntry, n)
	for i := range list {
		list[i] = e
	}
	return list
}

func TestWhatAPutRecordsRequestMayHold(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{
		SkipSignatures: true,
		PlainHTTP:      true,
		Discard:        true,
		Streams:        map[string]int{"logs": 4, strings.Repeat("n", 128): 1},
	})
	const validation, argument = "ValidationException", "InvalidArgumentException"
	fiveMiB := append(repeat(4, entryOf("0123456789abcdef", mib-16)), entryOf("0123456789abcdef", mib-17))
	for _, c := range []struct {
		name string
		body wire
		code string // of the error; none if empty
		says string
	}{
		{"no list of records", wire{}, validation, "at 'records'"},
		{"no record", wire{Records: []wireEntry{}}, validation, "'records' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"one record", wire{Records: repeat(1, entryOf("k", 1))}, "", ""},
		{"499 records", wire{Records: repeat(499, entryOf("k", 1))}, "", ""},
		{"500 records", wire{Records: repeat(500, entryOf("k", 1))}, "", ""},
		{"501 records", wire{Records: repeat(501, entryOf("k", 1))}, validation, "less than or equal to 500"},

		{"a record of no bytes", wire{Records: repeat(1, entryOf("k", 0))}, "", ""},
		{"a record without data", wire{Records: []wireEntry{{PartitionKey: entryOf("k", 0).PartitionKey}}}, validation, "Value null at 'records.1.member.data'"},
		{"data and key one byte below 1 MiB", wire{Records: repeat(1, entryOf("key", mib-4))}, "", ""},
		{"data and key of 1 MiB", wire{Records: repeat(1, entryOf("key", mib-3))}, "", ""},
		{"data and key one byte above 1 MiB", wire{Records: repeat(1, entryOf("key", mib-2))}, argument, "Record 1 size"},
		{"data alone above 1 MiB", wire{Records: repeat(1, entryOf("key", mib+1))}, validation, "less than or equal to 1048576"},

		{"a request one byte below 5 MiB", wire{Records: fiveMiB}, "", ""},
		{"a request of 5 MiB", wire{Records: append(fiveMiB[:4:4], entryOf("0123456789abcdef", mib-16))}, "", ""},
		{"a request one byte above 5 MiB", wire{Records: append(fiveMiB[:5:5], entryOf("k", 1))}, argument, "5 MB limit"},

		{"no partition key", wire{Records: []wireEntry{{Data: []byte{1}}}}, validation, "Value null at 'records.1.member.partitionKey'"},
		{"an empty partition key", wire{Records: repeat(1, entryOf("", 1))}, validation, "'records.1.member.partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{"a partition key of 255 characters", wire{Records: repeat(1, entryOf(strings.Repeat("k", 255), 1))}, "", ""},
		{"a partition key of 256 characters", wire{Records: repeat(1, entryOf(strings.Repeat("k", 256), 1))}, "", ""},
		{"a partition key of 257 characters", wire{Records: repeat(1, entryOf(strings.Repeat("k", 257), 1))}, validation, "less than or equal to 256"},
		{"a partition key of 256 emoji", wire{Records: repeat(1, entryOf(strings.Repeat("🙂", 256), 1))}, "", ""},
		{"a partition key of 257 emoji", wire{Records: repeat(1, entryOf(strings.Repeat("🙂", 257), 1))}, validation, "less than or equal to 256"},

		{"the least explicit hash key", wire{Records: repeat(1, hashed("0"))}, "", ""},
		{"the greatest explicit hash key", wire{Records: repeat(1, hashed("340282366920938463463374607431768211455"))}, "", ""},
		{"an explicit hash key of 2^128", wire{Records: repeat(1, hashed("340282366920938463463374607431768211456"))}, argument, "[0, 2^128-1]"},
		{"an explicit hash key of 39 nines", wire{Records: repeat(1, hashed(strings.Repeat("9", 39)))}, argument, "[0, 2^128-1]"},
		{"an explicit hash key of 40 digits", wire{Records: repeat(1, hashed(strings.Repeat("1", 40)))}, validation, "regular expression"},
		{"an explicit hash key with a leading zero", wire{Records: repeat(1, hashed("01"))}, validation, "regular expression"},
		{"an explicit hash key that is negative", wire{Records: repeat(1, hashed("-1"))}, validation, "regular expression"},
		{"an explicit hash key that is empty", wire{Records: repeat(1, hashed(""))}, validation, "regular expression"},

		{"a stream that does not exist", wire{StreamName: "nope", Records: repeat(1, entryOf("k", 1))}, "ResourceNotFoundException", "Stream nope under account"},
		{"a name of 128 characters", wire{StreamName: strings.Repeat("n", 128), Records: repeat(1, entryOf("k", 1))}, "", ""},
		{"a stream by its ARN", wire{StreamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/logs", Records: repeat(1, entryOf("k", 1))}, "", ""},
		{"an ARN of something else", wire{StreamARN: "arn:aws:s3:::logs", Records: repeat(1, entryOf("k", 1))}, validation, "streamARN"},
		{"several mistakes", wire{Records: []wireEntry{entryOf("", 1), hashed("x")}}, validation, "2 validation errors detected"},
		{"more mistakes than are named", wire{Records: repeat(20, entryOf("", 1))}, validation, "10 validation errors detected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.body.StreamName == "" && c.body.StreamARN == "" {
				c.body.StreamName = "logs"
			}
			body, err := json.Marshal(c.body)
			require.NoError(t, err)
			before := s.Stats().Landed
			status, members := postJSON(t, s, "PutRecords", string(body))
			if c.code == "" {
				require.Equal(t, 200, status, "%v", members)
				require.Equal(t, 0.0, members["FailedRecordCount"])
				require.Len(t, members["Records"], len(c.body.Records))
				require.Equal(t, int64(len(c.body.Records)), s.Stats().Landed-before)
				return
			}
			require.Equal(t, 400, status)
			require.Equal(t, c.code, members["__type"])
			require.Contains(t, members["message"], c.says)
			require.Equal(t, before, s.Stats().Landed, "nothing of a refused request lands")
		})
	}
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{SkipSignatures: true, PlainHTTP: true, Streams: map[string]int{"logs": 1}})
	record := func(data string) string {
		return fmt.Sprintf(`{"StreamName":"logs","Records":[{"PartitionKey":"k","Data":%s}]}`, data)
	}
	for _, c := range []struct{ name, body string }{
		{"nothing", ``},
		{"not JSON", `hello`},
		{"a list", `[]`},
		{"JSON cut short", `{"StreamName":"logs","Records":[{"PartitionKey":"k"`},
		{"something behind the end", record(`"YQ=="`) + `}`},
		{"a stream's name that is a number", `{"StreamName":1}`},
		{"records that are no list", `{"StreamName":"logs","Records":{}}`},
		{"a record that is no object", `{"StreamName":"logs","Records":["a"]}`},
		{"data that is a number", record(`1`)},
		{"base64 with a bad length", record(`"YQ="`)},
		{"base64 with a foreign character", record(`"YQ!="`)},
		{"base64 of the URL alphabet", record(`"-_-_"`)},
		{"base64 with padding inside", record(`"YQ==YQ=="`)},
		{"base64 of padding alone", record(`"===="`)},
		{"base64 with padding bits that are not zero", record(`"YR=="`)},
		{"base64 with an escaped line end", record(`"YWFh\nYWFhYWE="`)},
		{"base64 with a raw line end", record("\"YWFh\nYWE=\"")},
		{"long base64 with a foreign character", record(`"` + strings.Repeat("YWFh", 50) + "YW*h" + strings.Repeat("YWFh", 50) + `"`)},
		{"a key that is not UTF-8", "{\"StreamName\":\"logs\",\"Records\":[{\"PartitionKey\":\"\xff\",\"Data\":\"\"}]}"},
		{"a key with a raw control character", "{\"StreamName\":\"logs\",\"Records\":[{\"PartitionKey\":\"a\tb\",\"Data\":\"\"}]}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, members := postJSON(t, s, "PutRecords", c.body)
			require.Equal(t, 400, status)
			require.Equal(t, "SerializationException", members["__type"])
			require.NotEmpty(t, members["Message"], "deserialisation writes its message in upper case")
		})
	}
	require.Empty(t, s.Records("logs"))
}

func TestUnusualBodiesThatAreRight(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{SkipSignatures: true, PlainHTTP: true, Streams: map[string]int{"logs": 1}})
	for _, c := range []struct{ name, body, key, data string }{
		{"white space everywhere", " {\n\"Records\" : [ { \"Data\" : \"YQ==\" ,\t\"PartitionKey\" : \"k\" } ] , \"StreamName\" : \"logs\" } \r\n", "k", "a"},
		{"members that are not known", `{"X":[1,{"y":"\"]"},true,null],"StreamName":"logs","Records":[{"PartitionKey":"k","Z":{},"Data":"YQ=="}],"W":-1.5e3}`, "k", "a"},
		{"a repeated member", `{"StreamName":"nope","StreamName":"logs","Records":[{"PartitionKey":"x","PartitionKey":"k","Data":"Yg==","Data":"YQ=="}]}`, "k", "a"},
		{"a null that is repeated", `{"StreamName":"logs","Records":null,"Records":[{"PartitionKey":null,"PartitionKey":"k","Data":"YQ=="}]}`, "k", "a"},
		{"escapes in a key", `{"StreamName":"logs","Records":[{"PartitionKey":"\"\\\/\u00e9\ud83d\ude42","Data":"YQ=="}]}`, "\"\\/é🙂", "a"},
		{"escapes in names and data", `{"Stream\u004eame":"logs","Records":[{"PartitionKey":"k","D\u0061ta":"Pz8\/"}]}`, "k", "???"},
		{"a null explicit hash key", `{"StreamName":"logs","Records":[{"PartitionKey":"k","Data":"YQ==","ExplicitHashKey":null}]}`, "k", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.Reset()
			status, members := postJSON(t, s, "PutRecords", c.body)
			require.Equal(t, 200, status, "%v", members)
			records := s.Records("logs")
			require.Len(t, records, 1)
			require.Equal(t, c.key, records[0].PartitionKey)
			require.Equal(t, c.data, string(records[0].Data))
		})
	}
}

func TestBodiesBeyondAllLimitsAreNotRead(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{SkipSignatures: true, PlainHTTP: true})
	answer, _ := post(t, s, "PutRecords", jsonType, make([]byte, 17<<20))
	require.Equal(t, 413, answer.StatusCode)
}

func TestUnknownOperations(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{SkipSignatures: true})
	status, members := postJSON(t, s, "PutNothing", `{}`)
	require.Equal(t, 400, status)
	require.Equal(t, map[string]any{"__type": "UnknownOperationException"}, members)
}
