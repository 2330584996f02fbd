package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"fluent-bit-kinesis/internal/kinesistest"
)

// A sample is what there was at a time.
type sample struct {
	at     time.Time
	counts result
	stats  kinesistest.Stats
	shards []shard
	plugin pluginPage
}

// A shard is one of the streams'.
type shard struct {
	name           string // shard 3, or with the stream's name where there are several
	number         int
	records, bytes int64
}

// shardsOf lists the shards of all streams.
func shardsOf(stream *kinesistest.Server) (shards []shard) {
	names := stream.StreamNames()
	for _, name := range names {
		for _, s := range stream.Shards(name) {
			number := shardNumber(s.ID)
			text := fmt.Sprintf("shard %d", number)
			if len(names) > 1 {
				text = fmt.Sprintf("%s shard %d", name, number)
			}
			shards = append(shards, shard{text, number, s.Records, s.Bytes})
		}
	}
	return shards
}

// A reading is where the run is, and how fast it has been in the last second.
type reading struct {
	sample
	limit   int           // shards that the stream's limit comes from; 0 without limits
	elapsed time.Duration // since the first sample

	landed, refused, bytes float64 // a second; bytes of data and partition keys
	share                  float64 // of the limit
	shards                 []shardReading
}

type shardReading struct {
	shard
	perSecond float64 // records
}

// A gauge tells how fast a run goes, from what there was at one time and at another.
type gauge struct {
	limit  int // shards; 0 without limits
	began  time.Time
	before []sample
}

// gaugeSpan is what speeds are taken over: as a shard's share of a second may be used up all at once, what is shorter says
// little.
const gaugeSpan = time.Second

// read takes a sample, each later than the one before.
func (g *gauge) read(now sample) reading {
	if g.began.IsZero() {
		g.began = now.at
	}
	for len(g.before) > 1 && now.at.Sub(g.before[1].at) >= gaugeSpan {
		g.before = g.before[1:]
	}
	g.before = append(g.before, now)
	before := g.before[0]
	elapsed := now.at.Sub(before.at).Seconds()
	perSecond := func(n int64) float64 {
		if elapsed > 0 {
			return float64(n) / elapsed
		}
		return 0
	}
	r := reading{
		sample:  now,
		limit:   g.limit,
		elapsed: now.at.Sub(g.began),
		landed:  perSecond(now.counts.landed - before.counts.landed),
		refused: perSecond(now.stats.Throttled - before.stats.Throttled),
		bytes:   perSecond(now.stats.LandedBytes - before.stats.LandedBytes),
	}
	if g.limit > 0 {
		records := perSecond(now.stats.Landed - before.stats.Landed)
		r.share = max(records/kinesistest.ShardRecordsPerSecond, r.bytes/kinesistest.ShardBytesPerSecond) / float64(g.limit)
	}
	r.shards = make([]shardReading, len(now.shards))
	then := make(map[string]int64, len(before.shards)) // a stream may have come in between
	for _, s := range before.shards {
		then[s.name] = s.records
	}
	for i, s := range now.shards {
		r.shards[i] = shardReading{s, perSecond(s.records - then[s.name])}
	}
	return r
}

// fullShard is how many records a second make a full bar: a shard's limit, or what the fastest takes.
func (r reading) fullShard() float64 {
	if r.limit > 0 {
		return kinesistest.ShardRecordsPerSecond
	}
	fastest := 1.0
	for _, s := range r.shards {
		fastest = max(fastest, s.perSecond)
	}
	return fastest
}

// line is the reading in a line.
func (r reading) line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "landed %s of %s, %s/s", grouped(r.counts.landed), grouped(r.counts.sent), rounded(r.landed))
	if r.limit > 0 {
		fmt.Fprintf(&b, " (%.0f%% of the limit)", 100*r.share)
	}
	if r.limit > 0 || r.stats.Throttled > 0 {
		fmt.Fprintf(&b, ", refused %s/s", rounded(r.refused))
	}
	fmt.Fprintf(&b, ", %d in flight", r.stats.InFlight)
	if r.plugin["throttled"] > 0 {
		fmt.Fprintf(&b, ", pace %s/s", rounded(r.plugin["pace_records_per_second"]))
	}
	return b.String()
}

func rounded(n float64) string { return grouped(int64(math.Round(n))) }
