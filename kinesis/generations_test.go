package kinesis

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

// Where there was a reshard, flushes may have packed by the map from before it
// and by the one from after, and share a request all the same.
func TestEntriesOfTwoShardMapsShareARequest(t *testing.T) {
	const chunks = 4
	for name, test := range map[string]struct {
		shards  string // where records come to rest: on those of this generation
		current bool   // the map from after the reshard is right
	}{
		"the map from before is wrong":    {"new", true},
		"the map from after is wrong":     {"old", false},
		"both of them are wrong":          {"none", false},
		"records of both are tried twice": {"new", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &fakeStream{t: t, latency: 25 * time.Millisecond}, &logText{}
				landOn := newShardMap(evenShards(5, test.shards))
				s.shardOf = func(r putRecord) string { return landOn.of([]byte(r.PartitionKey)).ID }
				if strings.Contains(name, "twice") {
					refused := map[string]bool{}
					s.refuse = func(r putRecord) string {
						if !refused[r.PartitionKey] {
							refused[r.PartitionKey] = true
							return failureCode
						}
						return ""
					}
				}
				o := outputLogging(t, log, s, configOf(t, "partition_key", "key", "data_keys", "n", "aggregation", "on", "aggregation_shard_map", "on"))
				generation := "old"
				o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return evenShards(5, generation), nil })
				require.NotNil(t, o.d.shards.get())

				last := o.enter(10) // those before it wait for it
				var workers sync.WaitGroup
				for i := range chunks {
					if i == chunks/2 {
						after := newShardMap(evenShards(5, "new"))
						o.d.shards.current.Store(&after)
					}
					f := o.enter(10)
					f.encodes(t, chunkOf(20, func(j int) fields { return fields{kv("key", fmt.Sprint("k", j)), kv("n", 20*i+j)} }))
					workers.Go(func() { f.ends(t) })
				}
				synctest.Wait()
				last.ends(t)
				workers.Wait()
				require.Equal(t, upTo(20*chunks), s.userNumbers())
				require.Equal(t, test.current, o.d.shards.get() != nil, "a map that is wrong is given up, and none else")
				require.NotContains(t, log.String(), "internal error")
				require.Less(t, s.requestCount(), 4, "they shared requests")
				requireIdle(t, o)
			})
		})
	}
}
