package kinesis

import (
	"hash/maphash"
	"runtime/debug"
	"sync"
	"time"

	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// A destination is one stream's way out: what gathers for it, the line that its
// partition keys keep, its pace, and its shards. All flushes share it. It is safe
// for concurrent use.
type destination struct {
	*shared
	client   poster
	name     string           // of the stream, where there are several; else empty
	patience *patience        // with the stream
	denied   *plugins.Limited // requests; nil where there is one stream alone
	tally    tally

	// Of streams, which guards them.
	users       int       // flushes that have a leg here
	unusedSince time.Time // where there are none

	ordered bool         // records of one partition key keep their order
	aimed   bool         // records have a shard of their own, by a key that is not random
	seed    maphash.Seed // of the stripes
	line    line
	pacer   *pace.Pacer
	named   pace.Named  // shards, by answers
	squeeze squeeze     // of lines
	shards  *shardWatch // nil without aggregation_shard_map
	large   largeLimit

	format   wire.Format
	head     []byte         // of request bodies
	spread   spread         // of aggregates under random keys
	underWay sync.WaitGroup // deliveries that have a goroutine of their own

	combiner
	arrivals uint64     // how many flushes have come; guarded by combiner.mu
	arrived  []*arrival // flushes that are still encoding, or wait for one that is, in the order in which they came; guarded by combiner.mu
}

// mostInFlightBytes bounds the bodies that are in flight, however many requests
// may be: two that are full of large records, or eighty of log records.
const mostInFlightBytes = 24 << 20

func newDestination(s *shared, stream string, client poster) *destination {
	c := s.config
	d := &destination{
		shared: s, client: client, patience: &s.patience,
		ordered: len(c.Record.PartitionKey) > 0,
		aimed:   len(c.Record.PartitionKey) > 0 || len(c.Record.HashKey) > 0,
		seed:    maphash.MakeSeed(),
		pacer:   pace.New(pace.Options{Requests: c.RequestsInFlight, Bytes: mostInFlightBytes}),
		format:  c.service().Format,
	}
	d.head = d.format.AppendHead(nil, stream)
	d.combiner.trip = firstTrip
	return d
}

// getBatch is an empty batch, of which nobody knows how large it will become.
func (d *destination) getBatch() *batch {
	if b, ok := d.batches.largest(); ok {
		return d.opened(b)
	}
	return newBatch(wire.NewBody(d.format, d.head))
}

// leastRoom is what a body has room for in any case, and mostSpare how much more than
// what was asked for: where aggregates go as several they take a little more.
const (
	leastRoom = 16 << 10
	mostSpare = 64 << 10
)

// getBatchFor is an empty batch for entries that take so many bytes in a body. What
// waits, or is under way, does not hold much more memory than that.
func (d *destination) getBatchFor(bytes int) *batch {
	bytes = max(leastRoom, len(d.head)+bytes+min(bytes/8, mostSpare))
	if b, ok := d.batches.within(bytes, 4*bytes); ok {
		return d.opened(b)
	}
	return newBatch(wire.NewBodyFor(d.format, d.head, bytes))
}

func (d *destination) opened(b *batch) *batch {
	if d.name != "" { // its last use may have been for another stream
		b.body.Open(d.head)
	}
	return b
}

// mostKeptBody bounds the memory of one body: more than that of a full request of
// records that are not large. With more than it needs a body would take the room of
// others in flight.
const mostKeptBody = 2 * wire.MaxBytes

// putBatch takes a batch back for its next use.
func (d *destination) putBatch(b *batch) {
	b.reset()
	if b.body.Capacity() > mostKeptBody {
		return
	}
	d.batches.put(b)
}

func (d *destination) getAnswer() *wire.Answer {
	if a, ok := d.answers.get(); ok {
		return a
	}
	return new(wire.Answer)
}

func (d *destination) stripeOf(key []byte) uint8 { return uint8(maphash.Bytes(d.seed, key)) }

// close waits for what is still under way, and lets go of everything. No flush
// may be under way or follow.
func (d *destination) close() {
	d.underWay.Wait()
	d.mu.Lock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.mu.Unlock()
	d.shards.close()
	if d.denied != nil {
		d.log.Forget(d.denied)
	}
}

// begin says that a flush is under way. In any case handOver or abandon must
// follow.
func (d *destination) begin() *arrival {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.enter()
	if !d.ordered {
		return nil
	}
	return d.arrive()
}

// put sends a full request of a flush that goes on encoding. Without an order
// to keep it waits until one more may be in flight, so that no more is encoded
// than can be sent; in the background there is nobody to wait.
func (d *destination) put(a *arrival, r *rest, background bool) {
	dl := d.leave(a, r)
	if dl == nil {
		return
	}
	if !d.ordered && !background {
		dl.enter(r.batch)
	}
	d.underWay.Go(dl.run)
}

// leave readies the delivery of a full request; nil where it has to wait for the
// flushes before.
func (d *destination) leave(a *arrival, r *rest) *delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ordered && !a.first {
		a.held = append(a.held, r)
		return nil
	}
	d.clearWay(r)
	return d.depart(r, false)
}

// handOver ends the encoding of a flush: what it has left joins that of others,
// or goes at once where there is nobody to wait for. A flush that has sent full
// requests is in a hurry: its rest waits for nobody.
func (d *destination) handOver(a *arrival, r *rest, hurry bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.encoding--
	if d.ordered && a.first {
		defer d.pass()
	}
	if d.ordered && !a.first {
		a.over, a.hurry = true, hurry
		if !r.empty() {
			a.held = append(a.held, r)
		}
		d.check()
		return
	}
	if !r.empty() {
		d.join(r, hurry)
	}
	d.check() // what has gathered may have waited for this flush
}

// blocked tells whether a request has keys in common with one before it. The
// caller holds mu.
func (d *destination) blocked(r *rest) bool {
	if !d.ordered {
		return false
	}
	soon, later := d.line.busy(d.overdue())
	soon.add(later)
	return soon.meet(r.stripes())
}

// abandon ends a flush that panicked while it encoded.
func (d *destination) abandon(a *arrival) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.encoding--
	if d.ordered {
		a.over, a.hurry = true, true
		if a.first {
			d.pass()
		}
	}
	d.check()
}

// join sends a rest, or puts it to what has gathered. The caller holds mu.
func (d *destination) join(r *rest, hurry bool) {
	if !r.small() {
		d.clearWay(r)
		d.start(r, false)
		return
	}
	if d.gathered == nil {
		d.since = time.Now()
		if hurry || d.wait(d.since) == 0 && !d.blocked(r) {
			d.start(r, !hurry)
			return
		}
	}
	if d.gathered != nil && (!d.gathered.fits(r) || d.ordered && d.gathered.overtakes(r)) {
		d.sendGathered()
	}
	d.absorb(r)
	if hurry {
		d.sendGathered()
		return
	}
	d.check()
}

// clearWay sends what has gathered, if it is to go before a request with keys in
// common. The caller holds mu.
func (d *destination) clearWay(r *rest) {
	if d.ordered && d.gathered != nil && d.gathered.stripes().meet(r.stripes()) {
		d.sendGathered()
	}
}

// sendGathered sends all that has gathered. What has to wait for other requests
// goes apart from what has not. The caller holds mu.
func (d *destination) sendGathered() {
	g := d.gathered
	d.gathered = nil
	awaited := true
	if d.ordered {
		if _, later := d.line.busy(d.overdue()); g.stripes().meet(later) {
			if free := d.split(g, later); !free.empty() {
				d.start(free, true)
			}
			awaited = false // for its turn may be long in coming
		}
	}
	if !g.empty() {
		d.start(g, awaited)
	}
}

// check sends what has gathered if its time has come, and otherwise sees to it
// that it is looked at again. The caller holds mu.
func (d *destination) check() {
	g := d.gathered
	if g == nil {
		return
	}
	if g.full() {
		d.sendGathered()
		return
	}
	if left := d.wait(time.Now()); left > 0 {
		d.wake(left)
		return
	}
	if !d.ordered {
		d.sendGathered()
		return
	}
	soon, later := d.line.busy(d.overdue())
	free, some := g.free(later)
	switch {
	case !some: // the end of the requests that it waits for leads here again
	case free.meet(soon):
		d.wake(d.overdue())
	case g.stripes().meet(later):
		d.start(d.split(g, later), true)
		d.parted = true
	default:
		d.sendGathered()
	}
}

// wake has what has gathered looked at again after a time. The caller holds mu.
func (d *destination) wake(after time.Duration) {
	if d.timer == nil {
		d.timer = time.AfterFunc(after, d.recheck)
		return
	}
	d.timer.Reset(after)
}

// usually is how long a request takes at most, as a rule.
func (d *destination) usually() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.overdue()
}

// recheck looks at what has gathered, for something has changed.
func (d *destination) recheck() {
	defer d.recovered()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.check()
}

// recovered keeps a panic where nobody else does from ending the process. It is
// to be deferred.
func (d *destination) recovered() {
	if p := recover(); p != nil {
		d.log.Errorf("internal error between flushes: %v\n%s", p, debug.Stack())
	}
}

// start delivers a rest in a goroutine of its own. The caller holds mu.
func (d *destination) start(r *rest, awaited bool) { d.underWay.Go(d.depart(r, awaited).run) }

// depart readies the delivery of a rest, with its place in line. awaited tells
// that others wait for its answer, if it is a small one. The caller holds mu.
func (d *destination) depart(r *rest, awaited bool) *delivery {
	dl := d.newDelivery(r)
	if d.ordered {
		dl.ticket = d.line.join(r.stripes())
	}
	if awaited && !r.full() {
		dl.awaited = r.flushes()
		d.away += dl.awaited
		d.departed = time.Now()
	}
	return dl
}
