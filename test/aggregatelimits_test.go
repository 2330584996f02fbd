package test

import (
	"crypto/md5"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// varintSize is how many bytes protobuf takes for a number: one for each seven
// bits.
func varintSize(n int) (size int) {
	for size = 1; n >= 1<<7; size++ {
		n >>= 7
	}
	return size
}

// fieldSize is that of a protobuf field of n bytes, with its tag and length.
func fieldSize(n int) int { return 1 + varintSize(n) + n }

// packedSize is that of an aggregate of records under one partition key, with
// that key: four bytes of magic, the key in its table, each record with its
// key's index and its data, and the MD5.
func packedSize(key string, sizes ...int) int {
	size := 4 + fieldSize(len(key)) + md5.Size + len(key)
	for _, n := range sizes {
		size += fieldSize(2 + fieldSize(n))
	}
	return size
}

// filling is sizes of records, of at most so many bytes, of which an aggregate
// under that key comes to size.
func filling(t *testing.T, key string, size, most int) (sizes []int) {
	t.Helper()
	for packedSize(key, append(sizes, most)...) <= size {
		sizes = append(sizes, most)
	}
	for n := most; n >= 0; n-- {
		if packedSize(key, append(sizes, n)...) == size {
			return append(sizes, n)
		}
	}
	require.FailNow(t, "no records make an aggregate of that size")
	return nil
}

// events is a chunk of events of one partition key with data of these sizes.
func events(key string, sizes ...int) *flbhost.Chunk {
	var c flbhost.Chunk
	for i, n := range sizes {
		c.Append(flbhost.EventTime(when), F("k", key), F("log", strings.Repeat(string(rune('a'+i%26)), n)))
	}
	return &c
}

// raw sends the text of log alone, under the key k.
func raw(more options) options {
	all := options{"partition_key": "k", "log_key": "log", "aggregation": "on"}
	for key, value := range more {
		all[key] = value
	}
	return all
}

// A place is where records came to rest: a Kinesis record of that size, and how
// many are packed in it; none are in one that travelled alone.
type place struct{ size, packed int }

// placesOf are the places of user records, one for each Kinesis record.
func placesOf(users []kinesistest.UserRecord) (places []place) {
	for _, u := range users {
		if u.Index == 0 {
			places = append(places, place{size: len(u.In.Data) + len(u.In.PartitionKey)})
		}
		if u.Packed {
			places[len(places)-1].packed++
		}
	}
	return places
}

func TestAggregatesEndExactlyAtTheirLimit(t *testing.T) {
	const mib, key = 1 << 20, "größe"
	one := func(maximum int) int { return filling(t, key, maximum, maximum)[0] }
	keySize := len(key)
	million, small, least := options{"skip_aggregation_record_size": "1048575"},
		options{"aggregation_maximum_record_size": "64k", "skip_aggregation_record_size": "65535"},
		options{"aggregation_maximum_record_size": "1024", "skip_aggregation_record_size": "1023"}
	for _, x := range []struct {
		name    string
		options options
		sizes   []int
		want    []place
	}{
		{"one record of 1 MiB", million, []int{one(mib)}, []place{{mib, 1}}},
		{"one record of 1 MiB less a byte", million, []int{one(mib) - 1}, []place{{mib - 1, 1}}},
		{"one record too large for an aggregate by a byte", million, []int{one(mib) + 1}, []place{{one(mib) + 1 + keySize, 0}}},
		{"one record of 64 KiB", small, []int{one(64 << 10)}, []place{{64 << 10, 1}}},
		{"one record of 64 KiB less a byte", small, []int{one(64<<10) - 1}, []place{{64<<10 - 1, 1}}},
		{"one record of 64 KiB and a byte", small, []int{one(64<<10) + 1}, []place{{one(64<<10) + 1 + keySize, 0}}},
		{"many records of 1 MiB", nil, filling(t, key, mib, 20_000), []place{{mib, 53}}},
		{"many records of 1 MiB less a byte", nil, filling(t, key, mib-1, 20_000), []place{{mib - 1, 53}}},
		{"many records of 1 MiB and a byte", nil, filling(t, key, mib+1, 20_000),
			[]place{{packedSize(key, filling(t, key, mib+1, 20_000)[:52]...), 52}, {packedSize(key, filling(t, key, mib+1, 20_000)[52]), 1}}},
		{"many records of 1 MiB, and the least there is", nil, append(filling(t, key, mib, 20_000), 0),
			[]place{{mib, 53}, {packedSize(key, 0), 1}}},
		{"the smallest aggregates", least, []int{100, 100, one(1024) - 2*106, 0, one(1024), one(1024) + 1, 1},
			[]place{{1024, 3}, {packedSize(key, 0), 1}, {1024, 1}, {one(1024) + 1 + keySize, 0}, {packedSize(key, 1), 1}}},

		{"a record below the size that travels alone", options{"skip_aggregation_record_size": "1000"}, []int{999, 1, 999},
			[]place{{packedSize(key, 999, 1, 999), 3}}},
		{"a record of the size that travels alone", options{"skip_aggregation_record_size": "1000"}, []int{1, 1000, 1},
			[]place{{packedSize(key, 1), 1}, {1000 + keySize, 0}, {packedSize(key, 1), 1}}},
		{"a record above the size that travels alone", options{"skip_aggregation_record_size": "1000"}, []int{1, 1001, 1},
			[]place{{packedSize(key, 1), 1}, {1001 + keySize, 0}, {packedSize(key, 1), 1}}},
		{"the size that travels alone unless it is set", nil, []int{20<<10 - 1, 20 << 10},
			[]place{{packedSize(key, 20<<10-1), 1}, {20<<10 + keySize, 0}}},
		{"the least size that travels alone", options{"skip_aggregation_record_size": "1"}, []int{0, 0, 1},
			[]place{{packedSize(key, 0, 0), 2}, {1 + keySize, 0}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, raw(x.options))
			s.flush(flbhost.OK, events(key, x.sizes...))
			users, _ := read(t, s.stream, streamName, plainView)
			require.Equal(t, x.want, placesOf(users))
			require.Len(t, users, len(x.sizes))
			for i, n := range x.sizes {
				require.Equal(t, key, users[i].PartitionKey)
				requireSame(t, strings.Repeat(string(rune('a'+i%26)), n), string(users[i].Data))
			}
			requireNoLine(t, exitLog(t, s.host), "warning")
		})
	}
}

func TestARequestOfAggregatesEndsExactlyAt5MiB(t *testing.T) {
	const mib, key, most = 1 << 20, "k", 400 << 10
	var four []int
	for range 4 {
		four = append(four, filling(t, key, mib, most)...)
	}
	alone := most + 1 // travels alone
	for _, x := range []struct {
		name string
		over int
		want []int // bytes of the requests
	}{
		{"one byte below", -1, []int{5*mib - 1}},
		{"all of it", 0, []int{5 * mib}},
		{"one byte above", 1, []int{5*mib + 1 - (alone + len(key)), alone + len(key)}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, raw(options{"skip_aggregation_record_size": decimal(alone)}))
			rest := filling(t, key, mib+x.over-alone-len(key), most)
			sizes := append(append(append([]int(nil), four...), rest...), alone)
			s.flush(flbhost.OK, events(key, sizes...))
			users, _ := read(t, s.stream, streamName, plainView)
			require.Len(t, users, len(sizes))
			var requests []int
			last := uint64(0)
			for _, r := range s.stream.Records(streamName) {
				if r.Request != last {
					requests, last = append(requests, 0), r.Request
				}
				requests[len(requests)-1] += len(r.Data) + len(r.PartitionKey)
			}
			require.Equal(t, x.want, requests)
		})
	}
}

func TestARecordOf2MBAmongPackedOnesIsCutAndTravelsAlone(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, raw(nil))
	s.flush(flbhost.OK, events("k", 10, line2MB, 20))
	users, _ := read(t, s.stream, streamName, plainView)
	require.Equal(t, []place{{packedSize("k", 10), 1}, {limit, 0}, {packedSize("k", 20), 1}}, placesOf(users))
	requireSame(t, strings.Repeat("b", limit-len("k")-len(mark))+mark, string(users[1].Data))
	requireLine(t, exitLog(t, s.host), "info", "at exit: records 3, accepted 3 ", "truncated 1")
}

func TestRecordsOfOneByteArePacked(t *testing.T) {
	const n = 160_000
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, raw(nil))
	var c flbhost.Chunk
	for i := range n {
		c.Append(flbhost.EventTime(when), F("k", "key"), F("log", decimal(i%10)))
	}
	s.flush(flbhost.OK, &c)
	users, totals := read(t, s.stream, streamName, plainView)
	require.Len(t, users, n)
	for i, user := range users {
		if string(user.Data) != decimal(i%10) {
			require.Equal(t, decimal(i%10), string(user.Data), "record %d", i)
		}
	}
	each := packedSize("key", 1) - packedSize("key")
	first := (limit - packedSize("key")) / each
	require.Equal(t, []place{
		{packedSize("key") + first*each, first}, {packedSize("key") + (n-first)*each, n - first}}, placesOf(users))
	require.EqualValues(t, 2, totals.Records)
}

func TestLongKeysOutsideASCIIArePacked(t *testing.T) {
	for _, character := range []string{"ü", "€", "👍"} {
		for _, length := range []int{255, 256, 300} {
			t.Run(decimal(length)+" of "+character, func(t *testing.T) {
				s := setStage(t, kinesistest.Options{}, flbhost.Config{}, raw(nil))
				var c flbhost.Chunk
				const n = 1500
				var want []landing
				for i := range n {
					number := decimal(1000 + i%1250) // in front, for the rest may be cut
					key := number + strings.Repeat(character, length-len(number))
					c.Append(flbhost.EventTime(when), F("k", key), F("log", decimal(i)))
					want = append(want, landing{data: decimal(i), key: number + strings.Repeat(character, min(length, 256)-len(number))})
				}
				s.flush(flbhost.OK, &c)
				k := kclReads(t, s.stream, streamName)
				require.Empty(t, len(k.thrown))
				(&lot{want: want, keyed: true}).requireTimes(t, 1, k.kept)
				users, totals := read(t, s.stream, streamName, plainView)
				(&lot{want: want, keyed: true}).requireTimes(t, 1, landingsOf(users))
				require.LessOrEqual(t, totals.Records, int64(2))
				for _, p := range placesOf(users) {
					require.LessOrEqual(t, p.size, limit)
				}
			})
		}
	}
}

func TestNoAggregateIsAboveItsLimitAndNoneCouldTakeTheNextRecord(t *testing.T) {
	l := containerLines(4000, 4000, 40)
	for _, maximum := range []int{1024, 1500, 4096, 10_000, 65_536, 1_000_000} {
		t.Run(decimal(maximum)+" bytes", func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{},
				with(with(byContainer, "aggregation_maximum_record_size", decimal(maximum)), "skip_aggregation_record_size", decimal(min(maximum-1, 20<<10))))
			flushAll(t, s.host, 0, l.chunks...)
			kclReads(t, s.stream, streamName).requireKept(l)
			users, _ := read(t, s.stream, streamName, plainView)
			places := placesOf(users)
			const mostOfARecord = 800 // with its key
			for i, p := range places {
				require.LessOrEqual(t, p.size, maximum)
				if i+1 < len(places) && p.packed > 0 && places[i+1].packed > 0 {
					require.Greater(t, p.size, maximum-mostOfARecord, "an aggregate that was closed before it was full")
				}
			}
		})
	}
}
