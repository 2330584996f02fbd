package pace

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// limited is a Core whose rate is so many records a second, and has been for long,
// of which nothing is saved up, and a time.
func limited(records float64) (*Core, time.Time) {
	c := NewCore(Options{Requests: 32, Bytes: 1 << 20, Random: rand.New(rand.NewPCG(1, 2))})
	now := time.Unix(1_000_000, 0)
	c.refused = now
	c.limit(now, records/shardRecords, 0)
	c.rate.began = now.Add(-time.Hour)
	return c, now
}

func TestARateFollowsWhatIsAccepted(t *testing.T) {
	const waits, nobody = true, false
	for name, test := range map[string]struct {
		accepted, refused int // in tenths of a second
		seconds           int
		waits             bool
		least, most       float64 // of the rate at first
	}{
		"what is refused is taken off it, and a little more":         {360, 40, 1, waits, 0.75, 0.92},
		"it falls by about half in a second in which all is refused": {0, 400, 1, waits, 0.3, 0.5},
		"it keeps what nobody waits for":                             {400, 0, 4, nobody, 1, 1},
		"it grows slowly at first":                                   {400, 0, 1, waits, 1.03, 1.08},
		"it grows faster where nothing is refused for some time":     {400, 0, 4, waits, 1.5, 3},
		"it keeps about what it has where a few of many are refused": {396, 4, 5, waits, 0.45, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c, now := limited(4000)
			first := c.rate.perSecond
			for range 10 * test.seconds {
				now = now.Add(time.Second / 10)
				o := Outcome{Accepted: Amount{Records: test.accepted}, Refused: Amount{Records: test.refused}}
				c.rate.learn(now, now, o, test.waits)
			}
			require.GreaterOrEqual(t, c.rate.perSecond/first, test.least)
			require.LessOrEqual(t, c.rate.perSecond/first, test.most)
		})
	}
}

func TestASmallRateGrowsByMoreOfItself(t *testing.T) {
	for name, rates := range map[string][2]float64{
		"of several shards":     {1500, 4000},
		"of less than one":      {100, 500},
		"of one and of several": {900, 2000},
	} {
		t.Run(name, func(t *testing.T) {
			small, now := limited(rates[0])
			large, _ := limited(rates[1])
			require.Greater(t, small.rate.gain(now), large.rate.gain(now))
		})
	}
}

func TestARateIsLessCertainInItsFirstSeconds(t *testing.T) {
	for name, test := range map[string]struct {
		records float64
		differs bool
	}{
		"one of a few": {3000, true},
		"one of many":  {200, false},
	} {
		t.Run(name, func(t *testing.T) {
			old, now := limited(test.records)
			young, _ := limited(test.records)
			young.rate.began = now
			require.Equal(t, test.differs, young.rate.gain(now) > old.rate.gain(now), "it grows faster")
			now = now.Add(easeEvery)
			for _, r := range []*rate{&old.rate, &young.rate} {
				r.count(now, 9, 1)
				r.ease(now)
			}
			require.Equal(t, test.differs, young.rate.perSecond < old.rate.perSecond, "it is lowered by more")
		})
	}
}

func TestTheFirstRefusalSaysWhatTheStreamTakes(t *testing.T) {
	for name, test := range map[string]struct {
		accepted int // in the second before it
		rate     float64
	}{
		"as much as was accepted":                  {1000, 1000},
		"less of much, of which a part was chance": {4000, 2000},
		"but no less than a quarter":               {100_000, 25_000},
		"and something where little was":           {100, 250},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCore(Options{Requests: 32, Bytes: 1 << 20})
			now := time.Unix(1_000_000, 0)
			if test.accepted > 0 {
				require.Equal(t, Same, c.Learn(now, accepted(test.accepted)))
			}
			require.Equal(t, Begins, c.Learn(now.Add(100*time.Millisecond), refused(100)))
			require.InEpsilon(t, test.rate, c.rate.perSecond*shardRecords, 0.01)
		})
	}
}

func TestOneNumberStandsForRecordsAndBytes(t *testing.T) {
	require.Equal(t, 1.0, Amount{Records: 1000, Bytes: 1000}.cost())
	require.Equal(t, 1.0, Amount{Records: 1, Bytes: 1 << 20}.cost())
	c, now := limited(1000)
	c.Learn(now, Outcome{Accepted: Amount{Records: 10, Bytes: 10 << 19}, Took: time.Hour})
	s := c.State(now)
	require.InEpsilon(t, 2, s.Records, 0.3, "of half a mebibyte each")
	require.InEpsilon(t, 1<<20, s.Bytes, 0.3)
}

func TestRefusalsOfAFullShardAreNoNewsOfTheStream(t *testing.T) {
	c, now := limited(1000)
	before := *c
	require.Equal(t, Same, c.Learn(now, Outcome{Apart: Amount{Records: 100}}))
	require.Equal(t, before.rate, c.rate)
	require.False(t, c.drought.on, "and no outage")
}

func TestARequestLargerThanTheRateIsNotWaitedForForEver(t *testing.T) {
	for name, ask := range map[string]Ask{
		"a record of a mebibyte":     {Amount: Amount{Records: 1, Bytes: 1 << 20}},
		"of ten, sent as a whole":    {Amount: Amount{Records: 10, Bytes: 10 << 20}, Whole: true},
		"of ten, sent in parts":      {Amount: Amount{Records: 10, Bytes: 10 << 20}},
		"of more than may be flying": {Amount: Amount{Records: 1, Bytes: 1 << 20}, Weight: 5 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			c, now := limited(1)
			require.Equal(t, leastRate*shardRecords, 5.0)
			begin := now
			for range 20 {
				let := 0
				in := func(records int) { let = records }
				for c.Enter(now, ask, in); let == 0; {
					next := c.Advance(now)
					require.LessOrEqual(t, next.Sub(now), mostDebt+time.Second)
					now = next
				}
				c.Leave(now, ask.Weight)
				c.Learn(now, Outcome{Accepted: Amount{Records: let, Bytes: let << 20}})
			}
			require.Less(t, now.Sub(begin), 2*time.Minute)
		})
	}
}

func TestAnAnswerOfFullShardsAloneIsNoAnswerToTheQuestion(t *testing.T) {
	c, now := limited(1000)
	var asked []time.Time
	c.Learn(now, refused(10))
	require.True(t, c.drought.on)
	c.Enter(now, ofRecords(500), func(int) { asked = append(asked, now) })
	now = c.Advance(now)
	c.Advance(now)
	require.Len(t, asked, 1)
	c.Enter(now, ofRecords(500), func(int) { asked = append(asked, now) })
	now = now.Add(10 * time.Millisecond)
	c.Leave(now, 0)
	c.Learn(now, Outcome{Apart: Amount{Records: 20}, Took: 10 * time.Millisecond})
	now = now.Add(leastPause)
	c.Advance(now)
	require.Len(t, asked, 2, "another is asked soon")
}

func TestWhoAsksForNothingHoldsUpNobody(t *testing.T) {
	c, now := limited(1000)
	c.Enter(now, Ask{}, func(int) { t.Error("let in") })
	in := 0
	c.Enter(now, ofRecords(1), func(records int) { in = records })
	require.Equal(t, 1, in)
}

func TestAsManyAsThereAreMayBeInFlightWithoutABound(t *testing.T) {
	c := NewCore(Options{Requests: math.MaxInt, Bytes: math.MaxInt})
	c.window = math.Inf(1)
	require.Equal(t, math.MaxInt, c.most())
	c.window = 2.5
	require.Equal(t, 2, c.most())
}

// What was learned at the limit, a minute ago, is no ground to grow fast on while
// the shards live on what they have saved up.
func TestAfterAnOutageTheRateBeginsAnew(t *testing.T) {
	for name, test := range map[string]struct {
		before int // accepted in the second before it
		rate   float64
	}{
		"with what was accepted before it":     {2000, 2000},
		"with a little where nothing ever was": {0, 50},
	} {
		t.Run(name, func(t *testing.T) {
			c, now := limited(3000)
			if test.before > 0 {
				c.recent.add(now, Amount{Records: test.before})
			}
			c.Learn(now, Outcome{})
			now = now.Add(time.Minute)
			c.Learn(now, Outcome{Accepted: Amount{Records: 20}})
			require.InEpsilon(t, test.rate, c.State(now).Records, 0.01)
			require.Equal(t, lateGain, c.rate.gain(now.Add(5*time.Second)))
			require.Greater(t, c.rate.gain(now.Add(15*time.Second)), lateGain, "later it has been long enough")
		})
	}
}

func TestBadLuckSaysNothingOfTheLimit(t *testing.T) {
	for name, test := range map[string]struct {
		accepted, refused, scattered int
		limited                      bool
	}{
		"all that was refused was bad luck": {450, 50, 50, false},
		"some of it was":                    {450, 50, 49, true},
		"it was too much for that":          {100, 400, 400, true},
		"nothing was ever accepted":         {0, 50, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCore(Options{Requests: 8, Bytes: 1 << 20})
			c.Learn(time.Unix(1000, 0), Outcome{
				Accepted:  Amount{Records: test.accepted},
				Refused:   Amount{Records: test.refused},
				Scattered: Amount{Records: test.scattered},
			})
			require.Equal(t, test.limited, c.limited)
		})
	}
}

func TestWhereNobodyAnswersPlacesOpenOneAfterTheOther(t *testing.T) {
	now := time.Unix(1000, 0)
	c := NewCore(Options{Requests: 6, Bytes: 1 << 20})
	in := 0
	for range 10 {
		c.Enter(now, Ask{Amount: Amount{Records: 1}, Weight: 1}, func(int) { in++ })
	}
	require.Equal(t, firstWindow, in)
	for want := firstWindow; want < 6; want++ {
		require.Equal(t, want, in)
		next := c.Advance(now)
		require.Equal(t, now.Add(openAfter), next)
		now = next
		c.Advance(now)
	}
	require.Equal(t, 6, in)
	require.Zero(t, c.Advance(now.Add(time.Minute)))
	require.Equal(t, 6, in)
}

func TestARateKnowsItsShareOfTheStream(t *testing.T) {
	for name, test := range map[string]struct {
		shards   int     // that the answer names
		began    float64 // what the rate began with, in shards
		accepted float64 // in the last second, in shards
		rate     float64
		early    bool // it still makes room for others
	}{
		"one of few begins with two thirds of the stream": {4, 0.25, 0.1, 4 * firstPart, true},
		"on twice the shards it begins with half of that": {8, 0.25, 0.1, 2 * firstPart, true},
		"one of many begins with what it had":             {100, 0.25, 0.1, 0.25, false},
		"what began with more keeps it":                   {4, 3, 2, 3, true},
		"one shard says nothing of the stream":            {1, 0.25, 0.1, 0.25, false},
		"who has all of it makes no room":                 {4, 3, 3.6, 3, false},
		"without names nothing is known":                  {0, 2, 3.6, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			var r rate
			r.start(now, 1, firstGain)
			r.perSecond = test.began
			r.compare(now, test.shards, test.accepted)
			require.InDelta(t, test.rate, r.perSecond, 1e-9)
			require.Equal(t, test.early, r.early(now))
		})
	}
}

func TestWhatIsRefusedBesideWhatIsAcceptedIsTakenOffFromTheBeginning(t *testing.T) {
	for name, test := range map[string]struct {
		accepted int
		rate     float64
	}{
		"the rest of a second that is used up": {0, 2},
		"a rate that is too high":              {50, 2 - 0.050},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1000, 0)
			var r rate
			r.start(now, 4, firstGain)
			now = now.Add(easeEvery / 2)
			r.learn(now, now, Outcome{Accepted: Amount{Records: test.accepted}, Refused: Amount{Records: 50}}, false)
			require.InDelta(t, test.rate, r.perSecond, 0.001)
		})
	}
}

func TestAStreamThatRefusesEverythingIsNotAnOutage(t *testing.T) {
	for name, test := range map[string]struct {
		outcome Outcome
		outage  bool
	}{
		"all is refused for its pace": {Outcome{Refused: Amount{Records: 10}}, false},
		"requests fail":               {Outcome{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c, now := limited(3000)
			for range 20 {
				now = now.Add(time.Second)
				c.Learn(now, test.outcome)
			}
			require.Equal(t, test.outage, c.drought.outage(now))
		})
	}
}
