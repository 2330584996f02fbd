package kinesis

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

// everyWay runs a test in each of the ways in which flushes wait for their
// records, on a clock of its own.
func everyWay(t *testing.T, test func(t *testing.T, w way, s *fakeStream, o *Output)) {
	t.Helper()
	for _, w := range ways {
		if w.background || w.sharded {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, packed: w.packed}
				test(t, w, s, outputOf(t, s, w.with("data_keys", "n")...))
			})
		})
	}
}

// timed is how long a flush takes that is taken.
func (o *Output) timed(t *testing.T, chunk []byte) time.Duration {
	begin := time.Now()
	if code := o.Flush(chunk, "tag"); code != OK {
		t.Errorf("the answer is %d", code)
	}
	return time.Since(begin)
}

// loops has workers flush so many chunks each, one after the other, and returns
// how long each took, round by round.
func (o *Output) loops(t *testing.T, workers, rounds int, chunk []byte) (took [][]time.Duration) {
	took = make([][]time.Duration, rounds)
	var mu sync.Mutex
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for round := range rounds {
				d := o.timed(t, chunk)
				mu.Lock()
				took[round] = append(took[round], d)
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return took
}

func TestAFlushThatIsAloneGoesAtOnce(t *testing.T) {
	everyWay(t, func(t *testing.T, _ way, s *fakeStream, o *Output) {
		flushes := 0
		for _, latency := range []time.Duration{0, time.Microsecond, time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond, time.Minute} {
			for _, n := range []int{1, 11, 50, 500} {
				for _, idle := range []time.Duration{0, time.Millisecond, time.Hour} {
					s.latency = latency
					require.Equal(t, latency, o.timed(t, keyed(n, 7)))
					flushes++
					time.Sleep(idle)
				}
			}
		}
		require.Equal(t, flushes, s.requestCount())
		requireIdle(t, o)
	})
}

func TestFlushesOfSixteenWorkersFallIntoStep(t *testing.T) {
	const workers, rounds, first = 16, 50, 10
	const latency, late = 25 * time.Millisecond, 3 * time.Millisecond
	for name, test := range map[string]struct {
		options []string
		keys    int
		perKey  time.Duration // that a round may take longer where keys are shared
	}{
		"plain":                            {nil, 7, 0},
		"packed":                           {[]string{"aggregation", "on"}, 7, 0},
		"by keys that all share":           {[]string{"partition_key", "key"}, 40, latency},
		"packed, by keys that all share":   {[]string{"partition_key", "key", "aggregation", "on"}, 40, latency},
		"by one key for all":               {[]string{"partition_key", "key"}, 1, latency},
		"packed, by one key for all":       {[]string{"partition_key", "key", "aggregation", "on"}, 1, latency},
		"in requests of the binary format": {[]string{"wire_format", "cbor"}, 7, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: latency}
				o := outputOf(t, s, append(test.options, "data_keys", "n")...)
				o.loops(t, workers, first, keyed(11, test.keys))
				before := s.requestCount()
				took := o.loops(t, workers, rounds, keyed(11, test.keys))
				require.LessOrEqual(t, s.requestCount()-before, workers*rounds/8, "a request for 8 chunks")
				for round := first; round < rounds; round++ {
					require.LessOrEqual(t, slices.Max(took[round]), latency+late+test.perKey, "round %d", round)
				}
				require.Len(t, s.userNumbers(), workers*(first+rounds)*11)
				require.Zero(t, s.overlaps)
				requireIdle(t, o)
			})
		})
	}
}

// What workers in a loop may cost: how many chunks share a request at least, and
// how much longer than a request a round takes at most. Two groups of workers may
// wait for each other by turns, for half a request each, and not fall into step.
func TestHowManyRequestsAndHowMuchTimeChunksTake(t *testing.T) {
	const rounds = 20
	const half, whole = 2, 1 // of a trip
	for _, test := range []struct {
		latency time.Duration
		workers int
		chunks  float64 // that share a request on average, at least
		part    int     // of a trip that a round may take longer
	}{
		{0, 1, 1, half}, {0, 2, 1, half}, {0, 4, 1, half}, {0, 16, 1, half}, {0, 64, 1, half},
		{time.Millisecond, 1, 1, half}, {time.Millisecond, 2, 1, half}, {time.Millisecond, 4, 2, half}, {time.Millisecond, 16, 7, half}, {time.Millisecond, 64, 14, whole},
		{5 * time.Millisecond, 1, 1, half}, {5 * time.Millisecond, 2, 1, half}, {5 * time.Millisecond, 4, 2, half}, {5 * time.Millisecond, 16, 7, half}, {5 * time.Millisecond, 64, 14, whole},
		{100 * time.Millisecond, 1, 1, half}, {100 * time.Millisecond, 2, 1, half}, {100 * time.Millisecond, 4, 2, half}, {100 * time.Millisecond, 16, 7, half}, {100 * time.Millisecond, 64, 14, whole},
	} {
		t.Run(fmt.Sprintf("%d workers, %v", test.workers, test.latency), func(t *testing.T) {
			everyWay(t, func(t *testing.T, w way, s *fakeStream, o *Output) {
				s.latency = test.latency
				begin := time.Now()
				o.loops(t, test.workers, rounds, keyed(11, 40))
				chunks := float64(test.workers*rounds) / float64(s.requestCount())
				require.GreaterOrEqual(t, chunks, test.chunks)
				most := test.latency + test.latency/time.Duration(test.part) + mostGrace + firstTrip
				require.LessOrEqual(t, time.Since(begin)/rounds, most)
				if test.workers == 1 {
					require.Equal(t, rounds*test.latency, time.Since(begin))
					require.Equal(t, rounds, s.requestCount())
				}
			})
		})
	}
}

// A flush that has come, and does not get done with its chunk, holds others up
// for a moment. Those of its keys that come behind it wait, for the order.
func TestAFlushThatDoesNotEndIsWaitedForOnlyAMoment(t *testing.T) {
	everyWay(t, func(t *testing.T, w way, s *fakeStream, o *Output) {
		if w.keyed {
			t.Skip("whoever has an order to keep waits")
		}
		const latency = 25 * time.Millisecond
		s.latency = latency
		stuck := o.enter(10)
		for range 20 {
			require.LessOrEqual(t, o.timed(t, numbered(5)), latency+mostGrace)
		}
		for _, round := range o.loops(t, 16, 30, numbered(5))[10:] {
			require.LessOrEqual(t, slices.Max(round), latency+2*mostGrace)
		}
		stuck.ends(t)
		requireIdle(t, o)
	})
}

// Whoever comes before it does not wait at all for a flush that came behind.
func TestAFlushDoesNotWaitForTheOrderOfThoseBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = 25 * time.Millisecond
		s := &fakeStream{t: t, latency: latency}
		o := outputOf(t, s, "partition_key", "key", "data_keys", "n")
		first, second := o.enter(10), o.enter(10)
		first.encodes(t, numberedFrom(0, 5, "k"))
		begin := time.Now()
		first.ends(t)
		require.LessOrEqual(t, time.Since(begin), latency+mostGrace)
		second.ends(t)
		requireIdle(t, o)
	})
}

// A request that hangs has the rests of other flushes wait for half as long as a
// request takes, and never long.
func TestARequestThatHangsHoldsOthersUpForHalfOfATripAtMost(t *testing.T) {
	everyWay(t, func(t *testing.T, w way, s *fakeStream, o *Output) {
		keys := o.strangers(4)
		for _, latency := range []time.Duration{time.Millisecond, 25 * time.Millisecond, time.Second} {
			s.latency = latency
			for range 60 {
				o.timed(t, numberedFrom(0, 3, keys[0])) // it learns how long a request takes
			}
			var hangs atomic.Bool
			s.before = func(ctx context.Context, _ []putRecord) {
				if hangs.CompareAndSwap(false, true) {
					pause(ctx, time.Minute)
				}
			}
			var workers sync.WaitGroup
			workers.Go(func() { o.timed(t, numberedFrom(0, 3, keys[0])) })
			synctest.Wait()
			wait := o.d.answerWait()
			for _, key := range keys[1:] {
				workers.Go(func() {
					for range 40 {
						if took := o.timed(t, numberedFrom(0, 3, key)); took > 2*latency+wait+mostGrace {
							t.Errorf("%v where a request takes %v", took, latency)
						}
					}
				})
			}
			workers.Wait()
			s.before = nil
		}
		requireIdle(t, o)
	})
}

// What is full, or almost, gains nothing by waiting.
func TestFullRequestsGoAsTheyAre(t *testing.T) {
	everyWay(t, func(t *testing.T, w way, s *fakeStream, o *Output) {
		if len(w.options) > 0 {
			t.Skip("500 records are a small aggregate")
		}
		const latency = 25 * time.Millisecond
		s.latency = latency
		for _, test := range []struct {
			records  int
			requests []int
		}{
			{500, []int{500}}, {400, []int{400}}, {1000, []int{500, 500}}, {501, []int{500, 1}}, {1011, []int{500, 500, 11}},
		} {
			keys := o.strangers(2)
			small := o.enter(10)
			small.encodes(t, numberedFrom(0, 1, keys[0]))
			var workers sync.WaitGroup
			workers.Go(func() { small.ends(t) }) // it has no answer yet, so that rests would wait
			synctest.Wait()
			s.requests = nil
			late := o.enter(10) // it would be waited for, but for its keys it came behind
			f := o.enter(10)
			if w.keyed {
				late.ends(t)
			}
			f.encodes(t, numberedFrom(0, test.records, keys[1]))
			begin := time.Now()
			f.ends(t)
			if w.keyed { // of one key, so that one request waits for the other
				require.Equal(t, time.Duration(len(test.requests))*latency, time.Since(begin), "%d records", test.records)
			} else {
				require.Equal(t, latency, time.Since(begin), "%d records", test.records)
				late.ends(t)
			}
			workers.Wait()
			slices.Sort(s.requests)
			slices.Sort(test.requests)
			require.Equal(t, test.requests, s.requests)
		}
		requireIdle(t, o)
	})
}

// The rules in a model: whatever the numbers, nothing waits longer than they say,
// and a flush that is alone not at all.
func TestWaitIsBoundedWhateverIsGoingOn(t *testing.T) {
	now := time.Now()
	for _, trip := range []time.Duration{0, time.Microsecond, time.Millisecond, 25 * time.Millisecond, time.Second, time.Hour} {
		for _, since := range []time.Duration{0, time.Microsecond, time.Millisecond, 3 * time.Millisecond, 60 * time.Millisecond, time.Minute} {
			for _, answered := range []time.Duration{0, time.Microsecond, time.Millisecond, time.Minute, 1000 * time.Hour} {
				for state := range 8 {
					c := combiner{trip: trip, since: now.Add(-since), answered: now.Add(-answered)}
					c.encoding, c.away, c.coming = state&1, state&2, state&4
					wait := c.wait(now)
					grace := min(mostGrace, trip/4)
					switch {
					case c.away > 0:
						require.LessOrEqual(t, wait, max(grace, min(mostAway, trip*5/4)-since))
					case c.encoding > 0:
						require.LessOrEqual(t, wait, max(grace-since, grace-answered, 0))
						require.GreaterOrEqual(t, wait, max(grace-since, 0))
					case c.coming > 0 && answered < grace:
						require.LessOrEqual(t, wait, grace)
						require.Positive(t, wait)
					default:
						require.Zero(t, wait)
					}
				}
			}
		}
	}
}

func TestHearLearnsHowLongARequestTakesAndWhoMayBeBack(t *testing.T) {
	now := time.Now()
	c := combiner{trip: firstTrip, away: 7}
	c.hear(3, time.Minute, true, now)
	learned := firstTrip + (mostTrips-1)*firstTrip/8
	require.Equal(t, learned, c.trip, "one slow answer says little of the next")
	require.Equal(t, 4, c.away)
	require.Equal(t, 3, c.coming)
	c.hear(4, time.Hour, false, now.Add(c.grace()))
	require.Equal(t, learned, c.trip, "a failure says nothing of how long a request takes")
	require.Zero(t, c.away)
	require.Equal(t, 7, c.coming, "all that were answered a moment ago")
	c.enter()
	require.Equal(t, 6, c.coming)
	require.Equal(t, 1, c.encoding)
	c.away = 1
	c.hear(1, 0, false, now.Add(time.Second))
	require.Equal(t, 1, c.coming, "the others will not come any more")
	for range 3 {
		c.enter()
	}
	require.Zero(t, c.coming)
	for range 200 {
		c.hear(0, 25*time.Millisecond, true, now)
	}
	require.InDelta(t, 25*time.Millisecond, c.trip, float64(time.Microsecond))
}

// A stream that is down has everybody fail, and nobody wait for what no longer
// comes.
func TestAfterAnOutageFlushesGoAsBefore(t *testing.T) {
	everyWay(t, func(t *testing.T, _ way, s *fakeStream, o *Output) {
		s.latency = 25 * time.Millisecond
		for _, f := range []service.Fault{service.Failing, service.Denied, service.Unanswered, service.Invalid} {
			s.fail = func(context.Context, []putRecord) error { return failed(f) }
			chunks := slices.Repeat([][]byte{keyed(11, 7)}, 16)
			want := Retry
			if f == service.Invalid { // all of them are at fault
				want = OK
			}
			codes, _ := o.atOnce(chunks...)
			require.Equal(t, slices.Repeat([]Code{want}, 16), codes)
			requireIdle(t, o)
			s.fail = nil
			for range 3 { // the first finds out that it is over
				o.timed(t, keyed(11, 7))
				time.Sleep(6 * time.Second)
			}
			require.Equal(t, s.latency, o.timed(t, keyed(11, 7)))
		}
	})
}

// However few flushes have no answer yet, what has gathered waits for it.
func TestWhatHasGatheredWaitsForTheAnswerOfOneFlushAlone(t *testing.T) {
	now := time.Now()
	for _, away := range []int{1, 2, 16} {
		c := combiner{trip: 20 * time.Millisecond, away: away, departed: now, since: now}
		require.Equal(t, 25*time.Millisecond, c.wait(now))
		require.Equal(t, 5*time.Millisecond, c.wait(now.Add(20*time.Millisecond)))
		require.Zero(t, c.wait(now.Add(25*time.Millisecond)))
	}
}

// Others wait for the answer of a request that they might have joined, and not for
// that of a full one.
func TestNobodyWaitsForTheAnswerOfAFullRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outputOf(t, &fakeStream{t: t})
		for entries, awaited := range map[int]int{1: 1, fullEntries - 1: 1, fullEntries: 0} {
			f := &flush{}
			f.unsettled.Add(entries)
			o.d.mu.Lock()
			dl := o.d.depart(o.restOf(f, 0, slices.Repeat([]int{1}, entries), nil), true)
			away := o.d.away
			o.d.mu.Unlock()
			require.Equal(t, awaited, away, "%d entries", entries)
			dl.run()
			f.unsettled.Wait()
			require.Zero(t, o.d.away)
		}
	})
}

// Where keys are in use, what has them gathers until they are free, and what has not
// goes ahead. Others wait for the answer of that alone.
func TestWhatHasKeysThatAreInUseGathersUntilTheyAreFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, latency: 25 * time.Millisecond}
		o := outputOf(t, s, "partition_key", "key", "data_keys", "n")
		d := o.d
		f := &flush{}
		f.unsettled.Add(3)
		before := d.line.join(stripesOf(1))
		d.mu.Lock()
		d.join(o.restOf(f, 0, []int{1}, nil), false)
		alone := d.gathered != nil
		d.absorb(o.restOf(f, 1, []int{2, 3}, nil))
		before.stuck = true // what it has may take long
		d.sendGathered()
		away := d.away
		d.mu.Unlock()
		synctest.Wait()
		sent := s.requestCount()
		d.line.leave(before)
		f.unsettled.Wait()
		require.True(t, alone, "in line nobody could join it")
		require.Equal(t, 1, away)
		require.Equal(t, 1, sent)
		require.Equal(t, 2, s.requestCount())
		requireIdle(t, o)
	})
}
