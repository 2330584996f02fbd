package pace

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const quarter = 1 << 62 // of the hash keys: what a shard of four has

// onShard is what a request brought to shard i of four.
func onShard(i int, accepted, refused int) Share {
	first := uint64(i) * quarter
	return Share{
		Shard:   []string{"a", "b", "c", "d"}[i],
		Outcome: Outcome{Accepted: Amount{Records: accepted}, Refused: Amount{Records: refused}},
		First:   first + 10, Last: first + quarter - 10,
	}
}

func TestAShardThatIsFullByItself(t *testing.T) {
	for name, test := range map[string]struct {
		refused [4]int // of 200 for each
		full    bool
	}{
		"refuses while the others do not":           {[4]int{0, 100, 0, 0}, true},
		"is none where all refuse":                  {[4]int{80, 100, 90, 110}, false},
		"is none where a few records are refused":   {[4]int{0, 4, 0, 0}, false},
		"refuses far more than the others together": {[4]int{2, 150, 3, 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(Options{Requests: 4, Bytes: 100}).Shards()
				full := false
				for _, i := range []int{0, 2, 3, 1} {
					if s.Learn(onShard(i, 200-test.refused[i], test.refused[i])) {
						full = true
						require.Equal(t, 1, i)
					}
				}
				require.Equal(t, test.full, full)
				require.Equal(t, test.full, s.Any())
				name, full := s.Full(quarter + 1000)
				require.Equal(t, test.full, full)
				if full {
					require.Equal(t, "b", name)
				}
				_, full = s.Full(1000)
				require.False(t, full)
			})
		})
	}
}

func TestWhatIsForAFullShardWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Requests: 4, Bytes: 100}).Shards()
		require.False(t, s.Learn(onShard(0, 300, 0)))
		require.True(t, s.Learn(onShard(1, 1000, 500)))
		begin, sent := time.Now(), 0
		for time.Since(begin) < 5*time.Second {
			sent += s.Enter(t.Context(), "b", ofRecords(200))
		}
		require.InDelta(t, 5000, sent, 1000)
		require.Equal(t, 200, s.Enter(t.Context(), "a", ofRecords(200)))
	})
}

func TestAShardThatIsNotFullAnyLongerLetsAllIn(t *testing.T) {
	for name, end := range map[string]func(s *Shards){
		"it has refused nothing for a while": func(s *Shards) {
			time.Sleep(8 * time.Second)
			s.Learn(onShard(1, 1, 0))
		},
		"another has its keys": func(s *Shards) {
			o := onShard(1, 1, 0)
			o.Shard = "e"
			s.Learn(o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(Options{Requests: 4, Bytes: 100}).Shards()
				s.Learn(onShard(0, 300, 0))
				require.True(t, s.Learn(onShard(1, 100, 500)))
				end(s)
				require.False(t, s.Any())
				_, full := s.Full(quarter + 1000)
				require.False(t, full)
			})
		})
	}
}

func TestNobodyIsLeftWaitingForAShardThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Requests: 4, Bytes: 100}).Shards()
		s.Learn(onShard(0, 300, 0))
		s.Learn(onShard(1, 10, 500))
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { require.Positive(t, s.Enter(t.Context(), "b", ofRecords(500))) })
		}
		synctest.Wait()
		o := onShard(1, 1, 0)
		o.Shard = "e"
		s.Learn(o)
		begin := time.Now()
		all.Wait()
		require.Zero(t, time.Since(begin))
	})
}
