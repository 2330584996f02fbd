package kinesistest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/kinesistest"
)

// packed is an aggregate of records given as "key=data".
func packed(t testing.TB, f compress.Format, records ...string) []byte {
	t.Helper()
	var w aggregate.Writer
	for _, r := range records {
		key, data, _ := strings.Cut(r, "=")
		w.Add([]byte(key), compressed(t, f, []byte(data)))
	}
	return bytes.Clone(w.Close())
}

func compressed(t testing.TB, f compress.Format, data []byte) []byte {
	t.Helper()
	c, err := compress.New(f, compress.DefaultLevel)
	require.NoError(t, err)
	out, err := c.Append(nil, data)
	require.NoError(t, err)
	return out
}

// landed is a record of that data under the key "own".
func landed(data []byte) kinesistest.Record {
	return kinesistest.Record{
		Entry:  kinesistest.Entry{Data: data, PartitionKey: "own"},
		Stream: "logs", ShardID: "shardId-000000000003", Sequence: 17,
	}
}

// broken is data with its last byte changed.
func broken(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)-1] ^= 1
	return data
}

func TestAViewReadsUserRecords(t *testing.T) {
	hash := kinesistest.HashOf("a").String()
	gzipView := kinesistest.View{Compression: compress.Gzip}
	bothView := kinesistest.View{Compression: compress.Gzip, AggregationCompression: compress.Gzip}
	mixedView := kinesistest.View{Compression: compress.Snappy, AggregationCompression: compress.Zstd}
	aggregateView := kinesistest.View{AggregationCompression: compress.Gzip}
	linesView := kinesistest.View{Lines: true, Compression: compress.Zstd}
	for _, x := range []struct {
		name string
		view kinesistest.View
		data []byte
		want []string // key, explicit hash key, data, place
	}{
		{"lines", kinesistest.View{Lines: true}, []byte("x\n\ny\n"), []string{"own  x packed 0", "own   packed 1", "own  y packed 2"}},
		{"one line", kinesistest.View{Lines: true}, []byte("x\n"), []string{"own  x alone 0"}},
		{"compressed lines", linesView, compressed(t, compress.Zstd, []byte("x\ny\n")), []string{"own  x packed 0", "own  y packed 1"}},
		{"a plain record", kinesistest.View{}, []byte("x"), []string{"own  x alone 0"}},
		{"an empty record", kinesistest.View{}, nil, []string{"own   alone 0"}},
		{"an aggregate", kinesistest.View{}, packed(t, compress.None, "a=1", "b=2", "a=3"),
			[]string{"a  1 packed 0", "b " + hash + " 2 packed 1", "a  3 packed 2"}},
		{"a compressed record", gzipView, compressed(t, compress.Gzip, []byte("x")), []string{"own  x alone 0"}},
		{"an aggregate of compressed records", gzipView, packed(t, compress.Gzip, "a=1", "b=2"),
			[]string{"a  1 packed 0", "b " + hash + " 2 packed 1"}},
		{"a compressed aggregate", aggregateView, compressed(t, compress.Gzip, packed(t, compress.None, "a=1")), []string{"a  1 packed 0"}},
		{"an aggregate that was left uncompressed", aggregateView, packed(t, compress.None, "a=1"), []string{"a  1 packed 0"}},
		{"a record alone beside compressed aggregates", aggregateView, []byte("x"), []string{"own  x alone 0"}},
		{"a record that is gzip by itself", aggregateView, compressed(t, compress.Gzip, []byte("x")),
			[]string{"own  " + string(compressed(t, compress.Gzip, []byte("x"))) + " alone 0"}},
		{"a compressed aggregate of records in the same format", bothView, compressed(t, compress.Gzip, packed(t, compress.Gzip, "a=1")),
			[]string{"a  1 packed 0"}},
		{"a record alone in the format of the aggregates", bothView, compressed(t, compress.Gzip, []byte("x")), []string{"own  x alone 0"}},
		{"a compressed aggregate of records in another format", mixedView, compressed(t, compress.Zstd, packed(t, compress.Snappy, "a=1")),
			[]string{"a  1 packed 0"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			users, err := x.view.AppendUserRecords(nil, landed(x.data))
			require.NoError(t, err)
			var got []string
			for _, u := range users {
				place := "alone"
				if u.Packed {
					place = "packed"
				}
				got = append(got, fmt.Sprintf("%s %s %s %s %d", u.PartitionKey, u.ExplicitHashKey, u.Data, place, u.Index))
				require.Equal(t, "shardId-000000000003", u.In.ShardID)
				require.EqualValues(t, 17, u.In.Sequence)
			}
			require.Equal(t, x.want, got)
		})
	}
}

func TestAViewTellsWhatItCannotRead(t *testing.T) {
	for _, x := range []struct {
		name string
		view kinesistest.View
		data []byte
		want string
	}{
		{"lines without the last newline", kinesistest.View{Lines: true}, []byte("x\ny"),
			"record 17 of stream logs, on shardId-000000000003: it does not end in a newline"},
		{"lines that are not compressed", kinesistest.View{Lines: true, Compression: compress.Gzip}, []byte("x\n"),
			"record 17 of stream logs, on shardId-000000000003: gzip"},
		{"an aggregate with another checksum", kinesistest.View{}, broken(packed(t, compress.None, "a=1")),
			"record 17 of stream logs, on shardId-000000000003: not a readable aggregate"},
		{"a record that is not compressed", kinesistest.View{Compression: compress.Gzip}, []byte("x"),
			"user record 0 in record 17 of stream logs, on shardId-000000000003: gzip"},
		{"a record in an aggregate that is not compressed", kinesistest.View{Compression: compress.Zstd},
			packed(t, compress.None, "a=1"), "user record 0 in record 17 of stream logs, on shardId-000000000003: zstd"},
		{"an aggregate that was not compressed, with another checksum", kinesistest.View{AggregationCompression: compress.Gzip},
			broken(packed(t, compress.None, "a=1")), "not a readable aggregate"},
		{"a compressed aggregate with another checksum", kinesistest.View{AggregationCompression: compress.Gzip},
			compressed(t, compress.Gzip, broken(packed(t, compress.None, "a=1"))), "not a readable aggregate"},
	} {
		t.Run(x.name, func(t *testing.T) {
			before := []kinesistest.UserRecord{{PartitionKey: "before"}}
			users, err := x.view.AppendUserRecords(before, landed(x.data))
			require.ErrorContains(t, err, x.want)
			require.Equal(t, before, users)
		})
	}
}

func TestTotalsOfAView(t *testing.T) {
	records := []kinesistest.Record{
		landed(packed(t, compress.Gzip, "a="+strings.Repeat("x", 1000), "b=2")),
		landed(packed(t, compress.Gzip, "c=3")),
		landed(compressed(t, compress.Gzip, []byte("alone"))),
	}
	size := int64(0)
	for _, r := range records {
		size += int64(len(r.Data) + len(r.PartitionKey))
	}
	users, totals, err := kinesistest.View{Compression: compress.Gzip}.UserRecords(records)
	require.NoError(t, err)
	require.Len(t, users, 4)
	require.Equal(t, kinesistest.Totals{
		Records: 3, Aggregates: 2, Bytes: size,
		UserRecords: 4, Packed: 3, UserBytes: 1001 + 2 + 2 + int64(len("own")+len("alone")),
	}, totals)

	records = append(records, landed([]byte("not gzip")))
	users, again, err := kinesistest.View{Compression: compress.Gzip}.UserRecords(records)
	require.ErrorContains(t, err, "gzip")
	require.Len(t, users, 4)
	require.Equal(t, totals, again)
}

func TestTotalsInWords(t *testing.T) {
	for _, x := range []struct {
		totals kinesistest.Totals
		want   string
	}{
		{kinesistest.Totals{Records: 4, Aggregates: 3, Bytes: 600, UserRecords: 1000, Packed: 999, UserBytes: 1000},
			"999 of 1000 user records packed into 3 aggregates: 4 Kinesis records (99.6% fewer) of 600 bytes for 1000 (40.0% fewer)"},
		{kinesistest.Totals{Records: 5, Bytes: 120, UserRecords: 5, UserBytes: 100},
			"0 of 5 user records packed into 0 aggregates: 5 Kinesis records (as many) of 120 bytes for 100 (20.0% more)"},
		{kinesistest.Totals{}, "0 of 0 user records packed into 0 aggregates: 0 Kinesis records (as many) of 0 bytes for 0 (as many)"},
	} {
		require.Equal(t, x.want, x.totals.String())
	}
}

func TestUserKeysAreThoseInAnAggregate(t *testing.T) {
	whole := packed(t, compress.None, "a=1", "b=2", "a=3")
	zstd := kinesistest.View{AggregationCompression: compress.Zstd}
	for _, x := range []struct {
		name string
		view kinesistest.View
		data []byte
		want []string
	}{
		{"a plain record", kinesistest.View{}, []byte("x"), []string{"own"}},
		{"an aggregate", kinesistest.View{}, whole, []string{"a", "b"}},
		{"a compressed aggregate", zstd, compressed(t, compress.Zstd, whole), []string{"a", "b"}},
		{"an aggregate that cannot be read", kinesistest.View{}, broken(whole), []string{"own"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, x.view.UserKeys(landed(x.data).Entry))
		})
	}
}

func ExampleView() {
	var w aggregate.Writer
	w.Add([]byte("web"), []byte("GET /"))
	w.Add([]byte("db"), []byte("SELECT 1"))
	aggregate := kinesistest.Record{
		Entry:   kinesistest.Entry{Data: w.Close(), PartitionKey: "web"},
		ShardID: "shardId-000000000000",
	}

	users, _, err := kinesistest.View{}.UserRecords([]kinesistest.Record{aggregate})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range users {
		fmt.Printf("%s %d %s: %s\n", u.In.ShardID, u.Index, u.PartitionKey, u.Data)
	}
	// Output:
	// shardId-000000000000 0 web: GET /
	// shardId-000000000000 1 db: SELECT 1
}
