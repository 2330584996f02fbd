package kinesis

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/service"
)

// A fullStream refuses records by their key: now and then one is full for a while,
// and with it all keys that are in an aggregate with it. So it never takes a record
// and refuses one before it of the same key.
type fullStream struct {
	*fakeStream
	full     int           // of a hundred times
	most     time.Duration // that a key is full for
	failing  int           // requests as a whole, of a hundred
	internal bool          // some are refused for a reason of the service's own

	random *rand.Rand           // guarded by fakeStream.mu, as is the rest
	until  map[string]time.Time // by key
}

func (s *fullStream) refuse(r putRecord) string {
	now := time.Now()
	users := s.users(r)
	if s.random.IntN(100) < s.full {
		s.until[users[s.random.IntN(len(users))].PartitionKey] = now.Add(time.Duration(s.random.Int64N(int64(s.most))))
	}
	refused := false
	for _, user := range users {
		until, ok := s.until[user.PartitionKey]
		refused = refused || ok && !now.After(until)
	}
	if !refused {
		return ""
	}
	for _, user := range users {
		if s.until[user.PartitionKey].Before(now) {
			s.until[user.PartitionKey] = now
		}
	}
	if s.internal && s.random.IntN(2) == 0 {
		return failureCode
	}
	return throttledCode
}

func (s *fullStream) fail(context.Context, []putRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random.IntN(100) < s.failing {
		return failed([]service.Fault{service.Throttled, service.Failing, service.Unanswered}[s.random.IntN(3)])
	}
	return nil
}

// fourShards are the shards of a stream that has four.
func fourShards(r putRecord) string {
	return fmt.Sprintf("shardId-%012d", aggregate.HashOf([]byte(r.PartitionKey)).Hi>>62)
}

func TestTheOrderOfAKeyIsKeptWhateverTheStreamRefuses(t *testing.T) {
	shards := map[string]func(putRecord) string{"one shard": nil, "four shards": fourShards, "a shard for each key": oneOfMany}
	for name, options := range map[string][]string{
		"by key":                   nil,
		"packed by key":            {"aggregation", "on"},
		"joined by key":            {"simple_aggregation", "on"},
		"joined by key, in many":   {"simple_aggregation", "on", "aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", "100"},
		"packed by key, in many":   {"aggregation", "on", "aggregation_maximum_record_size", "150", "skip_aggregation_record_size", "100"},
		"by key, with one request": {"requests_in_flight", "1"},
	} {
		for on, shardOf := range shards {
			for seed := range uint64(2) {
				t.Run(fmt.Sprintf("%s, %s, seed %d", name, on, seed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						random := rand.New(rand.NewPCG(18, seed))
						of := func(values ...int) int { return values[random.IntN(len(values))] }
						s := &fullStream{
							fakeStream: &fakeStream{t: t, latency: time.Duration(of(1, 10, 100)) * time.Millisecond, shardOf: shardOf},
							full:       of(1, 5, 20), most: time.Duration(of(1, 100, 3000)) * time.Millisecond,
							failing: of(0, 10), internal: of(0, 1) == 1,
							random: rand.New(rand.NewPCG(19, seed)), until: map[string]time.Time{},
						}
						s.fakeStream.refuse, s.fakeStream.fail = s.refuse, s.fail
						o := outputOf(t, s, append(options, "partition_key", "key", "data_keys", "n", "delivery_timeout", "24h")...)
						want := s.offered(t, o, 1+random.IntN(12))
						requireIdle(t, o)
						require.Zero(t, s.overlaps)
						landed := s.userNumbersByKey()
						require.Len(t, landed, len(want))
						for key := range want {
							requireSequence(t, want[key], landed[key])
						}
					})
				})
			}
		}
	}
}

// offered offers chunks that come one after the other, and returns the numbers of
// their records by key.
func (s *fullStream) offered(t *testing.T, o *Output, keys int) (want map[string][]int) {
	t.Helper()
	want = map[string][]int{}
	random := rand.New(rand.NewPCG(20, s.random.Uint64()))
	var workers sync.WaitGroup
	n := 0
	for i := range 40 {
		size, first := 1+random.IntN(20), n
		if random.IntN(10) == 0 {
			size = 600
		}
		n += size
		chunk := chunkOf(size, func(i int) fields {
			key := "k" + strconv.Itoa(random.IntN(keys))
			want[key] = append(want[key], first+i)
			return fields{kv("key", key), kv("n", first+i)}
		})
		workers.Go(func() {
			if o.Flush(chunk, "tag "+strconv.Itoa(i)) != OK {
				t.Error("handed back")
			}
		})
		time.Sleep(time.Duration(1+random.IntN(5000)) * time.Microsecond)
	}
	workers.Wait()
	return want
}

// A delivery waits in line for one that was refused. Those of its entries that have
// no key in common with that one go, but for those that come after an entry that
// waits, and before all entries that have keys in common with them.
func TestWhoWaitsForARefusedKeyStepsAsideInOrder(t *testing.T) {
	for name, test := range map[string]struct {
		refused stripes
		entries []stripes
		ahead   []int // land while the refused one is there
		then    []int // land after it
	}{
		"nothing has to wait":          {stripesOf(1), []stripes{stripesOf(1), stripesOf(2), stripesOf(3)}, []int{1, 2}, []int{0}},
		"all have to wait":             {stripesOf(1), []stripes{stripesOf(1), stripesOf(1)}, nil, []int{0, 1}},
		"behind one that waits":        {stripesOf(1), []stripes{stripesOf(1, 2), stripesOf(2), stripesOf(3)}, []int{2}, []int{0, 1}},
		"before one that waits":        {stripesOf(1), []stripes{stripesOf(2), stripesOf(1, 2), stripesOf(2)}, []int{0}, []int{1, 2}},
		"several before ones that do":  {stripesOf(1), []stripes{stripesOf(2), stripesOf(3), stripesOf(1, 2, 3), stripesOf(4)}, []int{0, 1, 3}, []int{2}},
		"by one that itself waits":     {stripesOf(1), []stripes{stripesOf(1, 2), stripesOf(2, 3), stripesOf(3, 4), stripesOf(4)}, nil, []int{0, 1, 2, 3}},
		"the refused one has two keys": {stripesOf(1, 5), []stripes{stripesOf(5), stripesOf(1), stripesOf(7)}, []int{2}, []int{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: time.Millisecond}
				o := outputOf(t, s, "partition_key", "key")
				refused := o.d.line.join(test.refused)
				o.d.line.keep(refused, test.refused)
				f := &flush{}
				b := o.d.getBatch()
				for i, of := range test.entries {
					b.add(recordOf(fmt.Sprint(i), "k"), of, nil, f, uint32(i))
				}
				f.unsettled.Add(len(test.entries))
				o.d.mu.Lock()
				o.d.start(&rest{batch: b}, false)
				o.d.mu.Unlock()
				time.Sleep(2 * time.Second)
				require.ElementsMatch(t, texts(test.ahead), s.data())
				o.d.line.leave(refused)
				f.unsettled.Wait()
				requireIdle(t, o)
				require.ElementsMatch(t, texts(test.then), s.data()[len(test.ahead):])
				at := map[string]int{}
				for i, text := range s.data() {
					at[text] = i
				}
				for i, one := range test.entries {
					for j, other := range test.entries[:i] {
						if one.meet(other) {
							require.Less(t, at[strconv.Itoa(j)], at[strconv.Itoa(i)], "%d before %d", j, i)
						}
					}
				}
			})
		})
	}
}

func texts(ns []int) []string {
	out := []string{}
	for _, n := range ns {
		out = append(out, strconv.Itoa(n))
	}
	return out
}
