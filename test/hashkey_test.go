package test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// placedLines are lines of containers, each with a hash key of its own, and those
// hash keys by line. A few have none that is good.
func placedLines(n int) (l *lot, places map[string]*big.Int, unplaced int) {
	random := rand.New(rand.NewPCG(4, 2))
	l, places = &lot{keyed: true}, map[string]*big.Int{}
	bad := []any{"", "-1", "0xff", -7, 1.5, nil, "340282366920938463463374607431768211456", " 1"}
	var c flbhost.Chunk
	for i := range n {
		key, line := fmt.Sprint("container ", i%23), fmt.Sprint("line ", i)
		body := fields(F("container_id", key), F("log", line))
		switch {
		case i%100 == 51:
			body = append(body, F("hash", bad[unplaced%len(bad)]))
			unplaced++
		case i%3 == 0:
			number := random.Uint64() >> random.IntN(64)
			places[line] = new(big.Int).SetUint64(number)
			body = append(body, F("hash", number))
		default:
			place := new(big.Int).SetUint64(random.Uint64())
			place.Lsh(place, uint(random.IntN(65)))
			places[line] = place
			body = append(body, F("hash", place.String()))
		}
		c.Append(flbhost.EventTime(when), body...)
		l.want = append(l.want, landing{data: line, key: key})
		l.chunk = append(l.chunk, i/250)
		if (i+1)%250 == 0 {
			l.chunks = append(l.chunks, c.Bytes())
			c = flbhost.Chunk{}
		}
	}
	return l, places, unplaced
}

// placing has the lines of placedLines be placed.
func placing(o options) options { return with(with(o, "explicit_hash_key", "hash"), "log_key", "log") }

func TestRecordsGoToTheShardOfTheirExplicitHashKeys(t *testing.T) {
	l, places, unplaced := placedLines(3000)
	for _, x := range []struct {
		name    string
		options options
		faults  kinesistest.Faults
	}{
		{name: "alone", options: options{"partition_key": "container_id"}},
		{name: "in CBOR", options: options{"partition_key": "container_id", "wire_format": "cbor"}},
		{name: "under random keys", options: options{}},
		{name: "refused and sent again", options: options{"partition_key": "container_id"}, faults: kinesistest.Faults{ThrottleRecords: 0.1}},
		{name: "refused under random keys", options: options{"wire_format": "cbor"}, faults: kinesistest.Faults{ThrottleRecords: 0.1}},
		{name: "in aggregates by shard", options: options{"partition_key": "container_id", "aggregation": "true", "aggregation_shard_map": "true"}},
		{name: "in aggregates by shard, under random keys", options: options{"aggregation": "true", "aggregation_shard_map": "true"}, faults: kinesistest.Faults{ThrottleRecords: 0.1}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: 5}, Faults: x.faults, UserKeys: plainView.UserKeys},
				flbhost.Config{Workers: 4, RetryLimit: flbhost.NoLimit}, placing(x.options))
			flushAll(t, s.host, 0, l.chunks...)
			ranges := rangesOf(s.stream, streamName)
			users, _ := read(t, s.stream, streamName, plainView)
			require.Len(t, users, len(l.want))
			for _, u := range users {
				place := places[string(u.Data)]
				if place == nil {
					continue
				}
				require.True(t, ranges[u.In.ShardID].has(place), "%s at %v lies on %s", u.Data, place, u.In.ShardID)
				if !u.Packed {
					require.Equal(t, place.String(), u.ExplicitHashKey)
				}
			}
			require.Empty(t, kclReads(t, s.stream, streamName).thrown)
			if x.options["partition_key"] != "" {
				l.requireOnce(t, s.stream)
				require.Zero(t, s.stream.Stats().Overlaps)
			}
			log := exitLog(t, s.host)
			requireLine(t, log, "info", "at exit: ", fmt.Sprintf("placed by their partition key for want of a hash key %d", unplaced))
			requireLine(t, log, "warning", "no usable value for explicit_hash_key")
		})
	}
}

// Without the shards an aggregate goes where its first record does.
func TestAnAggregateGoesWhereTheHashKeyOfItsFirstRecordSays(t *testing.T) {
	l, places, _ := placedLines(1000)
	for _, o := range []options{{"partition_key": "container_id"}, {}, {"partition_key": "container_id", "aggregation_compression": "gzip"}} {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Streams: map[string]int{streamName: 5}}, flbhost.Config{},
				with(placing(o), "aggregation", "true"))
			flushAll(t, s.host, 0, l.chunks...)
			view := plainView
			if o["aggregation_compression"] != "" {
				view.AggregationCompression = compress.Gzip
			}
			users, totals := read(t, s.stream, streamName, view)
			require.Len(t, users, 1000)
			require.EqualValues(t, len(l.chunks), totals.Records)
			for _, u := range users {
				require.Equal(t, u.In.ExplicitHashKey, u.ExplicitHashKey, "a consumer keeps all of an aggregate")
				if u.Index == 0 {
					require.Equal(t, places[string(u.Data)].String(), u.ExplicitHashKey)
				}
			}
		})
	}
}
