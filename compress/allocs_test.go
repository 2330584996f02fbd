//go:build !race

package compress

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The race detector allocates on its own.

func TestNothingIsAllocatedPerRecord(t *testing.T) {
	records := append(logRecords(8, 100), someInputs(0)["logs"], someInputs(2500)["logs"])
	for _, f := range Formats() {
		c := newCompressor(t, f, DefaultLevel)
		dst := make([]byte, 0, 8<<10)
		all := func() {
			for _, record := range records {
				var err error
				if dst, err = c.Append(dst[:0], record); err != nil {
					panic(err)
				}
			}
		}
		all()
		require.Less(t, testing.AllocsPerRun(20, all), 1.0, f.String())
	}
}

func TestNothingIsAllocatedWhereAnInputFits(t *testing.T) {
	record := logRecords(8, 1)[0]
	c := newCompressor(t, Gzip, DefaultLevel)
	dst := make([]byte, 0, 8<<10)
	limit := len(record)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		out, n, err := Fit(c, dst, record, limit, func(n int) []byte { return record[:min(n, limit)] })
		if err != nil || n != len(record) || len(out) == 0 {
			panic("does not fit")
		}
	}))
}
