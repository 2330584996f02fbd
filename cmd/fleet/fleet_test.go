package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A bound is what the figures of a scenario must keep. What is zero is not asked.
type bound struct {
	waste   float64 // at most
	pace    float64 // at least
	worst   float64 // at most
	jain    float64 // at least
	slower  float64 // at least
	recover time.Duration
}

func (b bound) hold(t *testing.T, f figures) {
	t.Helper()
	require.LessOrEqual(t, f.waste, b.waste, "refused for each accepted")
	require.GreaterOrEqual(t, f.pace, b.pace, "of the best possible")
	require.GreaterOrEqual(t, f.jain, b.jain, "Jain's index")
	require.GreaterOrEqual(t, f.slower, b.slower, "the slower of the faster")
	require.Zero(t, f.lost, "records")
	if b.worst > 0 {
		require.LessOrEqual(t, f.worst, b.worst, "refused in any second")
	}
	if b.recover > 0 {
		require.LessOrEqual(t, f.recover, b.recover, "until the new limit is used")
		require.GreaterOrEqual(t, f.recover, time.Duration(0), "the new limit is used")
	}
}

// each runs a scenario with three seeds, with shards that count in each of these
// ways.
func each(t *testing.T, sc scenario, b bound, names ...string) {
	for _, name := range names {
		l, err := limitsOf(name)
		require.NoError(t, err)
		for seed := range uint64(3) {
			t.Run(sc.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				b.hold(t, sc.run(seed, l))
			})
		}
	}
}

// simulated skips what would take a minute under the race detector, which has
// nothing to find in one goroutine.
func simulated(t *testing.T) {
	if raced {
		t.Skip("one goroutine has no races")
	}
}

func TestFewProcessesAtTheLimit(t *testing.T) {
	simulated(t)
	bounds := map[string]bound{
		"1 worker":                      {waste: 0.10, pace: 0.95},
		"8 workers":                     {waste: 0.10, pace: 0.95},
		"8 workers, small chunks":       {waste: 0.10, pace: 0.95},
		"8 workers, partition keys":     {waste: 0.25, pace: 0.95},
		"4 workers, aggregated":         {waste: 0.25, pace: 0.95},
		"2 processes":                   {waste: 0.25, pace: 0.90, slower: 0.80},
		"2 processes, one later":        {waste: 0.25, slower: 0.70}, // which has less time as well
		"a newcomer":                    {waste: 0.25, pace: 0.95, slower: 0.60},
		"4 shards become 8":             {waste: 0.25, recover: 5 * time.Second},
		"8 workers, after an outage":    {waste: 0.10, pace: 0.80, recover: 10 * time.Second},
		"8 workers, begun in an outage": {waste: 0.10, recover: 25 * time.Second},
	}
	for _, sc := range few() {
		if b, ok := bounds[sc.name]; ok {
			each(t, sc, b, "bucket", "windows")
		}
	}
}

// TestTheFirstWholeSecondAtTheLimitIsFilled looks at what the benchmark looks at. Shards that count
// anew in each second of the clock give all of a share at once, so the first refusal comes in the
// second in which the run begins. The next one is to be filled by a rate that has just begun.
func TestTheFirstWholeSecondAtTheLimitIsFilled(t *testing.T) {
	simulated(t)
	const size = 25_500 // of an aggregate while the stream is at its limit
	for seed := range uint64(20) {
		w := newWorld(seed, limits{windows: true}, fewShards)
		a := w.agent()
		a.perRequest, a.spread = 3, true
		a.source = func(*rand.Rand) record { return record{place: a.place(), size: size} }
		a.work(4, 80, math.MaxInt)
		next := w.begin.Truncate(time.Second).Add(time.Second)
		w.run(next)
		before := a.accepted
		w.run(next.Add(time.Second))
		require.GreaterOrEqual(t, a.accepted-before, fewShards*(shardBytes/size)*8/10, "seed %d", seed)
	}
}

func TestAFleetAtTheLimit(t *testing.T) {
	simulated(t)
	bounds := map[string]bound{
		"fleet, steady":                 {waste: 0.30, pace: 0.95, jain: 0.95},
		"fleet, bursty":                 {waste: 0.30, pace: 0.95, jain: 0.95},
		"fleet, after an outage":        {waste: 0.30, jain: 0.95, worst: 1.0 / 3, recover: 10 * time.Second},
		"fleet, an outage at the limit": {waste: 0.30, pace: 0.90, jain: 0.95, worst: 1.0 / 3, recover: 10 * time.Second},
		"fleet, shards doubled":         {waste: 0.30, jain: 0.95, recover: 5 * time.Second},
	}
	l, err := limitsOf("bucket")
	require.NoError(t, err)
	for _, sc := range (fleet{agents: 1000, shards: 100}).scenarios() {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			bounds[sc.name].hold(t, sc.run(1, l))
		})
	}
}

func TestTheSameSeedIsTheSameRun(t *testing.T) {
	l, err := limitsOf("bucket")
	require.NoError(t, err)
	f := fleet{agents: 20, shards: 2}
	require.Equal(t, f.steady(7, l), f.steady(7, l))
	require.NotEqual(t, f.steady(7, l), f.steady(8, l))
}

func TestAShardTakesAThousandRecordsAndAMebibyteASecond(t *testing.T) {
	for _, l := range allLimits {
		for name, test := range map[string]struct {
			size, most int // records in ten seconds
		}{
			"records": {100, 10_000},
			"bytes":   {100_000, 104},
		} {
			t.Run(l.name+"/"+name, func(t *testing.T) {
				w := newWorld(1, l, 1)
				w.run(w.second(1))
				accepted := 0
				for range 1000 { // a hundredth of a second apart
					w.run(w.now.Add(10 * time.Millisecond))
					records := make([]record, 2*test.most/1000+1)
					for i := range records {
						records[i].size = test.size
					}
					refused, answered := w.stream.put(w.now, records)
					require.True(t, answered)
					accepted += len(records) - refused
				}
				require.InDelta(t, test.most, accepted, float64(test.most)*0.13, "what it has saved up, or loses for not fitting")
			})
		}
	}
}

func TestJainsIndex(t *testing.T) {
	require.Equal(t, 1.0, jain([]float64{5, 5, 5}))
	require.Equal(t, 0.25, jain([]float64{5, 0, 0, 0}))
}
