package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/samples"
)

// How the bundled host cuts chunks and offers them again.
const (
	chunkSize     = 2_000_000 // bytes at which a chunk goes out, as in Fluent Bit
	flushInterval = time.Second
	retryLimit    = 3
	retryBackoff  = time.Second
)

// bundledHost has the plugin loaded by the host program of internal/flbhost.
type bundledHost struct {
	plugin
	chunkLines int // lines of a chunk; 0: as many as its size and the time allow
	counts     *tally
	out        *screen
}

func (b *bundledHost) Forward(ctx context.Context, events <-chan samples.Event) (refused int, err error) {
	logFile, stderrFile := filepath.Join(b.dir, "plugin.log"), filepath.Join(b.dir, "host.log")
	log, err := followLog(logFile, func(line string) { b.out.log("plugin", line) })
	if err != nil {
		return 0, err
	}
	defer log.stop()
	errs, err := followLog(stderrFile, func(line string) { b.out.log("host", line) })
	if err != nil {
		return 0, err
	}
	defer errs.stop()

	host, err := flbhost.Start(flbhost.Config{
		Library:    b.library,
		Instances:  []map[string]string{b.options},
		Workers:    b.workers,
		RetryLimit: retryLimit,
		Backoff:    retryBackoff,
		Env:        b.env,
		LogFile:    logFile,
		StderrFile: stderrFile,
	})
	if err != nil {
		return 0, inShort(err)
	}
	log.catchUp() // what the plugin says of its options comes before the records
	// From here on an interrupt ends the input, and what was taken is still sent: the host goes on ignoring it.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	refused, err = b.flush(ctx, host, events)
	return refused, inShort(errors.Join(err, host.Exit()))
}

// flush hands the events to the plugin in chunks, and waits for what becomes of each.
func (b *bundledHost) flush(ctx context.Context, host *flbhost.Host, events <-chan samples.Event) (refused int, err error) {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	var chunk flbhost.Chunk
	queue := flushQueue{host: host, depth: b.depth(), handedBack: b.counts.handBack}
	cut := func() {
		if chunk.Len() > 0 {
			b.counts.cut()
			queue.add(&chunk)
		}
	}
	for {
		select {
		case event, more := <-events:
			if !more {
				cut()
				return queue.drain()
			}
			event = b.counts.send(event)
			chunk.Append(flbhost.WithMetadata(event.Time), event.Fields...)
			if b.full(&chunk) {
				cut()
				ticker.Reset(flushInterval) // what is cut by the time alone is what came slowly
			}
		case <-ticker.C:
			cut()
		case <-ctx.Done():
			cut()
			return queue.drain()
		}
		if queue.err != nil {
			return queue.drain()
		}
	}
}

// full tells whether a chunk goes out as it is.
func (b *bundledHost) full(chunk *flbhost.Chunk) bool {
	return chunk.Size() >= chunkSize || b.chunkLines > 0 && chunk.Len() >= b.chunkLines
}

// depth is how many chunks are with the host at a time. The host deals them out to the workers in turn, whoever is
// done first: chunks that take no time to make come in fours for each, so that all are busy. Large ones take memory,
// and one that is ready will do.
func (b *bundledHost) depth() int {
	if b.chunkLines > 0 {
		return 4 * max(1, b.workers)
	}
	return b.workers + 1
}

// flushQueue holds the chunks that the plugin has not answered for yet.
type flushQueue struct {
	host       *flbhost.Host
	depth      int
	handedBack func(times int) // is told of each chunk that was
	jobs       []*flbhost.Job
	refused    int
	err        error // the first, after which nothing more is queued
}

// add queues a chunk and empties it. It waits while the queue is full.
func (q *flushQueue) add(chunk *flbhost.Chunk) {
	if q.err != nil {
		return
	}
	for len(q.jobs) >= q.depth {
		q.next()
	}
	q.jobs = append(q.jobs, q.host.Go(0, "kube.var.log.containers", chunk.Bytes()))
	chunk.Reset()
}

// next waits for the oldest chunk's answer.
func (q *flushQueue) next() {
	result, err := q.jobs[0].Wait()
	q.jobs = q.jobs[1:]
	if q.err == nil {
		q.err = err
	}
	if err != nil {
		return
	}
	back := result.Offers
	if result.Code != flbhost.Retry {
		back-- // its last answer was another
	}
	q.handedBack(max(0, back))
	if result.Code != flbhost.OK {
		q.refused++
	}
}

// drain waits for all answers.
func (q *flushQueue) drain() (refused int, err error) {
	for len(q.jobs) > 0 {
		q.next()
	}
	return q.refused, q.err
}

// inShort leaves out of an error what the screen has shown already: the plugin's log.
func inShort(err error) error {
	var start *flbhost.InitError
	var exit *flbhost.ExitError
	switch {
	case errors.As(err, &start):
		return errors.New("the plugin refused to start; its log says why")
	case errors.As(err, &exit):
		return fmt.Errorf("the plugin's host ended: %s", exit.Reason)
	default:
		return err
	}
}
