package aggregate

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// requirePlaced requires that all records hash to that, and have their own keys and
// data.
func requirePlaced(t *testing.T, w *Writer, at HashKey, want []keyedRecord) {
	t.Helper()
	got, ok := w.Placed()
	require.True(t, ok)
	require.Equal(t, at, got)
	require.Len(t, w.Close(), w.Len(), "the size is arithmetic")
	records, packed, err := Split(w.Close())
	require.NoError(t, err)
	require.True(t, packed)
	require.Len(t, records, len(want))
	for i, r := range records {
		require.Equal(t, string(want[i].key), r.PartitionKey)
		require.Equal(t, string(want[i].data), string(r.Data))
		hash, err := r.HashKey()
		require.NoError(t, err)
		require.Equal(t, at, hash)
	}
}

func TestAllRecordsOfAPlacedAggregateHashToItsPlace(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 7))
	var w Writer
	for range 200 {
		w.Reset()
		at := HashKey{random.Uint64() >> random.IntN(64), random.Uint64() >> random.IntN(64)}
		w.Place(HashKey{1, 1}) // which it is not left at
		w.Place(at)
		records := randomKeyed(random, 1+random.IntN(50), 1+random.IntN(10))
		for _, r := range records {
			size := w.SizeWith(r.key, len(r.data))
			w.Add(r.key, r.data)
			require.Equal(t, size, w.Len())
		}
		requirePlaced(t, &w, at, records)
	}
	w.Reset()
	_, placed := w.Placed()
	require.False(t, placed, "after Reset it is as any other")
	w.Add([]byte("k"), nil)
	require.Equal(t, written(keyedRecord{key: []byte("k")}).Close(), w.Close())
}

func TestPlacedAggregatesAreMergedAtThePlaceOfTheFirst(t *testing.T) {
	random := rand.New(rand.NewPCG(22, 7))
	merges := map[string]func(w, other *Writer){
		"all":             (*Writer).AddAll,
		"under first key": (*Writer).AddAllUnderFirstKey,
		"under one key":   (*Writer).AddAllUnderOneKey,
	}
	for name, merge := range merges {
		t.Run(name, func(t *testing.T) {
			for range 200 {
				n, state := random.IntN(30), random.IntN(4)
				first, second := randomKeyed(random, n, 1), randomKeyed(random, 1+random.IntN(30), 1)
				here, there := HashKey{random.Uint64(), 1}, HashKey{random.Uint64(), 2}
				var w, other Writer
				if state&1 > 0 && n > 0 {
					w.Place(here)
				}
				if state&2 > 0 {
					other.Place(there)
				}
				for _, r := range first {
					w.Add(r.key, r.data)
				}
				for _, r := range second {
					other.Add(r.key, r.data)
				}
				bound := w.SizeWithAll(&other)
				before := string(other.Close())
				merge(&w, &other)
				require.LessOrEqual(t, w.Len(), bound)
				require.Equal(t, before, string(other.Close()))
				all := append(first, second...)
				switch {
				case n > 0 && state&1 > 0:
					requirePlaced(t, &w, here, all)
				case n == 0 && state&2 > 0:
					requirePlaced(t, &w, there, all)
				default:
					require.Equal(t, string(written(all...).Close()), string(w.Close()))
				}
			}
		})
	}
}
