package kinesis

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// One shard takes nothing for a while. What is for it waits; what is for the others
// does not, whatever flush it is of.
func TestRecordsForAFullShardWaitApart(t *testing.T) {
	for _, slots := range []int{1, 10} {
		t.Run(fmt.Sprint(slots, " in flight"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				full := func() bool { return time.Since(begin) < 20*time.Second }
				hot := ""
				s := &fakeStream{t: t, latency: 10 * time.Millisecond, shardOf: fourShards}
				s.refuse = func(r putRecord) string {
					if fourShards(r) == hot && full() {
						return throttledCode
					}
					return ""
				}
				o := outputOf(t, s, "partition_key", "key", "requests_in_flight", fmt.Sprint(slots))
				keys := o.strangers(20)
				hot = fourShards(putRecord{PartitionKey: keys[0]})
				chunk := chunkOf(200, func(i int) fields { return fields{kv("key", keys[i%20]), kv("n", i)} })
				var workers sync.WaitGroup
				for i := range 10 {
					workers.Go(func() { o.Flush(chunk, fmt.Sprint("tag ", i)) })
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(9 * time.Second)
				landed, want := map[string]int{}, map[string]int{}
				for _, key := range keys {
					if fourShards(putRecord{PartitionKey: key}) != hot {
						landed[key] = len(s.userNumbersByKey()[key])
						want[key] = 100
					}
				}
				workers.Wait()
				require.NotEmpty(t, want)
				require.Equal(t, want, landed, "while the shard was full")
				require.Less(t, time.Since(begin), time.Minute)
				require.Len(t, s.numbers(), 2000)
				require.Zero(t, s.overlaps)
				requireIdle(t, o)
				require.Zero(t, o.Counts().HandedBack)
			})
		})
	}
}
