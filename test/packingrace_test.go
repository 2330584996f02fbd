package test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// TestPackingUnderTheRaceDetector has four workers for each of several instances
// at once, with faults, and a reshard in the middle. A race ends the host.
func TestPackingUnderTheRaceDetector(t *testing.T) {
	if os.Getenv("FLBHOST_EXEC") != "" {
		t.Skip("the race detector is of this machine, and FLBHOST_EXEC runs a host of another")
	}
	instances := []struct {
		stream  string
		options options
		view    kinesistest.View
	}{
		{"alone", options{"compression": "gzip", "partition_key": "container_id"}, kinesistest.View{Compression: compress.Gzip}},
		{"packed", byContainer, kinesistest.View{}},
		{"by-shard", with(byShard, "compression", "zstd"), kinesistest.View{Compression: compress.Zstd}},
		{"whole", with(byShard, "aggregation_compression", "gzip"), kinesistest.View{AggregationCompression: compress.Gzip}},
		{"background", with(with(byShard, "experimental_concurrency", "4"), "experimental_concurrency_retries", "20"), kinesistest.View{}},
	}
	o := kinesistest.Options{Streams: map[string]int{}, Seed: 5,
		Faults: kinesistest.Faults{ThrottleRecords: 0.05, FailRequests: 0.02}}
	var sections []options
	for _, x := range instances {
		o.Streams[x.stream] = 3
		sections = append(sections, with(x.options, "stream", x.stream))
	}
	s := runStream(t, o)
	h := runHost(t, s, flbhost.Config{Race: true, Workers: 4, RetryLimit: flbhost.NoLimit}, sections...)

	l := containerLines(4000, 200, 40)
	var jobs []*flbhost.Job
	for c, chunk := range l.chunks {
		for i, x := range instances {
			jobs = append(jobs, h.Go(i, "app.log", chunk))
			if c == len(l.chunks)/2 {
				require.NoError(t, s.Reshard(x.stream, 5))
			}
		}
	}
	requireTaken(t, jobs)
	log := exitLog(t, h)
	require.Empty(t, log.texts("error"))
	for _, x := range instances {
		users, _ := read(t, s, x.stream, x.view)
		l.requireTimes(t, 1, landingsOf(users))
	}
}
