package kinesis

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins"
)

// evenShards are so many open shards, 1 to 256, by names of that generation.
func evenShards(n int, generation string) []service.Shard {
	shards := make([]service.Shard, n)
	width := math.MaxUint64/uint64(n) + 1 // 0 for one shard, whose end is then set below
	for i := range shards {
		shards[i] = service.Shard{ID: generation + string(rune('a'+i)),
			Start: aggregate.HashKey{Hi: uint64(i) * width}, End: aggregate.HashKey{Hi: uint64(i+1)*width - 1, Lo: math.MaxUint64}}
	}
	shards[n-1].End.Hi = math.MaxUint64
	return shards
}

// A fakeList answers ListShards.
type fakeList struct {
	begin  time.Time
	answer func(ctx context.Context) ([]service.Shard, error)

	mu    sync.Mutex
	calls []time.Duration // when, since begin; guarded by mu
}

func (l *fakeList) list(ctx context.Context) ([]service.Shard, error) {
	l.mu.Lock()
	l.calls = append(l.calls, time.Since(l.begin))
	l.mu.Unlock()
	return l.answer(ctx)
}

// made is when ListShards was called.
func (l *fakeList) made() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// watching runs a test of a shardWatch, in a time of its own.
func watching(t *testing.T, test func(t *testing.T, w *shardWatch, list *fakeList, log *logText)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := &logText{}
		list := &fakeList{begin: time.Now()}
		w := newShardWatch(plugins.NewLogger(log, "kinesis", "info"), list.list)
		defer w.close()
		test(t, w, list, log)
	})
}

func TestShardMapFindsTheShardOfAKey(t *testing.T) {
	key := []byte("a key")
	hash := aggregate.HashOf(key)
	first, last := aggregate.HashKey{}, aggregate.HashKey{Hi: math.MaxUint64, Lo: math.MaxUint64}
	before, after := aggregate.HashKey{Hi: hash.Hi, Lo: hash.Lo - 1}, aggregate.HashKey{Hi: hash.Hi, Lo: hash.Lo + 1}
	shard := func(id string, start, end aggregate.HashKey) service.Shard {
		return service.Shard{ID: id, Start: start, End: end}
	}
	for name, x := range map[string]struct {
		open []service.Shard
		want string // the shard; empty for none
	}{
		"one shard":                     {[]service.Shard{shard("a", first, last)}, "a"},
		"the end of a shard":            {[]service.Shard{shard("a", first, hash), shard("b", after, last)}, "a"},
		"the start of a shard":          {[]service.Shard{shard("a", first, before), shard("b", hash, last)}, "b"},
		"a shard of that hash alone":    {[]service.Shard{shard("a", first, before), shard("b", hash, hash), shard("c", after, last)}, "b"},
		"shards in another order":       {[]service.Shard{shard("c", after, last), shard("b", hash, hash), shard("a", first, before)}, "b"},
		"a hole before the first shard": {[]service.Shard{shard("a", after, last)}, ""},
		"a hole between shards":         {[]service.Shard{shard("a", first, before), shard("b", after, last)}, ""},
		"a hole behind the last shard":  {[]service.Shard{shard("a", first, before)}, ""},
		"no shards":                     {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := ""
			if s := newShardMap(x.open).of(key); s != nil {
				found = s.ID
			}
			require.Equal(t, x.want, found)
		})
	}
}

func TestShardWatchLearnsTheMapOnceAndSaysSo(t *testing.T) {
	watching(t, func(t *testing.T, w *shardWatch, list *fakeList, log *logText) {
		list.answer = func(context.Context) ([]service.Shard, error) { return evenShards(4, "old"), nil }
		for range 3 {
			require.Equal(t, newShardMap(evenShards(4, "old")), w.get())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, list.made(), 1)
		require.Equal(t, 1, strings.Count(log.String(), "the stream has 4 open shards"))
	})
}

func TestShardWatchGivesUpAMapThatIsWrongUntilItHasLearnedAnother(t *testing.T) {
	watching(t, func(t *testing.T, w *shardWatch, list *fakeList, log *logText) {
		shards := evenShards(4, "old")
		list.answer = func(context.Context) ([]service.Shard, error) { return shards, nil }
		old := w.get()
		shards = evenShards(5, "new")
		w.refresh(&old[1])
		require.Nil(t, w.get())
		time.Sleep(firstShardBackoff)
		synctest.Wait()
		require.Equal(t, newShardMap(shards), w.get())

		w.refresh(&old[1]) // by a request that was packed long ago
		require.NotNil(t, w.get())
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, list.made(), 2)
		require.Contains(t, log.String(), "the stream has 5 open shards")
	})
}

// Right after a reshard ListShards may not know of it yet.
func TestShardWatchDoesNotTakeUpAgainAMapThatWasWrong(t *testing.T) {
	watching(t, func(t *testing.T, w *shardWatch, list *fakeList, log *logText) {
		var known atomic.Bool
		list.answer = func(context.Context) ([]service.Shard, error) {
			if known.Load() {
				return evenShards(5, "new"), nil
			}
			return evenShards(4, "old"), nil
		}
		w.refresh(&w.get()[0])
		time.Sleep(10 * firstShardBackoff)
		synctest.Wait()
		require.Greater(t, len(list.made()), 2)
		require.Nil(t, w.get())
		known.Store(true)
		time.Sleep(10 * firstShardBackoff)
		synctest.Wait()
		require.Equal(t, newShardMap(evenShards(5, "new")), w.get())
	})
}

func TestShardWatchAsksLessAndLessOftenWhereItDoesNotHelp(t *testing.T) {
	const long = 3 * time.Hour
	for name, answer := range map[string]func(context.Context) ([]service.Shard, error){
		"denied":             func(context.Context) ([]service.Shard, error) { return nil, errors.New("denied") },
		"no shards":          func(context.Context) ([]service.Shard, error) { return nil, nil },
		"never answered":     func(ctx context.Context) ([]service.Shard, error) { <-ctx.Done(); return nil, ctx.Err() },
		"the same ever anew": func(context.Context) ([]service.Shard, error) { return evenShards(4, "other"), nil },
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, func(t *testing.T, w *shardWatch, list *fakeList, log *logText) {
				list.answer = answer
				for time.Since(list.begin) < long {
					if m := w.get(); m != nil { // each record comes to rest elsewhere
						w.refresh(&m[0])
					}
					time.Sleep(10 * time.Second)
				}
				n := len(list.made())
				require.Greater(t, n, 20)
				require.LessOrEqual(t, n, int(long/mostShardBackoff)+20)
				require.GreaterOrEqual(t, list.made()[1]-list.made()[0], firstShardBackoff)
				require.GreaterOrEqual(t, list.made()[n-1]-list.made()[n-2], mostShardBackoff)
				require.Equal(t, min(1, strings.Count(log.String(), "open shards")), strings.Count(log.String(), "open shards"))
			})
		})
	}
}

func TestShardWatchDoesNotKeepTheFirstChunkWaitingForLong(t *testing.T) {
	watching(t, func(t *testing.T, w *shardWatch, list *fakeList, log *logText) {
		list.answer = func(ctx context.Context) ([]service.Shard, error) { <-ctx.Done(); return nil, ctx.Err() }
		require.Nil(t, w.get())
		require.Equal(t, shardTimeout, time.Since(list.begin))
		require.Contains(t, log.String(), "the shards of the stream cannot be listed, so records are packed without regard to them")
	})
}

func TestShardWatchEndsQuietly(t *testing.T) {
	t.Run("in the middle of an attempt", func(t *testing.T) {
		watching(t, func(t *testing.T, w *shardWatch, list *fakeList, log *logText) {
			shards := evenShards(1, "old")
			list.answer = func(ctx context.Context) ([]service.Shard, error) {
				if len(list.made()) == 1 {
					return shards, nil
				}
				<-ctx.Done()
				return nil, ctx.Err()
			}
			w.refresh(&w.get()[0])
			time.Sleep(firstShardBackoff + time.Second)
			require.Len(t, list.made(), 2)
			w.close()
			require.NotContains(t, log.String(), "cannot be listed")
		})
	})
	t.Run("where it was never used", func(t *testing.T) {
		watching(t, func(*testing.T, *shardWatch, *fakeList, *logText) {})
	})
	t.Run("where there is none", func(t *testing.T) {
		var none *shardWatch
		require.Nil(t, none.get())
		none.close()
	})
}

// Whichever shard is the busy one, an instance keeps the memory for what one
// chunk fills, and not for a whole aggregate of each shard.
func TestAggregatesOfManyShardsKeepNoMoreMemoryThanAChunkNeeds(t *testing.T) {
	o := outputOf(t, instantStream, "partition_key", "key", "aggregation", "on", "aggregation_shard_map", "on")
	const shards = 64
	o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return evenShards(shards, "s"), nil })
	line := strings.Repeat("x", 10_000)
	for busy := range shards {
		chunk := chunkOf(230, func(i int) fields {
			if i < 200 {
				return fields{kv("key", i)}
			}
			return fields{kv("key", busy), kv("line", line)}
		})
		require.Equal(t, OK, o.Flush(chunk, "tag"))
	}
	memory := 0
	for _, a := range o.d.aggregates.items {
		memory += a.most
	}
	require.LessOrEqual(t, memory, mostKeptAggregates)
	require.Positive(t, memory)
}
