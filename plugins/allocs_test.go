//go:build !race

package plugins

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The race detector allocates on its own.
func TestNothingIsAllocatedForARecord(t *testing.T) {
	for _, x := range benchmarks {
		t.Run(x.name, func(t *testing.T) {
			chunk := benchmarkChunk(x.record)
			e := NewEncoder(x.options)
			out := make([]byte, 0, 1<<20)
			encode := func() {
				events := NewEvents(chunk)
				for events.Next() {
					text, n, err := e.AppendRecord(out[:0], events.Body())
					if err != nil {
						t.Fatal(err)
					}
					out = text
					events.Advance(n)
				}
				if events.Ordinal() != benchmarkRecords-1 || events.Err() != nil {
					t.Fatal(events.Ordinal(), events.Err())
				}
			}
			encode()
			require.Zero(t, testing.AllocsPerRun(1, encode))
		})
	}
}
