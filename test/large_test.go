package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

const mebibyte = 1 << 20

// largeLogs is a chunk of logs of these sizes, each of another letter.
func largeLogs(sizes ...int) *flbhost.Chunk {
	var c flbhost.Chunk
	for i, n := range sizes {
		c.Append(flbhost.EventTime(when), F("log", strings.Repeat(string(rune('a'+i)), n)), F("k", decimal(i%2)))
	}
	return &c
}

func requireLogs(t *testing.T, users []kinesistest.UserRecord, sizes ...int) {
	t.Helper()
	got := map[string]int{}
	for _, u := range users {
		got[string(u.Data[:1])] += len(u.Data)
	}
	want := map[string]int{}
	for i, n := range sizes {
		if n > 0 {
			want[string(rune('a'+i))] = n
		}
	}
	require.Equal(t, want, got)
}

func TestLargeRecordsGetToAStreamThatTakesThem(t *testing.T) {
	sizes := []int{100, 10*mebibyte - 8, 200, mebibyte + 1, 300, 3 * mebibyte, mebibyte - 8, 400}
	for _, o := range []options{
		{"wire_format": "json"},
		{"wire_format": "cbor", "ledger_file": ledgerPath(t)},
		{"partition_key": "k"},
		{"aggregation": "true"},
		{"aggregation": "true", "partition_key": "k", "aggregation_shard_map": "true", "wire_format": "cbor"},
		{"compression": "gzip"},
		{"experimental_concurrency": "2"},
	} {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			view := plainView
			if o["compression"] != "" {
				view.Compression = compress.Gzip
			}
			s := setStage(t, kinesistest.Options{UserKeys: view.UserKeys}, flbhost.Config{}, with(with(o, "maximum_record_size", "10M"), "log_key", "log"))
			require.NoError(t, s.stream.SetMaxRecordSize(streamName, 10*mebibyte))
			result, err := s.host.Flush(0, "tag", largeLogs(sizes...).Bytes())
			require.NoError(t, err)
			require.Equal(t, flbhost.OK, result.Code)
			log := exitLog(t, s.host)
			users, _ := read(t, s.stream, streamName, view)
			requireLogs(t, users, sizes...)
			requireLine(t, log, "info", "at exit: records 8, accepted 8 ")
			requireNoLine(t, log, "error")
			require.Zero(t, s.stream.Stats().Overlaps)
		})
	}
}

func TestAStreamWhoseLimitWasNotRaisedGetsTheOtherRecords(t *testing.T) {
	sizes := []int{100, 2 * mebibyte, 200, mebibyte - 8, 9 * mebibyte, 400}
	for _, o := range []options{{}, {"wire_format": "cbor"}, {"partition_key": "k"}, {"aggregation": "true"}} {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, with(with(o, "maximum_record_size", "10M"), "log_key", "log"))
			s.flush(flbhost.OK, largeLogs(sizes...))
			users, _ := read(t, s.stream, streamName, plainView)
			sizes := append([]int(nil), sizes...)
			sizes[1], sizes[4] = 0, 0
			requireLogs(t, users, sizes...)
			log := exitLog(t, s.host)
			requireLine(t, log, "error", "is dropped, for it is larger than the stream takes", "maximum_record_size = 10M")
			requireLine(t, log, "info", "at exit: records 6, accepted 4 ", "dropped: larger than the stream takes 2")
		})
	}
}

// Over the limit of the shards a large record waits until its shard has saved up.
func TestALargeRecordGetsThroughWhereTheShardsAreLimited(t *testing.T) {
	s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: 1}, ShardLimits: true}, flbhost.Config{Workers: 2},
		options{"maximum_record_size": "3M", "log_key": "log"})
	require.NoError(t, s.stream.SetMaxRecordSize(streamName, 3*mebibyte))
	flushAll(t, s.host, 0, largeLogs(2*mebibyte, 100, 200).Bytes(), largeLogs(mebibyte+9, 5).Bytes())
	_, bytes := s.stream.Count(streamName)
	require.Greater(t, bytes, int64(3*mebibyte))
}
