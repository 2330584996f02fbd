package aggregate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"fluent-bit-kinesis/aggregate/aggregatepb"
)

func TestWriterMakesTheBytesOfTheGeneratedMarshaller(t *testing.T) {
	long := strings.Repeat("語", 256)
	tests := []struct {
		name    string
		records []userRecord
	}{
		{"no record", nil},
		{"one record", []userRecord{{"a", []byte("x")}}},
		{"a record without data", []userRecord{{"a", nil}}},
		{"records of one key", []userRecord{{"a", []byte("x")}, {"a", []byte("y")}}},
		{"a key that is not the first's", []userRecord{{"a", []byte("x")}, {"b", []byte("y")}}},
		{"keys that come back", []userRecord{
			{"a", []byte("1")}, {"b", []byte("2")}, {"a", []byte("3")}, {"c", []byte("4")}, {"b", []byte("5")},
		}},
		{"a key that begins another", []userRecord{{"ab", []byte("1")}, {"a", []byte("2")}, {"abc", []byte("3")}}},
		{"an empty key", []userRecord{{"", []byte("1")}, {"a", []byte("2")}, {"", []byte("3")}}},
		{"keys of 256 characters of three bytes", []userRecord{{long, []byte("1")}, {long[3:], []byte("2")}}},
		{"a record of 2 MB", []userRecord{{"a", []byte("1")}, {"b", make([]byte, 2<<20)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var w Writer
			addAll(t, &w, test.records)
			closed := w.Close()

			require.Len(t, closed, w.Len())
			require.True(t, bytes.Equal(marshalModel(t, test.records), closed), "bytes differ")
			requireUnmarshals(t, modelOf(test.records), closed)
		})
	}
}

// requireUnmarshals holds the aggregate against the generated unmarshaller.
func requireUnmarshals(t *testing.T, want *aggregatepb.AggregatedRecord, closed []byte) {
	var got aggregatepb.AggregatedRecord
	require.NoError(t, proto.Unmarshal(closed[4:len(closed)-16], &got))
	require.True(t, proto.Equal(want, &got), "messages differ")
}

func TestWriterForetellsEachSizeWhateverTheKeysAndTheData(t *testing.T) {
	rng := newRand()
	var w Writer // one for all: each aggregate finds the memory of those before
	for round := range 60 {
		records := randomRecords(rng, rng.IntN(200), 1+rng.IntN(100), 1+rng.IntN(1500))
		addAll(t, &w, records)
		require.True(t, bytes.Equal(marshalModel(t, records), w.Close()), "round %d: bytes differ", round)
		w.Reset()
	}
}

func TestSizeWithIsExactWhereALengthTakesOneByteMore(t *testing.T) {
	prefixes := map[string][]userRecord{
		"the first record":             nil,
		"a record of the first's key":  {{"key", nil}},
		"the first of another key":     {{"first", nil}},
		"another of another key":       {{"first", nil}, {"key", nil}},
		"a key after a third's record": {{"first", nil}, {"key", nil}, {"third", nil}},
	}
	for name, prefix := range prefixes {
		t.Run(name, func(t *testing.T) {
			var w Writer
			for _, boundary := range []int{1 << 7, 1 << 14, 1 << 21} {
				// The record's length goes over the boundary first, a few
				// bytes of fields ahead of its data's.
				for n := boundary - 12; n <= boundary+1; n++ {
					records := append(prefix[:len(prefix):len(prefix)], userRecord{"key", make([]byte, n)})
					w.Reset()
					addAll(t, &w, records)
					size := len(seal(nil)) + proto.Size(modelOf(records))
					require.Equal(t, size, w.Len(), "%d bytes of data", n)
				}
			}
		})
	}
}

func TestSizeWithIsExactWhereAKeyTakesOneByteMore(t *testing.T) {
	for _, n := range []int{1, 126, 127, 128, 129, 255, 256, 1024} {
		var w Writer
		records := []userRecord{{"first", []byte("1")}, {strings.Repeat("k", n), []byte("2")}}
		addAll(t, &w, records)
		require.Equal(t, marshalModel(t, records), w.Close(), "a key of %d bytes", n)
	}
}

func TestWriterIndexesMoreKeysThanTwoVarintBytesHold(t *testing.T) {
	const keys = 1<<14 + 10
	records := make([]userRecord, 0, keys+keys/7+1)
	for i := range keys {
		records = append(records, userRecord{fmt.Sprintf("container-%d", i), []byte("x")})
	}
	for i := 0; i < keys; i += 7 { // and each seventh key again
		records = append(records, records[i])
	}
	var w Writer
	addAll(t, &w, records)
	require.True(t, bytes.Equal(marshalModel(t, records), w.Close()), "bytes differ")
}

func TestSizeWithChangesNothing(t *testing.T) {
	records := []userRecord{{"a", []byte("1")}, {"b", []byte("2")}, {"a", []byte("3")}}
	var w Writer
	for _, r := range records {
		for _, key := range []string{"", "a", "b", "new"} {
			w.SizeWith([]byte(key), 100)
		}
		w.Add([]byte(r.key), r.data)
	}
	require.Equal(t, marshalModel(t, records), w.Close())
}

func TestSizeWithKnowsTheExplicitHashKeyBeforeItIsWritten(t *testing.T) {
	var w Writer
	w.Add([]byte("a"), nil)
	before := w.Len()
	require.Greater(t, w.SizeWith([]byte("b"), 0)-w.SizeWith([]byte("a"), 0), len(md5Of("a").String()))
	require.Equal(t, before, w.Len(), "a record only asked about is not counted")
}

func TestCloseLeavesTheWriterOpen(t *testing.T) {
	records := []userRecord{{"a", []byte("1")}, {"b", []byte("2")}, {"c", []byte("3")}}
	var w Writer
	for i, r := range records {
		w.Add([]byte(r.key), r.data)
		require.Equal(t, marshalModel(t, records[:i+1]), w.Close())
		require.Equal(t, marshalModel(t, records[:i+1]), w.Close())
	}
}

func TestTheResultOfCloseMayBeAppendedTo(t *testing.T) {
	var w Writer
	w.Add([]byte("a"), []byte("1"))
	closed := w.Close()
	_ = append(closed, "more"...)
	w.Add([]byte("a"), []byte("2"))
	require.Equal(t, marshalModel(t, []userRecord{{"a", []byte("1")}, {"a", []byte("2")}}), w.Close())
}

func TestAnAggregateIsPutUnderTheFirstRecordsKey(t *testing.T) {
	var w Writer
	require.Nil(t, w.PartitionKey())
	w.SizeWith([]byte("asked about"), 1)
	require.Nil(t, w.PartitionKey())

	w.Add([]byte("first"), nil)
	w.Add([]byte("second"), nil)
	require.Equal(t, "first", string(w.PartitionKey()))

	w.Reset()
	require.Nil(t, w.PartitionKey())
	w.Add([]byte("third"), nil)
	require.Equal(t, "third", string(w.PartitionKey()))
}

func TestAnEmptyWriterIsAsLargeAsItsOverhead(t *testing.T) {
	var w Writer
	w.Reset()
	require.Equal(t, Overhead, w.Len())
	require.Equal(t, seal(nil), w.Close())

	w.Add([]byte("a"), []byte("1"))
	w.Close()
	w.Reset()
	require.Equal(t, Overhead, w.Len())
	require.Zero(t, w.Count())
	require.Equal(t, seal(nil), w.Close())
}

func TestTheWriterKeepsNothingOfWhatItIsGiven(t *testing.T) {
	key, data := []byte("key"), []byte("data")
	var w Writer
	w.Add(key, data)
	copy(key, "xxx")
	copy(data, "xxxx")
	require.Equal(t, marshalModel(t, []userRecord{{"key", []byte("data")}}), w.Close())
}

func TestTheSteadyStateAllocatesNothing(t *testing.T) {
	records := randomRecords(newRand(), 3000, 1500, 300)
	keys := make([][]byte, len(records))
	for i, r := range records {
		keys[i] = []byte(r.key)
	}
	var w Writer
	require.Zero(t, testing.AllocsPerRun(5, func() {
		w.Reset()
		for i, r := range records {
			w.SizeWith(keys[i], len(r.data))
			w.Add(keys[i], r.data)
		}
		w.Close()
	}))
}
