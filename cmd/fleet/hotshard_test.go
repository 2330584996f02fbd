package main

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/pace"
)

// A sender puts records on a stream through a Pacer that waits, in goroutines, as
// deliveries do. What is for a shard that is full by itself waits for it apart.
type sender struct {
	ctx   context.Context
	pacer *pace.Pacer
	all   sync.WaitGroup

	mu       sync.Mutex // guards the following
	stream   *stream
	accepted map[int]int // by shard
	refused  int
}

func hash(r record) uint64 { return uint64(r.place * math.MaxInt64 * 2) }

func (s *sender) shardOf(r record) int { return int(r.place * float64(len(s.stream.shards))) }

// send sends records until the stream has them.
func (s *sender) send(records []record) {
	s.all.Go(func() {
		for len(records) > 0 {
			if records = s.apart(records); len(records) == 0 {
				return
			}
			n := s.pacer.Enter(s.ctx, pace.Ask{Amount: amount(records)})
			if n == 0 {
				return
			}
			records = append(s.request(records[:n]), records[n:]...)
		}
	})
}

// apart has what is for a full shard wait for it, and returns what is not.
func (s *sender) apart(records []record) (rest []record) {
	full := make(map[string][]record)
	for _, r := range records {
		if name, ok := s.pacer.Shards().Full(hash(r)); ok {
			full[name] = append(full[name], r)
		} else {
			rest = append(rest, r)
		}
	}
	for name, records := range full {
		s.all.Go(func() { s.waitFor(name, records) })
	}
	return rest
}

func (s *sender) waitFor(name string, records []record) {
	for len(records) > 0 {
		n := s.pacer.Shards().Enter(s.ctx, name, pace.Ask{Amount: amount(records)})
		if n == 0 {
			return
		}
		a := pace.Ask{Amount: amount(records[:n]), Whole: true}
		if s.pacer.Enter(s.ctx, a) == 0 {
			return
		}
		records = append(s.request(records[:n]), records[n:]...)
	}
}

// request sends records, and returns those that were refused.
func (s *sender) request(records []record) []record {
	const took = 10 * time.Millisecond
	time.Sleep(took)
	s.mu.Lock()
	refused, _ := s.stream.put(time.Now(), records)
	s.refused += refused
	shares := make(map[int]*pace.Share)
	for i, r := range records {
		n := s.shardOf(r)
		if shares[n] == nil {
			shares[n] = &pace.Share{Shard: strconv.Itoa(n), First: hash(r), Last: hash(r), Outcome: pace.Outcome{Took: took}}
		}
		sh := shares[n]
		sh.First, sh.Last = min(sh.First, hash(r)), max(sh.Last, hash(r))
		if i < refused {
			sh.Refused.Records++
		} else {
			sh.Accepted.Records++
			s.accepted[n]++
		}
	}
	s.mu.Unlock()
	outcome := pace.Outcome{Took: took}
	for _, sh := range shares {
		outcome.Accepted.Records += sh.Accepted.Records
		if s.pacer.Shards().Learn(*sh) {
			outcome.Apart.Records += sh.Refused.Records
		} else {
			outcome.Refused.Records += sh.Refused.Records
		}
	}
	s.pacer.Learn(outcome)
	s.pacer.Leave(0)
	return records[:refused:refused]
}

// Half of what comes is for one shard, and is more than it takes. Everything else
// must have its pace: 0.9 of what the other shards take is offered.
func TestWhatIsNotForAHotShardDoesNotWaitForIt(t *testing.T) {
	for _, name := range []string{"bucket", "windows"} {
		for seed := range uint64(3) {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { hotShard(t, name, seed) })
			})
		}
	}
}

func hotShard(t *testing.T, name string, seed uint64) {
	const shards, hot, long = 4, 1, 20
	const each = (shards - 1) * shardRecords * 9 / 10 / 10 // of either sort, in a tenth of a second
	l, err := limitsOf(name)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(seed, 0))
	time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
	ctx, cancel := context.WithCancel(t.Context())
	s := &sender{
		ctx: ctx, pacer: pace.New(pace.Options{Requests: 32, Bytes: 1 << 20, Random: rand.New(rand.NewPCG(seed, 1))}),
		stream: newStream(l, shards, time.Now(), random), accepted: make(map[int]int),
	}
	key := (hot + random.Float64()) / shards
	for range long * 10 {
		var records []record
		for range each {
			place := random.Float64() * (shards - 1) / shards
			if place >= hot/float64(shards) {
				place += 1 / float64(shards)
			}
			records = append(records, record{place: key, size: 425}, record{place: place, size: 425})
		}
		for len(records) > 0 {
			n := min(500, len(records))
			s.send(append([]record(nil), records[:n]...))
			records = records[n:]
		}
		time.Sleep(time.Second / 10)
	}
	s.mu.Lock()
	others, total := 0, 0
	for n, accepted := range s.accepted {
		total += accepted
		if n != hot {
			others += accepted
		}
	}
	waste := float64(s.refused) / float64(total)
	hotPace := float64(s.accepted[hot]) / (long * shardRecords)
	s.mu.Unlock()
	cancel()
	s.all.Wait()
	t.Logf("others %.2f, hot %.2f, waste %.3f", float64(others)/(each*10*long), hotPace, waste)
	require.GreaterOrEqual(t, float64(others), 0.9*each*10*long)
	require.GreaterOrEqual(t, hotPace, 0.9)
	require.LessOrEqual(t, waste, 0.25)
}
