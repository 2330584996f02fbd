package aggregate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// A keyedRecord is what is added to a Writer.
type keyedRecord struct{ key, data []byte }

func randomKeyed(random *rand.Rand, n, keys int) []keyedRecord {
	records := make([]keyedRecord, n)
	for i := range records {
		data := make([]byte, random.IntN(300))
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		records[i] = keyedRecord{fmt.Append(nil, "key ", random.IntN(keys)), data}
	}
	return records
}

func written(records ...keyedRecord) *Writer {
	w := &Writer{}
	for _, r := range records {
		w.Add(r.key, r.data)
	}
	return w
}

func TestTheRecordsOfTwoAggregatesMakeOneAsIfAddedToIt(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 7))
	for range 300 {
		keys := 1 + random.IntN(400)
		first := randomKeyed(random, random.IntN(60), keys)
		second := randomKeyed(random, random.IntN(300), keys)
		w, other := written(first...), written(second...)
		before := bytes.Clone(other.Close())
		bound := w.SizeWithAll(other)
		w.AddAll(other)
		want := written(append(first[:len(first):len(first)], second...)...)
		require.Equal(t, want.Close(), w.Close())
		require.Equal(t, len(first)+len(second), w.Count())
		require.LessOrEqual(t, w.Len(), bound)
		require.LessOrEqual(t, bound-w.Len(), 64+(6+len("key 123"))*len(second), "the bound is near")
		require.Equal(t, before, other.Close(), "the other one is as it was")
	}
}

func TestRecordsUnderOneKeyTakeOnThatOfTheAggregateTheyJoin(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 7))
	first, second := randomKeyed(random, 20, 1), randomKeyed(random, 30, 1)
	for i := range second {
		second[i].key = []byte("of its own")
	}
	w, other := written(first...), written(second...)
	w.AddAllUnderOneKey(other)
	for i := range second {
		second[i].key = first[0].key
	}
	require.Equal(t, written(append(first, second...)...).Close(), w.Close())
}

func TestRecordsUnderTheFirstKeyTakeOnThatOfTheAggregateTheyJoin(t *testing.T) {
	random := rand.New(rand.NewPCG(14, 7))
	for _, n := range []int{0, 1, 20} {
		for _, keys := range []int{1, 2, 40} {
			first, second := randomKeyed(random, n, keys), randomKeyed(random, 30, keys)
			w, other := written(first...), written(second...)
			bound := w.SizeWithAll(other)
			w.AddAllUnderFirstKey(other)
			replaced := second[0].key
			for i := range second {
				if n > 0 && bytes.Equal(second[i].key, replaced) {
					second[i].key = first[0].key
				}
			}
			require.Equal(t, written(append(first, second...)...).Close(), w.Close())
			require.LessOrEqual(t, w.Len(), bound)
		}
	}
}

func BenchmarkAddAll(b *testing.B) {
	random := rand.New(rand.NewPCG(13, 7))
	other := written(randomKeyed(random, 1000, 40)...)
	w := written(randomKeyed(random, 1, 40)...)
	b.SetBytes(int64(other.Len()))
	for b.Loop() {
		w.Reset()
		w.AddAll(other)
	}
}
