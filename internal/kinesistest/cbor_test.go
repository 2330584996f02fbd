package kinesistest_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// postCBOR sends a CBOR body and reads the answer's members.
func postCBOR(t *testing.T, s *kinesistest.Server, operation string, in any) (int, map[string]any) {
	t.Helper()
	body, err := cbor.Marshal(in)
	require.NoError(t, err)
	answer, binary := post(t, s, operation, cborType, body)
	require.Equal(t, cborType, answer.Header.Get("Content-Type"))
	require.Len(t, answer.Header.Get("X-Amzn-RequestId"), 36)
	if len(binary) == 0 {
		return answer.StatusCode, nil
	}
	var out map[string]any
	require.NoError(t, named.Unmarshal(binary, &out))
	return answer.StatusCode, out
}

type members = map[string]any

// named reads maps with names for keys.
var named, _ = cbor.DecOptions{DefaultMapType: reflect.TypeFor[members]()}.DecMode()

// millis is the number within a timestamp, which the library takes for seconds.
func millis(t *testing.T, v any) int64 {
	t.Helper()
	require.IsType(t, time.Time{}, v)
	return v.(time.Time).Unix()
}

func TestAStreamThroughCBOR(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{SkipSignatures: true, PlainHTTP: true})
	status, out := postCBOR(t, s, "CreateStream", members{"StreamName": "logs", "ShardCount": 2})
	require.Equal(t, 200, status)
	require.Nil(t, out)

	binary := []byte{0, 1, 0xff, '"'}
	entry := members{"Data": binary, "PartitionKey": "k", "ExplicitHashKey": "0"}
	status, out = postCBOR(t, s, "PutRecords", members{"StreamName": "logs", "Records": []members{entry, entry}})
	require.Equal(t, 200, status)
	require.EqualValues(t, 0, out["FailedRecordCount"])
	landed := s.Records("logs")
	require.Len(t, landed, 2)
	require.Equal(t, binary, landed[0].Data)
	require.Equal(t, members{"SequenceNumber": landed[1].SequenceNumber(), "ShardId": "shardId-000000000000"}, out["Records"].([]any)[1])

	_, out = postCBOR(t, s, "ListShards", members{"StreamName": "logs", "MaxResults": 1})
	require.Len(t, out["Shards"], 1)
	require.NotEmpty(t, out["NextToken"])
	_, out = postCBOR(t, s, "DescribeStreamSummary", members{"StreamName": "logs"})
	summary := out["StreamDescriptionSummary"].(members)
	require.EqualValues(t, 2, summary["OpenShardCount"])
	require.InDelta(t, time.Now().UnixMilli(), millis(t, summary["StreamCreationTimestamp"]), 3.6e6)

	_, out = postCBOR(t, s, "GetShardIterator", members{"StreamName": "logs", "ShardId": "shardId-000000000000",
		"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": cbor.Tag{Number: 1, Content: landed[0].Arrived.UnixMilli() - 1000}})
	_, out = postCBOR(t, s, "GetRecords", members{"ShardIterator": out["ShardIterator"]})
	records := out["Records"].([]any)
	require.Len(t, records, 2)
	require.Equal(t, binary, records[0].(members)["Data"])
	require.Equal(t, landed[0].Arrived.UnixMilli(), millis(t, records[0].(members)["ApproximateArrivalTimestamp"]))
}

func TestErrorsThroughCBOR(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{PlainHTTP: true, SkipSignatures: true, Streams: map[string]int{"logs": 1}})
	entry := members{"Data": []byte("d"), "PartitionKey": "k"}
	good := members{"StreamName": "logs", "Records": []members{entry}}
	for _, c := range []struct {
		name, operation string
		in              any
		code, member    string
		says            string
	}{
		{"a stream that does not exist", "PutRecords", members{"StreamName": "nope", "Records": []members{entry}}, "ResourceNotFoundException", "message", "nope"},
		{"no records", "PutRecords", members{"StreamName": "logs", "Records": []members{}}, "ValidationException", "message", "records"},
		{"a body that is none", "PutRecords", "text", "SerializationException", "Message", "CBOR"},
		{"a small body that is none", "ListShards", "text", "SerializationException", "Message", "cbor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, out := postCBOR(t, s, c.operation, c.in)
			require.Equal(t, 400, status)
			require.Equal(t, c.code, out["__type"])
			require.Contains(t, out[c.member], c.says)
		})
	}
	status, out := postCBOR(t, s, "Nothing", good)
	require.Equal(t, 400, status)
	require.Equal(t, members{"__type": "UnknownOperationException"}, out)

	require.NoError(t, s.SetFaults(kinesistest.Faults{ThrottleRecords: 1}))
	status, out = postCBOR(t, s, "PutRecords", good)
	require.Equal(t, 200, status)
	require.EqualValues(t, 1, out["FailedRecordCount"])
	require.Equal(t, []any{members{"ErrorCode": "ProvisionedThroughputExceededException",
		"ErrorMessage": "Rate exceeded for shard shardId-000000000000 in stream logs under account 000000000000."}}, out["Records"])
	require.NoError(t, s.SetFaults(kinesistest.Faults{FailRequests: 1}))
	status, out = postCBOR(t, s, "PutRecords", good)
	require.Equal(t, 500, status)
	require.Equal(t, "InternalFailure", out["__type"])
}
