package test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// The bound that docs/throughput-and-cost.md states, of resident memory in bytes.
// The chunks that workers have in hand are in it, those that wait are Fluent Bit's.
func mostMemory(workers int) int64 { return int64(50_000_000 + 12_000_000*workers) }

// A stream that takes its time has as much in flight as there may be, of chunks as
// large as Fluent Bit makes them, and of records as large as a stream takes them.
func TestMemoryIsBoundedByTheNumberOfWorkers(t *testing.T) {
	for _, x := range []struct {
		name    string
		size    int // of a record
		options options
	}{
		{"records of 450 bytes", 450, nil},
		{"records of 450 bytes, aggregated", 450, options{"aggregation": "true"}},
		{"records of 1 MiB", mebibyte - 100, nil},
		{"records of 1 MiB, in CBOR", mebibyte - 100, options{"wire_format": "cbor"}},
		{"records of 1 MiB, by key", mebibyte - 100, options{"partition_key": "key"}},
	} {
		for _, workers := range []int{4, 16} {
			t.Run(x.name+", workers "+decimal(workers), func(t *testing.T) {
				s := runStream(t, kinesistest.Options{Discard: true, SkipOverlaps: true, Faults: kinesistest.Faults{Delay: 25 * time.Millisecond}})
				h := runHost(t, s, flbhost.Config{Workers: workers}, x.options)
				var loaded []flbhost.Loaded
				waiting := int64(0)
				for i := range 8 {
					chunk := chunkOfSize(x.size, uint64(i))
					l, err := h.Load("tag", chunk)
					require.NoError(t, err)
					loaded = append(loaded, l)
					waiting += int64(len(chunk))
				}
				const passes = 8
				totals, err := h.Repeat(0, passes, loaded...)
				require.NoError(t, err)
				require.Equal(t, passes*len(loaded), totals.OK)
				stats, err := h.Stats()
				require.NoError(t, err)
				t.Logf("resident memory: %d MB at most", (stats.PeakRSS-waiting)/1e6)
				require.Less(t, stats.PeakRSS-waiting, mostMemory(workers))
			})
		}
	}
}

// chunkOfSize is a chunk of as many records of this size as Fluent Bit would put
// into one, and of one at least.
func chunkOfSize(size int, seed uint64) []byte {
	const fluentBitChunk = 2_000_000
	log := noise(seed, size-40)
	var c flbhost.Chunk
	for n := 0; c.Len() == 0 || c.Size()+size < fluentBitChunk; n++ {
		c.Append(flbhost.EventTime(when), F("log", log), F("key", strconv.Itoa(n)))
	}
	return c.Bytes()
}
