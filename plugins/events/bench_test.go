package events

import (
	"testing"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/samples"
)

// BenchmarkSkip walks over a chunk that is not encoded, as one of which most
// has been delivered.
func BenchmarkSkip(b *testing.B) {
	const records = 4000 // a chunk of about 2 MB
	var c flbhost.Chunk
	lines := samples.Events()
	for n := range records {
		c.Append(flbhost.WithMetadata(when.Add(time.Duration(n)*time.Millisecond)), lines[n%len(lines)].Fields...)
	}
	b.ReportAllocs()
	for b.Loop() {
		event := NewReader(c.Bytes())
		for event.Next() {
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records), "ns/record")
}
