package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

func TestProgressTellsHowFastTheLastSecondWas(t *testing.T) {
	begin := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	g := gauge{limit: 4}
	for _, step := range []struct {
		after           time.Duration
		landed, refused int64
		bytes           int64
		inFlight        int
		want            string
	}{
		{0, 0, 0, 0, 0, "landed 0 of 9,000, 0/s (0% of the limit), refused 0/s, 0 in flight"},
		{200 * time.Millisecond, 400, 20, 1000, 3, "landed 400 of 9,000, 2,000/s (50% of the limit), refused 100/s, 3 in flight"},
		{800 * time.Millisecond, 4000, 20, 10_000, 8, "landed 4,000 of 9,000, 4,000/s (100% of the limit), refused 20/s, 8 in flight"},
		{500 * time.Millisecond, 4600, 20, 10_000, 1, "landed 4,600 of 9,000, 3,231/s (81% of the limit), refused 0/s, 1 in flight"},
		{time.Second, 4601, 20, 10_000 + 2<<20, 1, "landed 4,601 of 9,000, 1/s (50% of the limit), refused 0/s, 1 in flight"},
	} {
		begin = begin.Add(step.after)
		require.Equal(t, step.want, g.read(sample{at: begin, counts: result{sent: 9000, landed: step.landed},
			stats: kinesistest.Stats{Landed: step.landed, LandedBytes: step.bytes, Throttled: step.refused, InFlight: step.inFlight}}).line())
	}
}

func TestProgressWithoutLimitsTellsOfRefusalsWhereThereAreSome(t *testing.T) {
	var g gauge
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	require.Equal(t, "landed 0 of 0, 0/s, 0 in flight", g.read(sample{at: at}).line())
	at = at.Add(2 * time.Second)
	require.Equal(t, "landed 20 of 50, 10/s, 0 in flight", g.read(sample{at: at, counts: result{sent: 50, landed: 20}, stats: kinesistest.Stats{Landed: 20}}).line())
	at = at.Add(2 * time.Second)
	require.Equal(t, "landed 20 of 50, 0/s, refused 5/s, 0 in flight", g.read(sample{at: at, counts: result{sent: 50, landed: 20}, stats: kinesistest.Stats{Landed: 20, Throttled: 10}}).line())
}

func TestProgressTellsThePaceWhereItIsKnown(t *testing.T) {
	var g gauge
	plugin := pluginPage{"throttled": 1, "pace_records_per_second": 1234.4}
	require.Equal(t, "landed 0 of 0, 0/s, 0 in flight, pace 1,234/s", g.read(sample{at: time.Now(), plugin: plugin}).line())
	require.Equal(t, "landed 0 of 0, 0/s, 0 in flight", g.read(sample{at: time.Now(), plugin: pluginPage{"throttled": 0}}).line())
}

func TestAShardThatWasNotThereBeganWithNothing(t *testing.T) {
	var g gauge
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	g.read(sample{at: at, shards: []shard{{name: "b 0", records: 100}}})
	r := g.read(sample{at: at.Add(2 * time.Second), shards: []shard{{name: "a 0", records: 10}, {name: "b 0", records: 104}}})
	require.Equal(t, 5.0, r.shards[0].perSecond)
	require.Equal(t, 2.0, r.shards[1].perSecond)
}
