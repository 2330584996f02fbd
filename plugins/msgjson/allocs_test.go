//go:build !race

package msgjson

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins/events"
)

// The race detector allocates on its own, and so does the runtime now and then:
// the average of some runs leaves that out, and none of what a record takes.
func TestNothingIsAllocatedForARecord(t *testing.T) {
	for _, x := range benchmarks {
		t.Run(x.name, func(t *testing.T) {
			chunk := benchmarkChunk(x.record)
			e := NewEncoder(x.options)
			out := make([]byte, 0, 1<<20)
			encode := func() {
				event := events.NewReader(chunk)
				for event.Next() {
					text, n, err := e.AppendRecord(out[:0], event.Body())
					if err != nil {
						t.Fatal(err)
					}
					out = text
					event.Advance(n)
				}
				if event.Ordinal() != benchmarkRecords-1 || event.Err() != nil {
					t.Fatal(event.Ordinal(), event.Err())
				}
			}
			encode()
			require.Zero(t, testing.AllocsPerRun(10, encode))
		})
	}
}

func TestNothingIsAllocatedForAMapBesideTheRecord(t *testing.T) {
	e := NewEncoder(Options{ReplaceDots: []byte("_")})
	var maps [][]byte
	for n := range 10 {
		maps = append(maps, packed(kv("otlp", fields{kv("trace.id", []byte{byte(n)}), kv("attributes", fields{kv("n", n), kv("http.method", "GET")})})))
	}
	out := make([]byte, 0, 1<<10)
	encode := func() {
		for _, value := range maps {
			if _, err := e.AppendAlike(out, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	encode()
	require.Zero(t, testing.AllocsPerRun(10, encode))
}
