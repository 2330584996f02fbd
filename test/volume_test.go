package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// volumes is settings under which many records are sent. unordered are those
// whose records cannot be told apart, or have no key of their own.
var volumes = []struct {
	name      string
	options   options
	unordered bool
}{
	{"no options", nil, true},
	{"all options of whole records", options{
		"time_key": "event.time", "time_key_format": "%Y-%m-%dT%H:%M:%S.%L", "partition_key": "container_id",
		"data_keys": "log,kubernetes,n", "replace_dots": "_", "append_newline": "true"}, false},
	{"the log lines alone", options{"log_key": "log", "append_newline": "true", "partition_key": "kubernetes->pod_name"}, true},
	{"aggregated", options{"aggregation": "true", "partition_key": "container_id"}, false},
	{"aggregated without partition keys", options{"aggregation": "true"}, true},
	{"binary requests", options{"wire_format": "cbor", "partition_key": "container_id"}, false},
}

func TestManyRecordsLandOnceByteForByte(t *testing.T) {
	for _, x := range volumes {
		l := sampleLines(t, manyRecords, x.options)
		for _, workers := range []int{1, 4} {
			t.Run(x.name+", workers "+decimal(workers), func(t *testing.T) {
				s := setStage(t, kinesistest.Options{SkipOverlaps: true}, flbhost.Config{Workers: workers}, x.options)
				flushAll(t, s.host, 0, l.chunks...)
				l.requireOnce(t, s.stream)
				if !x.unordered {
					l.requireOrder(t, s.stream)
				}
				log := exitLog(t, s.host)
				requireNoLine(t, log, "warning")
				requireLine(t, log, "info", "at exit: records "+decimal(manyRecords)+", accepted "+decimal(manyRecords)+" ")
			})
		}
	}
}

func TestManyRecordsOnFluentBitsOnlyThread(t *testing.T) {
	l := shortLines(manyRecords, 4000)
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	flushAll(t, s.host, 0, l.chunks...)
	l.requireOnce(t, s.stream)
}

func TestSixteenWorkersLandEachRecordOnce(t *testing.T) {
	l := keyedLines(manyRecords, 1000, 40)
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 16}, options{"partition_key": "container"})
	flushAll(t, s.host, 0, l.chunks...)
	l.requireOnce(t, s.stream)
	l.requireOrder(t, s.stream)
	require.Zero(t, s.stream.Stats().Overlaps)
}
