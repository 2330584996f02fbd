package test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

var linesView = kinesistest.View{Lines: true}

// Kinesis records that are lines, read as their reader does: decompressed, and
// taken apart at the newlines.
func TestEachLineOfJoinedRecordsIsThereOnce(t *testing.T) {
	plain, keyed := shortLines(20_000, 1000), containerLines(20_000, 1000, 40)
	for _, x := range []struct {
		name    string
		lot     *lot
		options options
		packed  int // log records in a Kinesis record, at least
	}{
		{"as they are", plain, nil, 900},
		{"in CBOR", plain, options{"wire_format": "cbor"}, 900},
		{"in small records", plain, options{"aggregation_maximum_record_size": "10k"}, 200},
		{"gzipped", plain, options{"compression": "gzip"}, 900},
		{"gzipped, in small records", plain, options{"compression": "gzip", "aggregation_maximum_record_size": "4k"}, 300},
		{"zstd", plain, options{"compression": "zstd", "wire_format": "cbor"}, 900},
		{"snappy", plain, options{"compression": "snappy"}, 900},
		{"zlib", plain, options{"compression": "zlib"}, 900},
		{"by container", keyed, options{"partition_key": "container_id"}, 15},
		{"by container, gzipped", keyed, options{"partition_key": "container_id", "compression": "gzip"}, 15},
		{"by container, some alone", keyed, options{"partition_key": "container_id", "skip_aggregation_record_size": "600"}, 3},
		{"in the background", plain, options{"experimental_concurrency": "4"}, 900},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: 64}},
				flbhost.Config{Workers: 8, RetryLimit: flbhost.NoLimit}, with(x.options, "simple_aggregation", "On"))
			flushAll(t, s.host, 0, x.lot.chunks...)
			log := exitLog(t, s.host)
			view := linesView
			view.Compression, _ = compress.Parse(x.options["compression"])
			users, totals := read(t, s.stream, streamName, view)
			found := landingsOf(users)
			x.lot.requireTimes(t, 1, found)
			require.GreaterOrEqual(t, totals.UserRecords/totals.Records, int64(x.packed), "log records in a Kinesis record")
			if x.lot.keyed {
				x.lot.requireInOrder(t, found)
				require.Zero(t, s.stream.Stats().Overlaps)
			}
			requireLine(t, log, "info", "at exit: records 20000, accepted 20000 ")
			require.Empty(t, log.texts("error"))
		})
	}
}

// Whatever fails on the way, with the ledger in a file: no line is lost, and none
// comes twice.
func TestJoinedRecordsLandOnceWhateverHappens(t *testing.T) {
	plain, keyed := smallChunks(10_000, 0), smallChunks(10_000, 40)
	for fault, faults := range map[string]kinesistest.Faults{
		"records throttled": {ThrottleRecords: 0.1},
		"records failing":   {FailRecords: 0.1},
		"requests failing":  {FailRequests: 0.1},
	} {
		for _, x := range []struct {
			name    string
			lot     *lot
			options options
		}{
			{"as they are", plain, nil},
			{"gzipped, in CBOR", plain, options{"compression": "gzip", "wire_format": "cbor"}},
			{"by container", keyed, options{"partition_key": "container", "aggregation_maximum_record_size": "1k"}},
		} {
			t.Run(x.name+", "+fault, func(t *testing.T) {
				faults.Delay, faults.DelayJitter = time.Millisecond, time.Millisecond
				config := retried
				config.Workers = 8
				given := with(with(x.options, "simple_aggregation", "yes"), "ledger_file", filepath.Join(t.TempDir(), "ledger"))
				s := setStage(t, kinesistest.Options{Seed: 3, Faults: faults, SkipOverlaps: !x.lot.keyed}, config, given)
				offered(t, s.host, x.lot.chunks)
				require.Empty(t, exitLog(t, s.host).texts("error"))
				view := linesView
				view.Compression, _ = compress.Parse(x.options["compression"])
				users, _ := read(t, s.stream, streamName, view)
				x.lot.requireTimes(t, 1, landingsOf(users))
				require.Zero(t, s.stream.Stats().Overlaps)
			})
		}
	}
}

// The texts of log_key may have newlines in them, and still the one that the service
// refuses goes alone.
func TestALineThatTheServiceRefusesCostsNoOther(t *testing.T) {
	for _, x := range []struct{ name, compression string }{{"as they are", "none"}, {"zstd", "zstd"}} {
		t.Run(x.name, func(t *testing.T) {
			format, err := compress.Parse(x.compression)
			require.NoError(t, err)
			poison := func(_ string, e kinesistest.Entry) bool {
				data, err := compress.Decompress(format, e.Data, 1<<20)
				return err != nil || strings.Contains(string(data), "poison")
			}
			s := setStage(t, kinesistest.Options{Poison: poison}, flbhost.Config{},
				options{"simple_aggregation": "true", "log_key": "log", "compression": x.compression})
			var texts, want []string
			for i := range 500 {
				text := fmt.Sprintf("record %d\n  at a line of its own", i)
				if i%100 == 42 {
					text += "\npoison\n"
				} else {
					want = append(want, strings.Split(text, "\n")...)
				}
				texts = append(texts, text)
			}
			s.flush(flbhost.OK, lines(texts...))
			users, _ := read(t, s.stream, streamName, kinesistest.View{Lines: true, Compression: format})
			var got []string
			for _, u := range users {
				got = append(got, string(u.Data))
			}
			require.ElementsMatch(t, want, got)
			requireLine(t, exitLog(t, s.host), "info", "at exit: records 500, accepted 495 ", "dropped: refused as invalid 5")
		})
	}
}

// What the compressed record may come to is what counts.
func TestJoinedAndCompressedRecordsAreAboutAsLargeAsTheyMayBe(t *testing.T) {
	const most = 50 << 10
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{
		"simple_aggregation": "true", "compression": "gzip", "log_key": "log", "aggregation_maximum_record_size": "50k"})
	for round := range 3 {
		texts := make([]string, 1500)
		for i := range texts {
			texts[i] = noise(uint64(round*len(texts)+i), 300) + strings.Repeat(" and the same again", 40)
		}
		s.flush(flbhost.OK, lines(texts...))
	}
	records := s.stream.Records(streamName)
	total := 0
	for _, r := range records {
		require.LessOrEqual(t, len(r.Data)+len(r.PartitionKey), most)
		total += len(r.Data)
	}
	require.Less(t, len(records), 4+total*3/2/most)
	users, _ := read(t, s.stream, streamName, kinesistest.View{Lines: true, Compression: compress.Gzip})
	require.Len(t, users, 4500)
}
