package wire

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBodyIsWhatAnyReaderReadsAsTheRecords(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		random := rand.New(rand.NewPCG(1, 1))
		b := f.newBody()
		for _, n := range []int{1, 2, 3, 4, 23, 24, 25, 255, 256, 499, 500} {
			records := randomRecords(random, n)
			b.addAll(records)
			require.Equal(t, records, f.records(t, b.Close()))
			require.Equal(t, sizeOf(records), b.Size())
			require.Equal(t, n, b.Len())
			b.Reset()
		}
	})
}

func TestBodyHasDataOfAllSizes(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		for _, size := range []int{0, 1, 2, 3, 4, 23, 24, 255, 256, 65535, 65536, MaxRecordBytes - 1} {
			b := f.newBody()
			records := []putRecord{{Data: bytes.Repeat([]byte{0xf3}, size), PartitionKey: "k"}, {Data: []byte{}, PartitionKey: "l"}}
			b.addAll(records)
			require.Equal(t, records, f.records(t, b.Close()), "%d bytes", size)
		}
	})
}

func TestBodyKeepsTheSpanOfEachEntry(t *testing.T) {
	records := randomRecords(rand.New(rand.NewPCG(2, 2)), 100)
	b := formats[0].newBody()
	b.addAll(records)
	for i, s := range b.spans {
		var one putRecord
		require.NoError(t, json.Unmarshal(b.bytes[s.start:s.end], &one))
		require.Equal(t, records[i], one)
		require.Equal(t, len(one.Data)+len(one.PartitionKey), b.EntrySize(i))
	}
}

func TestBodyCanBeClosedAgain(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		records := randomRecords(rand.New(rand.NewPCG(3, 3)), 4)
		b := f.newBody()
		b.addAll(records[:3])
		first := bytes.Clone(b.Close())
		b.Reopen()
		require.Equal(t, first, b.Close())
		b.Reopen()
		b.addAll(records[3:])
		require.Equal(t, records, f.records(t, b.Close()))
	})
}

func TestBodyCopiesEntriesAsTheyStand(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		random := rand.New(rand.NewPCG(4, 4))
		for range 100 {
			n := 1 + random.IntN(30)
			records := randomRecords(random, n)
			from, part, direct := f.newBody(), f.newBody(), f.newBody()
			from.addAll(records)
			if random.IntN(2) == 0 {
				from.Close() // as it is when an answer has come
			}
			var kept []putRecord
			for i, r := range records {
				if random.IntN(3) > 0 {
					continue
				}
				part.Copy(from, i)
				direct.Add(r.Data, []byte(r.PartitionKey))
				kept = append(kept, r)
			}
			requireSameBody(t, direct, part)
			if len(kept) > 0 {
				require.Equal(t, kept, f.records(t, part.Close()))
			}
		}
	})
}

func requireSameBody(t *testing.T, want, got *Body) {
	t.Helper()
	require.Equal(t, string(want.bytes), string(got.bytes))
	require.Equal(t, len(want.spans), len(got.spans))
	for i := range want.spans {
		require.Equal(t, want.spans[i], got.spans[i], "entry %d", i)
	}
	require.Equal(t, want.size, got.size)
}

func TestBodyIsEmptyAfterReset(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		b := f.newBody()
		b.addAll(randomRecords(rand.New(rand.NewPCG(6, 6)), 10))
		b.Close()
		b.Reset()
		requireSameBody(t, f.newBody(), b)
		require.Equal(t, b.head, b.bytes, "the head is not what Complete wrote into")
	})
}

func TestBodyTakes500Records(t *testing.T) {
	b, other := formats[0].newBody(), formats[0].newBody()
	for range 499 {
		require.True(t, b.Fits(1))
		b.Add(nil, []byte("k"))
	}
	other.Add(nil, []byte("k"))
	require.True(t, b.Fits(1))
	require.True(t, b.FitsAll(other))
	other.Add(nil, []byte("k"))
	require.False(t, b.FitsAll(other))
	b.Add(nil, []byte("k"))
	require.False(t, b.Fits(0))
	require.Len(t, recordsOf(t, b.Close()), 500)
}

func TestBodyTakes5MiBOfDataAndKeysBeforeBase64(t *testing.T) {
	const limit = 5 * 1_048_576
	b, other := formats[0].newBody(), formats[0].newBody()
	for range 5 {
		require.True(t, b.Fits(MaxRecordBytes-1))
		b.Add(make([]byte, MaxRecordBytes-3), []byte("é"))
	}
	require.Equal(t, limit-5, b.Size())
	require.True(t, b.Fits(5))
	require.False(t, b.Fits(6))
	other.Add([]byte("1234"), []byte("k"))
	require.True(t, b.FitsAll(other))
	other.Add(nil, []byte("k"))
	require.False(t, b.FitsAll(other))
	b.Add([]byte("1234"), []byte("k"))
	require.Equal(t, limit, b.Size())
	require.False(t, b.Fits(1))
}

func TestBodyThatIsUsedAgainAllocatesNothing(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		b, from := f.newBody(), f.newBody()
		data, key := bytes.Repeat([]byte("abc"), 100), []byte("key")
		from.Add(data, key)
		fill := func() {
			for range MaxRecords / 2 {
				b.Add(data, key)
				b.Copy(from, 0)
			}
			b.Close()
			b.Reset()
		}
		fill()
		require.Zero(t, testing.AllocsPerRun(10, fill))
	})
}

func TestFormatsHaveNames(t *testing.T) {
	require.Equal(t, "application/x-amz-json-1.1", FormatOf("").ContentType())
	require.Equal(t, "application/x-amz-json-1.1", FormatOf(JSON).ContentType())
	require.Equal(t, "application/x-amz-cbor-1.1", FormatOf(CBOR).ContentType())
}

func TestBodyPutsARecordUnderAnotherKeyInPlace(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		b := f.newBody()
		records := []putRecord{{Data: []byte("a"), PartitionKey: "KEY00000"}, {Data: []byte{}, PartitionKey: "KEY00001"}, {Data: []byte("ccc"), PartitionKey: "KEY00002"}}
		for _, r := range records {
			b.Add(r.Data, []byte(r.PartitionKey))
		}
		b.Rekey(1, []byte("OTHER123"))
		records[1].PartitionKey = "OTHER123"
		require.Equal(t, records, f.records(t, b.Close()))
	})
}

func TestBodyReadsItsRecordsBack(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		b := f.newBody()
		records := randomRecords(rand.New(rand.NewPCG(9, 9)), 30)
		for _, r := range records {
			b.Add(r.Data, []byte(r.PartitionKey))
		}
		for i, r := range records {
			data, key, err := b.Entry(i)
			require.NoError(t, err)
			require.Equal(t, string(r.Data), string(data))
			require.Equal(t, r.PartitionKey, string(key))
		}
	})
}

func TestBodyTellsTheKeyOfARecord(t *testing.T) {
	keys := []string{"k", "", `"`, `":"`, `\":\"`, `":`, `:"`, `a":"`, `":"a`, `","PartitionKey":"x`, `\`, `\\`, "\n", "é語😀", "</>&", "\u2028", "\x00",
		strings.Repeat(`"`, 256), strings.Repeat("\x01", 256), strings.Repeat("😀", 256), strings.Repeat(`:"`, 128), strings.Repeat(`":`, 128)}
	random := rand.New(rand.NewPCG(11, 11))
	for range 2000 { // of all that could be taken for the end of the name
		key := make([]byte, random.IntN(9))
		for i := range key {
			key[i] = `":\,P`[random.IntN(5)]
		}
		keys = append(keys, string(key))
	}
	forEachFormat(t, func(t *testing.T, f formatCase) {
		for chunk := range slices.Chunk(keys, MaxRecords) {
			b, again := f.newBody(), f.newBody()
			for _, key := range chunk {
				b.Add([]byte("data"), []byte(key))
			}
			b.Close()
			for i, key := range chunk {
				require.Equal(t, key, string(b.Key(i)))
				again.Copy(b, i)
				require.Equal(t, key, string(again.Key(i)), "where it was copied to")
			}
		}
	})
}

func TestBodyTellsAKeyWithoutAllocating(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		b := f.newBody()
		b.Add([]byte("data"), []byte("key"))
		require.Zero(t, testing.AllocsPerRun(10, func() { b.Key(0) }))
	})
}
