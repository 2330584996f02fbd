package compress

import (
	"bytes"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompressorsOfAPoolShareNothing(t *testing.T) {
	records := logRecords(9, 50)
	records = append(records, someInputs(5000)["logs"], someInputs(200_000)["logs"])
	for _, f := range Formats() {
		t.Run(f.String(), func(t *testing.T) {
			pool, err := NewPool(f, DefaultLevel)
			require.NoError(t, err)
			const goroutines = 12
			failed := make(chan error, goroutines)
			for range goroutines {
				go func() { failed <- useBothWays(pool, f, records) }()
			}
			for range goroutines {
				require.NoError(t, <-failed)
			}
		})
	}
}

// useBothWays compresses with a compressor of the pool, for a few records each, and decompresses.
func useBothWays(pool *Pool, f Format, records [][]byte) error {
	for len(records) > 0 {
		some := records[:min(5, len(records))]
		records = records[len(some):]
		c, err := pool.Get()
		if err != nil {
			return err
		}
		for _, record := range some {
			out, err := c.Append(nil, record)
			if err != nil {
				return err
			}
			back, err := Decompress(f, out, len(record))
			if err != nil {
				return err
			}
			if !bytes.Equal(record, back) {
				return errors.New("a record came back as another")
			}
		}
		pool.Put(c)
	}
	return nil
}

func TestAPoolKeepsNoMoreThanItCanUseAtOnce(t *testing.T) {
	pool, err := NewPool(Gzip, DefaultLevel)
	require.NoError(t, err)
	most := runtime.GOMAXPROCS(0) + 1
	lent := make([]Compressor, most+10)
	for i := range lent {
		lent[i], err = pool.Get()
		require.NoError(t, err)
		for _, other := range lent[:i] {
			require.NotSame(t, other, lent[i], "the same compressor is lent twice")
		}
	}
	for _, c := range lent {
		pool.Put(c)
	}
	require.Len(t, pool.idle, most)
	again, err := pool.Get()
	require.NoError(t, err)
	require.Same(t, lent[most-1], again, "the last one kept is the first one lent")
}

func TestAPoolOfNothingValidIsRefused(t *testing.T) {
	_, err := NewPool(Snappy, 3)
	require.EqualError(t, err, "level 3: snappy has no compression levels")
	_, err = NewPool(Format(99), DefaultLevel)
	require.EqualError(t, err, "unknown compression Format(99); valid: none, gzip, zlib, zstd, snappy")
}
