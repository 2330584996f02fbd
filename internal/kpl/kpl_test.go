package kpl

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"fluent-bit-kinesis/aggregate"
)

// every makes n records of this size, one in each interval, under the keys in turn.
func every(interval time.Duration, n, size int, keys ...string) (records []UserRecord) {
	for i := range n {
		records = append(records, UserRecord{At: time.Duration(i) * interval, Key: keys[i%len(keys)], Data: bytes.Repeat([]byte{'x'}, size)})
	}
	return records
}

func TestAnAggregateIsClosedWhenItsFirstRecordHasWaited(t *testing.T) {
	packed := Pack(every(30*time.Millisecond, 8, 400, "k"), 1, true)
	require.Len(t, packed, 2)
	for i, r := range packed {
		require.Equal(t, 4, r.Records, "those of 0, 30, 60 and 90 ms")
		require.Equal(t, time.Duration(i)*120*time.Millisecond+100*time.Millisecond, r.At)
		require.Equal(t, 20+len("\x0a\x01k")+4*(3+2+3+400)+1, r.Size)
	}
}

func TestAnAggregateIsClosedWhenItIsFull(t *testing.T) {
	records := every(0, 1000, 500, "k")
	packed := Pack(records, 1, true)
	sum := 0
	for i, r := range packed {
		sum += r.Records
		require.LessOrEqual(t, r.Size, AggregationMaxSize+1)
		if i < len(packed)-1 {
			require.Greater(t, r.Size, AggregationMaxSize-1000)
			require.Zero(t, r.At, "nobody waits for the time")
		}
	}
	require.Equal(t, 1000, sum)
	require.Len(t, packed, 10, "100 of 508 bytes go into each")
}

func TestEachShardHasAnAggregateOfItsOwn(t *testing.T) {
	const shards = 4
	var keys []string
	for i := range 40 {
		keys = append(keys, fmt.Sprint("key", i))
	}
	want := [shards]int{}
	records := every(time.Millisecond, 50, 400, keys...)
	for _, r := range records {
		want[shardOf(r.Key, shards)]++
	}
	got := [shards]int{}
	for _, r := range Pack(records, shards, true) {
		require.Zero(t, got[r.Shard], "one of 50 ms")
		got[r.Shard] = r.Records
	}
	require.Equal(t, want, got)
}

func TestARecordAloneIsNoAggregate(t *testing.T) {
	require.Equal(t, []Record{{At: RecordMaxBufferedTime, Records: 1, Size: 408}}, Pack(every(0, 1, 400, "12345678"), 1, true))
	large := Pack(every(0, 2, 60_000, "k"), 1, true)
	require.Equal(t, []Record{{Records: 1, Size: 60_001}, {Records: 1, Size: 60_001}}, large, "more than an aggregate takes")
}

func TestWithoutAggregationEachRecordGoesAsItIs(t *testing.T) {
	packed := Pack(every(time.Second, 3, 400, "12345678"), 1, false)
	require.Equal(t, []Record{{Records: 1, Size: 408}, {At: time.Second, Records: 1, Size: 408}, {At: 2 * time.Second, Records: 1, Size: 408}}, packed)
}

func TestTheSizeIsThatOfAnAggregateThatCanBeRead(t *testing.T) {
	records := every(time.Millisecond, 30, 400, "a", "bc", "def")
	var all []*UserRecord
	for i := range records {
		all = append(all, &records[i])
	}
	text, err := proto.Marshal(message(all))
	require.NoError(t, err)
	sum := md5.Sum(text)
	data := append(append([]byte("\xf3\x89\x9a\xc2"), text...), sum[:]...)
	require.Equal(t, []Record{{At: RecordMaxBufferedTime, Records: 30, Size: len(data) + 1}}, Pack(records, 1, true))
	users, ok, err := aggregate.Split(data)
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, users, 30)
	for i, u := range users {
		require.Equal(t, records[i].Key, u.PartitionKey)
		require.Empty(t, u.ExplicitHashKey)
	}
}
