package main

import (
	"sync"
	"time"

	"fluent-bit-kinesis/internal/kinesistest"
)

// watcher draws progress until it is stopped.
type watcher struct {
	out     *screen
	done    chan struct{}
	once    sync.Once
	stopped sync.WaitGroup
}

// watch shows how far the run is and how fast it goes: on the whole terminal if that is what set asks for and there is one, else
// in lines, once there are more records than are shown one by one.
func (s *screen) watch(counts *tally, stream *kinesistest.Server, set settings) *watcher {
	interval := time.Second
	if isTerminal(s.stderr) {
		interval = 200 * time.Millisecond
	}
	draw := s.drawLine
	if set.watch && s.open() {
		interval, draw = 200*time.Millisecond, s.drawPicture
	}
	var g gauge
	read := func() reading {
		now := sample{at: time.Now(), counts: counts.result(), stats: stream.Stats(), shards: shardsOf(stream)}
		if set.watch {
			now.plugin = readPluginPage(set.metrics)
		}
		if set.limits {
			g.limit = len(now.shards)
		}
		return g.read(now)
	}
	w := &watcher{out: s, done: make(chan struct{})}
	w.stopped.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		read()
		for {
			select {
			case <-ticker.C:
				draw(read())
			case <-w.done:
				return
			}
		}
	})
	return w
}

// stop gives the terminal back as it was. It may be called again.
func (w *watcher) stop() {
	w.once.Do(func() {
		close(w.done)
		w.stopped.Wait()
		w.out.close()
	})
}

// drawLine shows a reading in a line, unless all records so far are shown one by one.
func (s *screen) drawLine(r reading) {
	if !s.showsAll() {
		s.drawProgress(r.line())
	}
}
