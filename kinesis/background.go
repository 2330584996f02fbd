package kinesis

import (
	"errors"
	"time"
)

// flushBackground answers once the chunk is encoded, and sends it afterwards.
// Without a free place, or while records are being tried again, it asks for
// the chunk to be offered later: Fluent Bit's queue is the one that is bounded.
func (o *Output) flushBackground(chunk []byte, tag string) Code {
	if o.retrying.Load() > 0 && o.streams == nil { // of several streams, one must not hold up the others
		return Retry
	}
	select {
	case o.background <- struct{}{}:
	default:
		return Retry
	}
	sending := false
	f := o.getFlush()
	defer func() {
		if !sending { // a panic, which the entry point recovers
			f.leaveStreams()
			<-o.background
		}
	}()
	f.begin(len(chunk), tag)
	f.background = true
	err := f.run(chunk)
	o.learn(len(chunk), f.events)
	sending = true
	o.flushes.Go(func() {
		defer func() { <-o.background }()
		defer o.putFlush(f)
		f.unsettled.Wait()
		f.leaveStreams()
		o.lose(f)
	})
	return o.answer(err)
}

// lose counts what a flush in the background could not bring to the stream:
// Fluent Bit holds it no longer.
func (o *Output) lose(f *flush) {
	if len(f.refused) == 0 {
		return
	}
	o.counts.Dropped[dropLost].Add(int64(len(f.refused)))
	o.log.Errorf("%d of the %d records of a chunk are lost: %v", len(f.refused), f.events, f.err)
	o.summarize()
}

var errExit = errors.New("the plugin exits")

// drainTime bounds the wait for the background at exit, where it is shorter
// than what the attempts may take.
const drainTime = 30 * time.Second

// drain waits for the work in the background, and gives up what takes too
// long.
func (o *Output) drain() {
	wait := drainTime
	if t := o.config.HTTPRequestTimeout; t > 0 {
		wait = min(wait, t*time.Duration(o.config.ConcurrencyRetries+1))
	}
	timer := time.AfterFunc(wait, func() { o.giveUp(errExit) })
	o.flushes.Wait()
	timer.Stop()
	o.giveUp(errExit)
}
