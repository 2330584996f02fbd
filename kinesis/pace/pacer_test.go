package pace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// wide is a Pacer that lets as many be in flight as its options say.
func wide(requests, bytes int) *Pacer {
	p := New(Options{Requests: requests, Bytes: bytes, Random: rand.New(rand.NewPCG(1, 2))})
	for range 200 {
		p.Learn(accepted(1))
	}
	return p
}

func accepted(n int) Outcome { return Outcome{Accepted: Amount{Records: n, Bytes: 100 * n}} }

func refused(n int) Outcome { return Outcome{Refused: Amount{Records: n, Bytes: 100 * n}} }

func ofWeight(bytes int) Ask { return Ask{Amount: Amount{Records: 1, Bytes: 1}, Weight: bytes} }

func ofRecords(n int) Ask { return Ask{Amount: Amount{Records: n, Bytes: 100 * n}} }

func TestWhatIsInFlightIsBounded(t *testing.T) {
	for name, test := range map[string]struct {
		requests, bytes int
		sizes           []int
		most            int // in flight at a time
	}{
		"by the number of requests":              {3, 1000, []int{1, 1, 1, 1, 1}, 3},
		"by their bytes":                         {10, 100, []int{40, 40, 40, 40}, 2},
		"one that is larger than all goes alone": {10, 100, []int{500, 1, 1}, 2},
		"to the byte":                            {10, 100, []int{50, 50, 1}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := wide(test.requests, test.bytes)
				most := 0
				var mu sync.Mutex
				var all sync.WaitGroup
				for _, size := range test.sizes {
					all.Go(func() {
						require.Equal(t, 1, p.Enter(t.Context(), ofWeight(size)))
						mu.Lock()
						s := p.State()
						most = max(most, s.InFlight)
						mu.Unlock()
						require.True(t, s.InFlight == 1 || s.Weight <= test.bytes)
						time.Sleep(time.Second)
						p.Leave(size)
					})
					synctest.Wait() // so that they come in this order
				}
				all.Wait()
				require.Equal(t, test.most, most)
				require.Zero(t, p.State().InFlight)
				require.Zero(t, p.State().Weight)
			})
		})
	}
}

func TestTheFirstToComeIsTheFirstToGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(2, 100)
		begin := time.Now()
		sizes := []int{60, 60, 10, 90, 10}
		in := make([]time.Duration, len(sizes))
		var all sync.WaitGroup
		for i, size := range sizes {
			all.Go(func() {
				require.Equal(t, 1, p.Enter(t.Context(), ofWeight(size)))
				in[i] = time.Since(begin)
				time.Sleep(time.Second)
				p.Leave(size)
			})
			synctest.Wait()
		}
		all.Wait()
		require.Equal(t, []time.Duration{0, time.Second, time.Second, 2 * time.Second, 2 * time.Second}, in,
			"a small one does not overtake a large one")
	})
}

func TestWhoComesBackHasTheTimeThatItFirstCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(1, 100)
		begin := time.Now()
		time.Sleep(time.Second)
		require.Equal(t, 1, p.Enter(t.Context(), ofWeight(1)))
		var order []string
		var all sync.WaitGroup
		for name, arrived := range map[string]time.Time{"new": {}, "back": begin} {
			all.Go(func() {
				a := ofWeight(1)
				a.Arrived = arrived
				require.Equal(t, 1, p.Enter(t.Context(), a))
				order = append(order, name)
				time.Sleep(time.Second)
				p.Leave(1)
			})
		}
		synctest.Wait()
		p.Leave(1)
		all.Wait()
		require.Equal(t, []string{"back", "new"}, order)
	})
}

func TestWhoeverGivesUpHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(1, 100)
		require.Equal(t, 1, p.Enter(t.Context(), ofWeight(1)))
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { require.Zero(t, p.Enter(ctx, ofWeight(1))) })
		synctest.Wait()
		in := 0
		all.Go(func() { in = p.Enter(t.Context(), ofWeight(1)) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.Zero(t, in)
		p.Leave(1)
		all.Wait()
		require.Equal(t, 1, in)
		require.Zero(t, p.State().Waiting)
	})
}

func TestNothingIsLeftOfAnyComingAndGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		p := wide(5, 300)
		var all sync.WaitGroup
		for range 500 {
			size, patience, stay := random.IntN(200), time.Duration(random.IntN(500)), time.Duration(random.IntN(20))
			outcome := []Outcome{accepted(3), accepted(5), refused(2), {}}[random.IntN(4)]
			time.Sleep(time.Duration(random.IntN(5)) * time.Millisecond)
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience*time.Millisecond)
				defer cancel()
				if p.Enter(ctx, ofWeight(size)) > 0 {
					time.Sleep(stay * time.Millisecond)
					p.Learn(outcome)
					p.Leave(size)
				}
			})
		}
		all.Wait()
		s := p.State()
		require.Zero(t, s.InFlight)
		require.Zero(t, s.Weight)
		require.Zero(t, s.Waiting)
	})
}

// The bubble of the test ends only where no goroutine is left in it.
func TestWhoWaitsForTheRateIsLetInByTimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(32, 1<<20)
		require.Equal(t, Begins, p.Learn(Outcome{Accepted: Amount{Records: 900}, Refused: Amount{Records: 100}}))
		begin := time.Now()
		sent := 0
		for time.Since(begin) < 10*time.Second {
			n := p.Enter(t.Context(), ofRecords(500))
			require.Positive(t, n)
			require.Less(t, n, 500, "a part of them")
			sent += n
			p.Leave(0)
		}
		rate := p.State().Records
		require.InDelta(t, rate*10, sent, rate/2)
		require.InDelta(t, 1000, rate, 200, "as many as were accepted in the second before")
		require.Positive(t, p.State().Waited)
	})
}

func TestThrottlingBeginsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(32, 1<<20)
		require.Equal(t, Begins, p.Learn(Outcome{Accepted: Amount{Records: 400}, Refused: Amount{Records: 100}}))
		require.Equal(t, Same, p.Learn(Outcome{Accepted: Amount{Records: 90}, Refused: Amount{Records: 10}}))
		require.True(t, p.State().Throttled)
		time.Sleep(4 * time.Second)
		require.Equal(t, Same, p.Learn(accepted(1)))
		time.Sleep(2 * time.Second)
		require.Equal(t, Ends, p.Learn(accepted(1)))
		require.False(t, p.State().Throttled)
		require.Equal(t, 500, p.Enter(t.Context(), ofRecords(500)))
		p.Leave(0)
	})
}

func TestWhatCannotBePartedGoesWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(32, 1<<20)
		p.Learn(Outcome{Accepted: Amount{Records: 900}, Refused: Amount{Records: 100}})
		a := ofRecords(500)
		a.Whole = true
		require.Equal(t, 500, p.Enter(t.Context(), a))
		p.Leave(0)
		begin := time.Now()
		require.Equal(t, 500, p.Enter(t.Context(), a))
		require.Greater(t, time.Since(begin), 300*time.Millisecond)
		p.Leave(0)
	})
}

func TestAnOutageIsAskedAboutByOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(32, 1<<20)
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var asked []time.Duration
		most, largest, now, up := 0, 0, 0, false
		begin := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for ctx.Err() == nil {
					n := p.Enter(ctx, ofRecords(500))
					if n == 0 {
						return
					}
					mu.Lock()
					if now++; time.Since(begin) > time.Second {
						most = max(most, now)
						if !up {
							asked = append(asked, time.Since(begin))
							largest = max(largest, n)
						}
					}
					mu.Unlock()
					time.Sleep(20 * time.Millisecond)
					mu.Lock()
					now--
					o := Outcome{Took: 20 * time.Millisecond}
					if up {
						o.Accepted = Amount{Records: n}
					}
					mu.Unlock()
					p.Learn(o)
					p.Leave(0)
				}
			})
		}
		time.Sleep(time.Minute)
		mu.Lock()
		require.Equal(t, 1, most)
		require.LessOrEqual(t, largest, 100, "a small part is enough to ask")
		require.Less(t, len(asked), 30)
		require.InDelta(t, 60, p.State().Outage.Seconds(), 1)
		up = true
		mu.Unlock()
		time.Sleep(13 * time.Second)
		require.Zero(t, p.State().Outage)
		require.True(t, p.State().Throttled, "not all that has gathered goes at once")
		cancel()
		all.Wait()
	})
}

// through is a request that comes and goes where nothing is refused, with its news
// of four shards.
func through(ctx context.Context, p *Pacer) {
	p.Enter(ctx, ofRecords(500))
	for i := range 4 {
		p.Shards().Learn(onShard(i, 125, 0))
	}
	p.Learn(accepted(500))
	p.Leave(0)
}

func TestNothingIsPaidWhereNothingWasRefused(t *testing.T) {
	p := wide(32, 1<<20)
	require.Zero(t, testing.AllocsPerRun(1000, func() { through(t.Context(), p) }))
	require.Nil(t, p.timer)
}

func BenchmarkNothingRefused(b *testing.B) {
	for name, each := range map[string]func(*Pacer){
		"request": func(p *Pacer) {
			p.Enter(b.Context(), ofRecords(500))
			p.Learn(accepted(500))
			p.Leave(0)
		},
		"request of four shards": func(p *Pacer) { through(b.Context(), p) },
		"any shard":              func(p *Pacer) { p.Shards().Any() },
	} {
		b.Run(name, func(b *testing.B) {
			p := wide(32, 1<<20)
			b.ReportAllocs()
			for b.Loop() {
				each(p)
			}
		})
	}
}

// A shard that is known costs the same, however many there are.
func BenchmarkALearningOfOneShardOfMany(b *testing.B) {
	p := wide(32, 1<<20)
	shares := make([]Share, 100)
	for i := range shares {
		first := uint64(i) << 56
		shares[i] = Share{Shard: fmt.Sprintf("shardId-%012d", i), Outcome: accepted(5), First: first, Last: first + 1<<55}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p.Shards().Learn(shares[i%len(shares)])
		i++
	}
}

func TestAnIdlePacerForgetsItsRateWithTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(32, 1<<20)
		require.Equal(t, Begins, p.Learn(Outcome{Accepted: Amount{Records: 900}, Refused: Amount{Records: 100}}))
		time.Sleep(5 * time.Minute)
		begin := time.Now()
		n := p.Enter(t.Context(), ofRecords(500))
		require.Positive(t, n)
		require.Less(t, n, 500)
		require.Equal(t, Ends, p.Learn(accepted(n)))
		p.Leave(0)
		require.Equal(t, 500, p.Enter(t.Context(), ofRecords(500)))
		require.Zero(t, time.Since(begin))
	})
}

func TestAContextThatHasEndedWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(1, 1<<20)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Equal(t, 1, p.Enter(ctx, ofRecords(1)), "there is a place, and nobody who waits for it")
		require.Zero(t, p.Enter(ctx, ofRecords(1)))
		require.Zero(t, p.Enter(t.Context(), Ask{}), "nor does an ask for nothing")
		require.Equal(t, 1, p.State().InFlight)
		require.Zero(t, p.State().Waiting)
		p.Leave(0)
	})
}

// An outage of hours costs a question every few seconds, and is over with the
// first that is answered.
func TestAnOutageOfHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := wide(32, 1<<20)
		begin, up, asked := time.Now(), 6*time.Hour, 0
		for accepted := 0; accepted == 0; asked++ {
			n := p.Enter(t.Context(), ofRecords(500))
			o := Outcome{Took: time.Millisecond}
			time.Sleep(o.Took)
			if time.Since(begin) > up {
				accepted = n
				o.Accepted.Records = n
			}
			p.Learn(o)
			p.Leave(0)
		}
		require.Less(t, time.Since(begin), up+13*time.Second)
		require.InDelta(t, up/mostPause, asked, 500)
		require.Zero(t, p.State().Outage)
		require.Positive(t, p.Enter(t.Context(), ofRecords(500)))
	})
}
