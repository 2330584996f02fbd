package kinesis

import (
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

// Between attempts a delivery waits for a random time up to a bound that
// doubles from the first to the second of these: full jitter, as in
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
const (
	firstBackoff = 100 * time.Millisecond
	mostBackoff  = 2 * time.Second
)

// A delivery brings one rest to an end: each of its events is accepted by the
// stream, dropped for good, or handed back to its flush. It is owned by one
// goroutine.
type delivery struct {
	d       *destination
	rest    *rest   // empty once it is sealed
	ticket  *ticket // its place in line; nil where records have no order
	awaited int     // flushes whose first answer others wait for; 0 once it is there

	admitted int // entries that the next request may have; 0 where it has to ask first
	weight   int // of that request at the pacer

	began time.Time // the first of the flushes that it delivers for
	own   time.Time // when something of its own was last accepted, or first sent; zero before
	last  error     // of the last attempt; nil where there was none

	attempts       int  // that are left in the background, after the next one
	refusals       int  // of a large record, for the pace
	held           bool // others wait for it
	isolating      bool
	cannotHandBack bool // even what an operator must mend is worth further attempts

	answer  *wire.Answer // of the request that is under way; nil where none is
	shares  shares
	sealer  sealer
	noting  noting
	batches []*batch // that it has; those that are not empty have not come to an end
	tried   bool     // an attempt has failed and another is to follow
}

// newDelivery readies a delivery.
func (d *destination) newDelivery(r *rest) *delivery {
	dl, ok := d.deliveries.get()
	if !ok {
		dl = new(delivery)
	}
	dl.d = d
	dl.rest, dl.ticket, dl.awaited, dl.admitted = r, nil, 0, 0
	dl.attempts, dl.cannotHandBack = d.config.ConcurrencyRetries, d.config.Concurrency > 0
	dl.isolating, dl.tried, dl.refusals, dl.held = false, false, 0, false
	dl.began, dl.own, dl.last = r.began, time.Time{}, nil
	if dl.began.IsZero() {
		dl.began = time.Now()
	}
	return dl
}

// run delivers the rest. It returns when each event has its outcome.
func (dl *delivery) run() {
	d := dl.d
	defer d.recovered()
	defer dl.end()
	defer d.watchdog.Begin().End()
	defer func() {
		if p := recover(); p != nil {
			d.log.Errorf("internal error in a delivery: %v\n%s", p, debug.Stack())
			dl.refuse(errInternal)
		}
	}()
	b := dl.seal()
	if !dl.awaitTurn(b) {
		dl.refuse(dl.reason())
		return
	}
	dl.deliver(b)
}

var errInternal = errors.New("internal error")

// refuse hands back all that has not come to an end.
func (dl *delivery) refuse(err error) {
	dl.d.tally.handedBack.Add(int64(dl.rest.events()))
	dl.rest.refuse(dl.d.about(err))
	for _, b := range dl.batches {
		dl.d.handBack(b, err)
	}
}

// end gives back what the delivery had, when its events have their outcomes.
func (dl *delivery) end() {
	d := dl.d
	if dl.tried {
		d.retrying.Add(-1)
	}
	dl.leave()
	if dl.ticket != nil {
		d.line.leave(dl.ticket)
	}
	dl.hear(0, false)
	d.recheck()
	d.changed()
	for _, b := range dl.batches {
		d.putBatch(b)
	}
	clear(dl.batches)
	dl.batches, dl.rest, dl.ticket, dl.last = dl.batches[:0], nil, nil, nil
	d.deliveries.put(dl)
}

// getBatch is an empty batch of the delivery's.
func (dl *delivery) getBatch() *batch {
	b := dl.d.getBatch()
	dl.batches = append(dl.batches, b)
	return b
}

// seal closes the aggregates of the rest, and makes one batch of all.
func (dl *delivery) seal() *batch {
	b := dl.rest.batch
	if b == nil {
		b = dl.getBatch()
	} else {
		dl.batches = append(dl.batches, b)
		dl.rest.batch = nil
	}
	if len(dl.rest.aggregates) == 0 {
		return b
	}
	dl.sealer.begin(dl.d.shared)
	defer dl.sealer.end()
	into, own := b, len(dl.batches)
	for len(dl.rest.aggregates) > 0 {
		a := dl.rest.aggregates[0]
		parts := dl.sealer.closed(dl.d, a)
		dl.sealer.count(a)
		for i := range parts {
			if !into.body.Fits(parts[i].size()) {
				into = dl.getBatch()
			}
			into.addAggregate(&parts[i], a)
		}
		dl.rest.aggregates = dl.rest.aggregates[1:] // it may be in other hands from here on
		dl.d.putAggregate(a)
	}
	dl.follow(b, own)
	return b
}

// follow has the batches that the delivery owns from here on delivered by themselves,
// behind the first. Lines that made more records than foreseen are in them.
func (dl *delivery) follow(first *batch, own int) {
	more := slices.Clone(dl.batches[own:])
	if len(more) == 0 {
		return
	}
	deliveries, sets := make([]*delivery, len(more)), []stripes{first.stripes}
	for i, b := range more {
		deliveries[i] = dl.offshoot(b)
		sets = append(sets, b.stripes)
	}
	dl.batches = dl.batches[:own]
	if dl.ticket != nil {
		tickets := dl.d.line.part(dl.ticket, sets)
		dl.ticket = tickets[0]
		for i, t := range tickets[1:] {
			deliveries[i].ticket = t
		}
	}
	for _, of := range deliveries {
		dl.d.underWay.Go(of.run)
	}
}

// deliver puts the records of b on the stream, in as many requests as it takes.
// What may not go with them is parted from them.
func (dl *delivery) deliver(b *batch) {
	for backoff := firstBackoff; ; backoff = min(2*backoff, mostBackoff) {
		if !dl.admit(b) {
			dl.d.handBack(b, dl.reason())
			return
		}
		err := dl.attempt(b)
		switch {
		case err == nil:
			return
		case service.Classify(err) == service.Invalid:
			dl.isolate(b, err)
			return
		}
		dl.last = err
		if !dl.worthTrying(err) || !dl.await(err, pauseOf(b, backoff), isLarge(b.only()) && !dl.held) {
			dl.d.handBack(b, err)
			return
		}
		dl.d.counts.Retried.Add(int64(len(b.events.ordinals)))
	}
}

func (dl *delivery) worthTrying(err error) bool {
	f := service.Classify(err)
	return f.Passes() || f == service.Denied && dl.cannotHandBack
}

// more is how long the delivery may still go on; not more than 0 where it is to
// be given up. In the background the attempts count, and not the time.
func (dl *delivery) more() time.Duration {
	if !dl.cannotHandBack {
		return dl.d.patience.left(dl.began, dl.own)
	}
	if dl.attempts == 0 {
		return 0
	}
	dl.attempts--
	return mostBackoff
}

// narrow narrows the delivery's place in line to what is left, nil for nothing:
// nobody else is to wait for a record that was refused.
func (dl *delivery) narrow(left *batch) {
	switch {
	case dl.ticket == nil || dl.isolating:
	case left == nil:
		dl.d.line.leave(dl.ticket)
		dl.ticket = nil
	default:
		dl.d.line.keep(dl.ticket, left.stripes)
	}
}

// await waits before the next attempt, for a random time of up to backoff, where
// the pacer does not know when it may be made: that of one that stands apart, as a
// large record does, it never knows. It is false where there is to be none.
func (dl *delivery) await(err error, backoff time.Duration, apart bool) bool {
	more := dl.more()
	if more <= 0 {
		return false
	}
	dl.again()
	if service.Classify(err) == service.Throttled && dl.d.pacer.Throttled() && !dl.cannotHandBack && !apart {
		return dl.d.ctx.Err() == nil
	}
	return pause(dl.d.ctx, min(more, rand.N(backoff)))
}

// again counts the delivery as one that is past its first attempt.
func (dl *delivery) again() {
	if !dl.tried {
		dl.tried = true
		dl.d.retrying.Add(1)
	}
}

// attempt makes one request of the batch and takes out of it what the stream
// accepted. The error says why there is something left.
func (dl *delivery) attempt(b *batch) error {
	d, n := dl.d, len(b.entries)
	dl.answer = d.getAnswer()
	defer dl.putAnswer()
	err := dl.post(b)
	// Whoever waits for what is settled may be back at once: all that the next
	// chunk meets with has to be in order by then.
	defer d.recheck()
	defer d.changed()
	if err != nil {
		d.warnRequest(err, n)
		if service.Classify(err) != service.Invalid { // whose records are found and dropped: none of them waits
			d.watchdog.Failed(err)
			dl.leave()
			dl.narrow(b)
		}
		return err
	}
	if dl.answer.Failed < n {
		d.watchdog.Accepted()
		d.patience.accept()
		dl.own = time.Now()
		dl.checkShards(b)
	}
	if dl.answer.Failed > 0 {
		return dl.keepRefused(b)
	}
	d.accepted(b.body.Size(), len(b.events.ordinals))
	dl.note(b, nil)
	dl.leave() // not before: what is sent next may find the process killed
	dl.narrow(nil)
	b.settle()
	return nil
}

func (dl *delivery) putAnswer() {
	dl.d.answers.put(dl.answer)
	dl.answer = nil
}

// post makes the request, and has counted and learned what became of it.
func (dl *delivery) post(b *batch) error {
	d := dl.d
	dl.answer.WantShards = b.sharded || d.pacer.Watching()
	sent := time.Now()
	if dl.own.IsZero() {
		dl.own = sent
	}
	body := b.body.Close()
	err := d.client.Post(d.ctx, body, len(b.entries), dl.answer)
	took := time.Since(sent)
	b.body.Reopen()
	if err == nil {
		err = dl.refusedForSize(b)
	}
	d.countRequest(len(body), err, dl.answer, took)
	dl.learn(b, err, took)
	dl.hear(took, err == nil)
	return err
}

// hear notes that the first answer is there.
func (dl *delivery) hear(took time.Duration, ok bool) {
	if dl.awaited == 0 {
		return
	}
	d := dl.d
	d.mu.Lock()
	defer d.mu.Unlock()
	d.combiner.hear(dl.awaited, took, ok, time.Now())
	dl.awaited = 0
}

// keepRefused leaves in the batch the entries that the stream refused.
func (dl *delivery) keepRefused(b *batch) error {
	d, n := dl.d, len(b.entries)
	size, events := b.body.Size(), len(b.events.ordinals)
	taken := d.getBatchFor(b.space(dl.answer.Refused)) // what it holds in the end is settled: it is none of the delivery's
	defer d.putBatch(taken)
	var refusal error
	for i := range n {
		if r := &dl.answer.Results[i]; r.Code != "" {
			taken.copyEntry(b, i)
			refusal = r.Err()
		}
	}
	b.swap(taken)
	dl.note(taken, dl.answer.Results)
	dl.leave()
	b.rekey()
	dl.narrow(b)
	d.accepted(size-b.body.Size(), events-len(b.events.ordinals))
	for i := range n {
		if dl.answer.Results[i].Code == "" {
			e := &taken.entries[i]
			taken.events.settle(int(e.first), int(e.last))
		}
	}
	d.warnRefused(len(b.entries), n, refusal)
	d.watchdog.Failed(refusal)
	dl.reshape(b, 0) // not before: it may panic, and what was accepted must be settled by then
	return refusal
}

// checkShards has the shard map learned anew where a record came to rest on
// another shard than foreseen. The records may be of two maps, of which one has
// been given up before.
func (dl *delivery) checkShards(b *batch) {
	if !b.sharded {
		return
	}
	for i, r := range dl.answer.Results {
		if foreseen := b.entries[i].shard; foreseen != nil && r.Shard != "" && r.Shard != foreseen.ID {
			dl.d.shards.refresh(foreseen)
		}
	}
}
