package kinesis

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"fluent-bit-kinesis/kinesis/wire"
)

// Between attempts a delivery waits for a random time up to a bound that
// doubles from the first to the second of these: full jitter, as in
// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
const (
	firstBackoff = 100 * time.Millisecond
	mostBackoff  = 2 * time.Second
)

// A delivery brings one batch to an end: each of its records is accepted by
// the stream, dropped for good, or left. It is owned by one goroutine.
type delivery struct {
	o        *Output
	attempts int // that are left after the next one

	// What is left of a batch in the background cannot be handed back. So even
	// what an operator must mend is worth further attempts there.
	lastOffer bool

	answer wire.Answer
	left   []uint32 // ordinals of the events that did not get through
	err    error    // why, of the last of them
	tried  bool     // an attempt has failed and another is to follow
}

// deliver puts the records of b on the stream, in as many requests as it
// takes.
func (d *delivery) deliver(ctx context.Context, b *batch) {
	for backoff := firstBackoff; ; backoff = min(2*backoff, mostBackoff) {
		err := d.attempt(ctx, b)
		switch {
		case err == nil && len(b.entries) == 0:
			return
		case faultOf(err) == invalid:
			d.isolate(ctx, b, err)
			return
		}
		d.err = err
		if d.attempts == 0 || !d.worthTrying(err) || !d.await(ctx, backoff) {
			d.left = append(d.left, b.ordinals...)
			return
		}
		d.attempts--
		d.o.counts.Retried.Add(int64(len(b.ordinals)))
	}
}

func (d *delivery) worthTrying(err error) bool {
	f := faultOf(err)
	return f.passes() || f == denied && d.lastOffer
}

// await waits before the next attempt, for a random time of up to backoff. It
// is false where ctx ended first.
func (d *delivery) await(ctx context.Context, backoff time.Duration) bool {
	if !d.tried {
		d.tried = true
		d.o.retrying.Add(1)
	}
	return pause(ctx, rand.N(backoff))
}

// finish ends the delivery.
func (d *delivery) finish() {
	if d.tried {
		d.tried = false
		d.o.retrying.Add(-1)
	}
}

// attempt makes one request of the batch and takes out of it what the stream
// accepted. The error says why there is something left.
func (d *delivery) attempt(ctx context.Context, b *batch) error {
	n := len(b.entries)
	d.answer.WantShards = b.shards != nil
	err := d.o.client.post(ctx, b.Close(), n, &d.answer)
	d.o.countRequest(err, d.answer.Failed)
	if err != nil {
		b.Reopen()
		d.o.warnRequest(err, n)
		if faultOf(err) != invalid { // whose records are found and dropped: none of them waits
			d.o.watchdog.Failed(err)
		}
		return err
	}
	if d.answer.Failed < n {
		d.o.watchdog.Accepted()
		d.checkShards(b)
	}
	if d.answer.Failed == 0 {
		d.o.accepted(b.Size(), len(b.ordinals))
		b.reset()
		return nil
	}
	return d.keepRefused(b)
}

// keepRefused leaves in the batch the entries that the stream refused.
func (d *delivery) keepRefused(b *batch) error {
	n := len(b.entries)
	size, events := b.Size(), len(b.ordinals)
	rest := d.o.getBatch()
	defer d.o.putBatch(rest)
	refusal := errRefused
	for i := range n {
		if d.answer.Refused(i) {
			rest.copyEntry(b, i)
			refusal = d.answer.Results[i].Err()
		}
	}
	rest.takeAfter(b)
	b.swap(rest)
	d.o.accepted(size-b.Size(), events-len(b.ordinals))
	d.o.warnRefused(len(b.entries), n, refusal)
	d.o.watchdog.Failed(refusal)
	return refusal
}

// checkShards has the shard map learned anew where a record came to rest on
// another shard than foreseen.
func (d *delivery) checkShards(b *batch) {
	for i, r := range d.answer.Results {
		if foreseen := b.entries[i].shard; foreseen != unknownShard && r.Shard != "" && r.Shard != b.shards[foreseen].id {
			d.o.shards.refresh(b.shards)
			return
		}
	}
}

// isolate halves a batch that was refused as invalid until the record at fault
// is alone, and drops that one.
func (d *delivery) isolate(ctx context.Context, b *batch, refusal error) {
	n := len(b.entries)
	if n == 1 && onTheWay(refusal) {
		d.o.watchdog.Failed(refusal)
		d.left, d.err = append(d.left, b.ordinals...), refusal
		return
	}
	if n == 1 {
		d.o.dropInvalid(b.ordinals, refusal)
		return
	}
	attempts := d.attempts
	for _, span := range [][2]int{{0, n / 2}, {n / 2, n}} {
		if d.lastOffer { // what is left could not be handed back
			d.attempts = attempts
		}
		half := d.o.getBatch()
		half.takeAfter(b)
		for i := span[0]; i < span[1]; i++ {
			half.copyEntry(b, i)
		}
		d.deliver(ctx, half)
		d.o.putBatch(half)
	}
}

// errRefused stands for a record's refusal until its own is known.
var errRefused = errors.New("refused")

// faultOf sorts the error of an attempt. Records that were refused one by one
// are so because of throttling or of a failure inside the service: the only
// two codes there are.
func faultOf(err error) fault {
	var request *requestError
	if errors.As(err, &request) {
		return request.fault
	}
	return throttled
}
