package wire

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
)

// someHashKeys have all numbers of digits, the lengths that CBOR writes otherwise
// among them.
func someHashKeys() (keys []aggregate.HashKey) {
	keys = append(keys, aggregate.HashKey{}, aggregate.HashKey{Hi: 1<<64 - 1, Lo: 1<<64 - 1})
	for bits := range 64 {
		keys = append(keys, aggregate.HashKey{Lo: 1 << bits}, aggregate.HashKey{Hi: 1 << bits, Lo: 7})
	}
	return keys
}

func TestBodyHasExplicitHashKeysWhereRecordsHaveThem(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		random := rand.New(rand.NewPCG(7, 1))
		b, copied := f.newBody(), f.newBody()
		var want []putRecord
		for _, at := range someHashKeys() {
			records := randomRecords(random, 2)
			b.AddPlaced(records[0].Data, []byte(records[0].PartitionKey), at)
			b.Add(records[1].Data, []byte(records[1].PartitionKey))
			records[0].ExplicitHashKey = string(at.Append(nil))
			want = append(want, records...)
		}
		for i, r := range want {
			copied.Copy(b, i)
			for _, body := range []*Body{b, copied} {
				at, placed := body.Placed(i)
				require.Equal(t, r.ExplicitHashKey != "", placed)
				if placed {
					require.Equal(t, r.ExplicitHashKey, string(at.Append(nil)))
					require.Equal(t, at, body.HashKey(i))
				} else {
					require.Equal(t, aggregate.HashOf([]byte(r.PartitionKey)), body.HashKey(i))
				}
				require.Equal(t, r.PartitionKey, string(body.Key(i)))
				require.Equal(t, len(r.Data)+len(r.PartitionKey), body.EntrySize(i), "the service does not count hash keys")
				data, key, err := body.Entry(i)
				require.NoError(t, err)
				require.Equal(t, string(r.Data), string(data))
				require.Equal(t, r.PartitionKey, string(key))
			}
		}
		require.Equal(t, want, f.records(t, b.Close()))
		require.Equal(t, want, f.records(t, copied.Close()))
		require.Equal(t, sizeOf(want), b.Size())
	})
}

func TestAPlacedRecordCanBePutUnderAnotherKey(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		b := f.newBody()
		b.AddPlaced([]byte("data"), []byte("KEY00000"), aggregate.HashKey{Lo: 12})
		b.Rekey(0, []byte("KEY00001"))
		require.Equal(t, []putRecord{{Data: []byte("data"), PartitionKey: "KEY00001", ExplicitHashKey: "12"}}, f.records(t, b.Close()))
	})
}

func TestToPlaceARecordAllocatesNothing(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		b, data, key := f.newBody(), make([]byte, 1000), []byte("key")
		at := aggregate.HashKey{Hi: 1 << 60, Lo: 3}
		require.Zero(t, testing.AllocsPerRun(10, func() {
			b.Reset()
			for i := range 100 {
				b.AddPlaced(data, key, at)
				if b.HashKey(i) != at {
					t.Error("another hash key")
				}
			}
		}))
	})
}
