package main

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"fluent-bit-kinesis/internal/kinesistest"
)

// watcher draws progress until it is stopped.
type watcher struct {
	done    chan struct{}
	stopped sync.WaitGroup
}

// watch shows how far the run is and how fast it goes, once there are more records than are shown one by one. limit is
// how many shards the stream's limit comes from; 0 where it has none.
func (s *screen) watch(counts *tally, stream *kinesistest.Server, limit int) *watcher {
	interval := time.Second
	if isTerminal(s.stderr) {
		interval = 200 * time.Millisecond
	}
	w := &watcher{done: make(chan struct{})}
	w.stopped.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		g := gauge{limit: limit}
		g.read(time.Now(), counts.result(), stream.Stats())
		for {
			select {
			case now := <-ticker.C:
				text := g.read(now, counts.result(), stream.Stats())
				if !s.showsAll() {
					s.drawProgress(text)
				}
			case <-w.done:
				return
			}
		}
	})
	return w
}

func (w *watcher) stop() {
	close(w.done)
	w.stopped.Wait()
}

// A gauge tells how fast a run goes, from what there was at one time and at another.
type gauge struct {
	limit  int // shards; 0 without limits
	before []sample
}

type sample struct {
	at     time.Time
	counts result
	stats  kinesistest.Stats
}

// gaugeSpan is what speeds are taken over: as a shard's share of a second may be used up all at once, what is shorter says
// little.
const gaugeSpan = time.Second

// read is where the run is now, and how fast it has been in the last second, in a line.
func (g *gauge) read(now time.Time, counts result, stats kinesistest.Stats) string {
	for len(g.before) > 1 && now.Sub(g.before[1].at) >= gaugeSpan {
		g.before = g.before[1:]
	}
	g.before = append(g.before, sample{now, counts, stats})
	before := g.before[0]
	perSecond := func(n int64) float64 {
		if elapsed := now.Sub(before.at).Seconds(); elapsed > 0 {
			return float64(n) / elapsed
		}
		return 0
	}
	var b strings.Builder
	fmt.Fprintf(&b, "landed %s of %s, %s/s", grouped(counts.landed), grouped(counts.sent), rounded(perSecond(counts.landed-before.counts.landed)))
	if g.limit > 0 {
		share := max(perSecond(stats.Landed-before.stats.Landed)/kinesistest.ShardRecordsPerSecond,
			perSecond(stats.LandedBytes-before.stats.LandedBytes)/kinesistest.ShardBytesPerSecond) / float64(g.limit)
		fmt.Fprintf(&b, " (%.0f%% of the limit)", 100*share)
	}
	if g.limit > 0 || stats.Throttled > 0 {
		fmt.Fprintf(&b, ", refused %s/s", rounded(perSecond(stats.Throttled-before.stats.Throttled)))
	}
	fmt.Fprintf(&b, ", %d in flight", stats.InFlight)
	return b.String()
}

func rounded(n float64) string { return grouped(int64(math.Round(n))) }
