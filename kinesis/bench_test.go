package kinesis

import (
	"fmt"
	runtimemetrics "runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins/metrics"
)

// containerChunk is a chunk of n events of some 450 bytes as JSON, of 40
// containers: what the kubernetes filter makes of log lines.
func containerChunk(n int) []byte {
	var c flbhost.Chunk
	begin := time.Unix(1_700_000_000, 0)
	for i := range n {
		pod := fmt.Sprintf("checkout-5f6d7c9b8d-%05d", i%40)
		c.Append(flbhost.EventTime(begin.Add(time.Duration(i)*10*time.Millisecond)),
			kv("log", fmt.Sprintf(`10.2.31.%d - - "GET /api/v1/orders/%d HTTP/1.1" 200 %d "-" "Mozilla/5.0 (X11; Linux x86_64)"`, i%250, i, 100+i%900)),
			kv("stream", "stdout"),
			kv("time", "2026-03-14T09:26:53.769012345Z"),
			kv("kubernetes", fields{
				kv("pod_name", pod),
				kv("namespace_name", "shop"),
				kv("labels", fields{kv("app.kubernetes.io/name", "checkout"), kv("app.kubernetes.io/part-of", "shop")}),
				kv("container_name", "checkout"),
				kv("host", "ip-10-2-31-4.us-west-2.compute.internal"),
			}),
			kv("container_id", fmt.Sprintf("%064x", i%40)))
	}
	return c.Bytes()
}

var benchmarks = []struct {
	name    string
	options []string
}{
	{"no options", nil},
	{"data_keys, replace_dots and time_key", []string{"data_keys", "log,kubernetes,container_id", "replace_dots", "_", "time_key", "time"}},
	{"partition_key", []string{"partition_key", "container_id"}},
	{"partition_key in a map", []string{"partition_key", "kubernetes->pod_name"}},
	{"aggregation", []string{"aggregation", "on"}},
	{"aggregation and partition_key", []string{"aggregation", "on", "partition_key", "container_id"}},
	{"simple_aggregation", []string{"simple_aggregation", "on"}},
	{"simple_aggregation and partition_key", []string{"simple_aggregation", "on", "partition_key", "container_id"}},
	{"simple_aggregation and zstd", []string{"simple_aggregation", "on", "compression", "zstd"}},
	{"a stream by its namespace", []string{"stream", "app-$kubernetes['namespace_name']"}},
}

// instantStream takes every record at once.
var instantStream = offline(func([]byte) {})

func BenchmarkFlush(b *testing.B) {
	const records = 4000
	chunk := containerChunk(records)
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			o := outputOf(b, instantStream, bench.options...)
			require.Equal(b, OK, o.Flush(chunk, "tag")) // learns the shapes, makes the buffers
			b.ReportAllocs()
			b.SetBytes(int64(len(chunk)))
			for b.Loop() {
				if o.Flush(chunk, "tag") != OK {
					b.Fatal("a chunk was not taken")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
		})
	}
}

// BenchmarkFlushToStreams is BenchmarkFlush to 40 streams.
func BenchmarkFlushToStreams(b *testing.B) {
	const records = 4000
	chunk := containerChunk(records)
	o := outputOf(b, instantStream, "stream", "$kubernetes['pod_name']")
	require.Equal(b, OK, o.Flush(chunk, "tag"))
	b.ReportAllocs()
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if o.Flush(chunk, "tag") != OK {
			b.Fatal("a chunk was not taken")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}

// BenchmarkWorkersWaitForLocks has eight workers flush at once and tells which
// part of their time they waited for a lock, by the runtime's own account. Its
// -mutexprofile and -blockprofile say which.
func BenchmarkWorkersWaitForLocks(b *testing.B) {
	const workers, records = 8, 4000
	chunk := containerChunk(records)
	for _, bench := range benchmarks[:4] {
		b.Run(bench.name, func(b *testing.B) {
			o := outputOf(b, instantStream, bench.options...)
			before := lockWait()
			var flushing atomic.Int64
			var group sync.WaitGroup
			for range workers {
				group.Go(func() {
					begin := time.Now()
					for range b.N {
						o.Flush(chunk, "tag")
					}
					flushing.Add(int64(time.Since(begin)))
				})
			}
			group.Wait()
			b.ReportMetric(100*(lockWait()-before)/time.Duration(flushing.Load()).Seconds(), "%-waiting")
		})
	}
}

// lockWait is how long goroutines have waited for mutexes, in seconds.
func lockWait() float64 {
	sample := []runtimemetrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}}
	runtimemetrics.Read(sample)
	return sample[0].Value.Float64()
}

// What is allocated is for the requests, of which there are few, and nothing
// for a record.
func TestFlushAllocatesNothingPerRecord(t *testing.T) {
	const records = 1000
	chunk := containerChunk(records)
	skipping := benchmarks[0]
	skipping.name, skipping.options = "log_key that no record has", []string{"log_key", "message"}
	for _, bench := range append(slices.Clone(benchmarks), skipping) {
		t.Run(bench.name, func(t *testing.T) {
			o := outputOf(t, instantStream, bench.options...)
			for range 2 {
				require.Equal(t, OK, o.Flush(chunk, "tag"))
			}
			allocs := testing.AllocsPerRun(2, func() { o.Flush(chunk, "tag") })
			require.Less(t, allocs, float64(records/10), "allocations per chunk")
		})
	}
}

// BenchmarkMetrics is what metrics cost: with each request and each flush, and
// twice a second while something happens.
func BenchmarkMetrics(b *testing.B) {
	o := outputOf(b, &fakeStream{t: b})
	var answer wire.Answer
	b.Run("request", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			o.countRequest(1000, nil, &answer, time.Millisecond)
			o.changed()
		}
	})
	b.Run("publication", func(b *testing.B) {
		b.ReportAllocs()
		r := o.registry("kinesis.0", "1")
		var values []float64
		for b.Loop() {
			values = r.AppendValues(values[:0])
		}
	})
	b.Run("page", func(b *testing.B) {
		b.ReportAllocs()
		r := o.registry("kinesis.0", "1")
		var text []byte
		for b.Loop() {
			text = metrics.AppendText(text[:0], r)
		}
	})
}
