package kinesis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/service"
)

// quarter is a hash key in the middle of one of four shards.
func quarter(n int) string {
	return string(aggregate.HashKey{Hi: uint64(n)<<62 | 1<<61}.Append(nil))
}

// fourQuarters is the one of four shards that a record is for.
func fourQuarters(r putRecord) string {
	hash := aggregate.HashOf([]byte(r.PartitionKey))
	if r.ExplicitHashKey != "" {
		hash, _ = aggregate.ParseHashKey(r.ExplicitHashKey)
	}
	return fmt.Sprint("shardId-", hash.Hi>>62)
}

// openQuarters are the four shards.
func openQuarters() (open []service.Shard) {
	for n := range uint64(4) {
		open = append(open, service.Shard{ID: fmt.Sprint("shardId-", n),
			Start: aggregate.HashKey{Hi: n << 62}, End: aggregate.HashKey{Hi: n<<62 | (1<<62 - 1), Lo: 1<<64 - 1}})
	}
	return open
}

// One shard takes nothing for a while. That records are for it is known by their
// explicit hash keys, with and without partition keys.
func TestPlacedRecordsForAFullShardWaitApart(t *testing.T) {
	for _, options := range [][]string{{}, {"partition_key", "key"}} {
		t.Run(fmt.Sprint(options), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				const hot = "shardId-2"
				full := func() bool { return time.Since(begin) < 20*time.Second }
				s := &fakeStream{t: t, latency: 10 * time.Millisecond, shardOf: fourQuarters}
				s.refuse = func(r putRecord) string {
					if fourQuarters(r) == hot && full() {
						return throttledCode
					}
					return ""
				}
				o := outputOf(t, s, append(options, "explicit_hash_key", "hash", "requests_in_flight", "4")...)
				keys := o.strangers(20)
				chunk := chunkOf(200, func(i int) fields {
					return fields{kv("key", keys[i%20]), kv("n", i), kv("hash", quarter(i%4))}
				})
				var workers sync.WaitGroup
				for i := range 10 {
					workers.Go(func() { o.Flush(chunk, fmt.Sprint("tag ", i)) })
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(9 * time.Second)
				require.Len(t, s.numbers(), 1500, "while the shard was full")
				workers.Wait()
				require.Len(t, s.numbers(), 2000)
				require.Less(t, time.Since(begin), time.Minute)
				require.Zero(t, s.overlaps)
				require.Zero(t, o.Counts().HandedBack)
				for _, r := range s.landed {
					require.Equal(t, quarter(r.n(t)%4), r.ExplicitHashKey)
				}
				requireIdle(t, o)
			})
		})
	}
}

// Records of one aggregate have its place, also where it is taken apart for a record
// at fault, and where the flushes that share it part ways.
func TestAPlacedAggregateThatIsTakenApartStaysInItsPlace(t *testing.T) {
	for _, options := range [][]string{{}, {"partition_key", "key"}, {"aggregation_compression", "zstd"}} {
		t.Run(fmt.Sprint(options), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: time.Millisecond, shardOf: fourQuarters}
				options = append(options, "explicit_hash_key", "hash", "aggregation", "true", "aggregation_shard_map", "true", "data_keys", "n")
				o := outputOf(t, s, options...)
				s.packed = o.config.AggregationCompression
				o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return openQuarters(), nil })
				s.fail = func(_ context.Context, records []putRecord) error {
					for _, r := range records {
						if slices.ContainsFunc(s.users(r), func(user putRecord) bool { return user.n(t)%50 == 7 }) {
							return failed(service.Invalid)
						}
					}
					return nil
				}
				chunk := func(from int) []byte {
					return chunkOf(200, func(i int) fields {
						body := fields{kv("key", "k"+strconv.Itoa(i%20)), kv("n", from+i)}
						if i < 20 || i%10 == 9 { // the first of them lead their aggregates
							return body // by its partition key
						}
						return append(body, kv("hash", quarter((from+i)%4)))
					})
				}
				codes, _ := o.together(chunk(0), chunk(200), chunk(400))
				require.Equal(t, allOK(3), codes)
				require.Len(t, s.userNumbers(), 600-12)
				require.EqualValues(t, 12, o.Counts().Dropped[dropInvalid])
				require.EqualValues(t, 3*(20+18), o.Counts().Unplaced)
				for _, r := range s.landed {
					for _, user := range s.users(r) {
						if n := user.n(t); n%200 >= 20 && n%10 != 9 {
							require.Equal(t, fmt.Sprint("shardId-", n%4), fourQuarters(r), "record %d", n)
						}
						require.Equal(t, fourQuarters(r), fourQuarters(user), "a consumer keeps it")
					}
				}
				require.NotNil(t, o.d.shards.current.Load(), "each record came to rest where it was foreseen")
				requireIdle(t, o)
			})
		})
	}
}

// Lines have the place of the record that they were joined to, also where that is
// taken apart for a line at fault.
func TestPlacedLinesThatAreTakenApartStayInTheirPlace(t *testing.T) {
	for _, options := range [][]string{{}, {"partition_key", "key"}, {"compression", "zstd"}} {
		t.Run(fmt.Sprint(options), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: time.Millisecond}
				o := outputOf(t, s, append(options, "explicit_hash_key", "hash", "simple_aggregation", "true", "data_keys", "n")...)
				s.packed = o.config.Compression
				s.fail = func(_ context.Context, records []putRecord) error {
					for _, r := range records {
						if slices.ContainsFunc(s.users(r), func(line putRecord) bool { return line.n(t)%50 == 7 }) {
							return failed(service.Invalid)
						}
					}
					return nil
				}
				chunk := func(from int) []byte {
					return chunkOf(200, func(i int) fields {
						return fields{kv("key", "k"+strconv.Itoa(i%3)), kv("n", from+i), kv("hash", quarter((from+i)%4))}
					})
				}
				codes, _ := o.together(chunk(0), chunk(200), chunk(400))
				require.Equal(t, allOK(3), codes)
				require.Len(t, s.userNumbers(), 600-12)
				for _, r := range s.landed {
					for _, line := range s.users(r) {
						require.Equal(t, quarter(line.n(t)%4), line.ExplicitHashKey, "line %d", line.n(t))
					}
				}
				requireIdle(t, o)
			})
		})
	}
}

// What has no place goes into the aggregate of the shard of its random key, and may be
// the first in it: those with a place that come later are for that shard.
func TestARecordWithoutAPlaceLeadsNoAggregateToAnotherShard(t *testing.T) {
	s := &fakeStream{t: t, shardOf: fourQuarters}
	o := outputOf(t, s, "explicit_hash_key", "hash", "aggregation", "true", "aggregation_shard_map", "true")
	o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return openQuarters(), nil })
	require.Equal(t, OK, o.Flush(chunkOf(200, func(i int) fields {
		if i < 50 {
			return fields{kv("n", i)}
		}
		return fields{kv("n", i), kv("hash", quarter(i%4))}
	}), "tag"))
	require.Equal(t, upTo(200), s.userNumbers())
	for _, r := range s.landed {
		for _, user := range s.users(r) {
			if n := user.n(t); n >= 50 {
				require.Equal(t, fmt.Sprint("shardId-", n%4), fourQuarters(r), "record %d", n)
			}
		}
	}
	require.NotNil(t, o.d.shards.current.Load(), "each record came to rest where it was foreseen")
}
