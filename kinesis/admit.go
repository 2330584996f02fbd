package kinesis

import (
	"context"
	"errors"
	"time"

	"fluent-bit-kinesis/kinesis/pace"
)

// A delivery may send when it has its turn in line, the shards that its records
// are for take something, and the pacer lets it in. It waits for these one after
// the other, and holds no place in flight while it waits for its turn.

// awaitTurn waits for the delivery's turn in line. Records that need not wait go
// ahead. It is false where the delivery is to be given up instead.
func (dl *delivery) awaitTurn(b *batch) bool {
	if dl.ticket == nil || dl.ticket.open() {
		return true
	}
	defer dl.d.waited(waitTurn, time.Now())
	for again := dl.d.usually(); ; again = min(2*again, time.Second) {
		dl.stepAside(b)
		left := dl.mayWait()
		if left <= 0 {
			return false
		}
		ctx, stop := context.WithTimeout(dl.d.ctx, min(again, left))
		turn := dl.ticket.wait(ctx)
		stop()
		if turn || dl.d.ctx.Err() != nil {
			return turn
		}
	}
}

// admit waits until a request of the batch may be sent. What is not to be in it is
// delivered by itself. It is false where the delivery is to be given up instead.
func (dl *delivery) admit(b *batch) bool {
	dl.shrink(b)
	if shard := dl.dodge(b); shard != "" {
		dl.leave()
		if !dl.awaitShard(b, shard) {
			return false
		}
	}
	if !dl.enter(b) {
		return false
	}
	dl.cut(b, dl.admitted)
	dl.shrink(b) // throttling may have begun meanwhile
	dl.admitted = len(b.entries)
	return true
}

// enter asks the pacer how many entries of the batch a request may have, and
// waits for it. It is false where the delivery is to be given up instead.
func (dl *delivery) enter(b *batch) bool {
	if dl.admitted > 0 {
		return true
	}
	ask := dl.ask(b)
	if dl.d.pacer.EnterNow(ask) {
		dl.admitted, dl.weight = len(b.entries), ask.Weight
		return true
	}
	records := dl.wait(dl.d.waitAtPacer(), func(ctx context.Context) int { return dl.d.pacer.Enter(ctx, ask) })
	dl.admitted, dl.weight = records, ask.Weight
	return records > 0
}

// ask is what a request of the batch comes to. One in which there is a record at
// fault stays whole: it is being halved.
func (dl *delivery) ask(b *batch) pace.Ask {
	return pace.Ask{
		Amount:  pace.Amount{Records: len(b.entries), Bytes: b.body.Size()},
		Weight:  b.body.Capacity(),
		Whole:   dl.isolating,
		Now:     dl.d.patience.timeout == 0 && !dl.cannotHandBack, // it is sent once, in any case
		Again:   dl.last != nil,
		Arrived: dl.began,
	}
}

// awaitShard waits until a shard that is full by itself takes some of the batch,
// and parts from it what it does not take.
func (dl *delivery) awaitShard(b *batch, shard string) bool {
	ask := dl.ask(b)
	records := dl.wait(waitShard, func(ctx context.Context) int { return dl.d.pacer.Shards().Enter(ctx, shard, ask) })
	dl.cut(b, records)
	return records > 0
}

// wait has enter wait as long as the delivery may, and returns what it does: 0
// where it is to be given up.
func (dl *delivery) wait(what wait, enter func(context.Context) int) (records int) {
	defer dl.d.waited(what, time.Now())
	for {
		left := dl.mayWait()
		if left <= 0 {
			return 0
		}
		ctx, stop := context.WithTimeout(dl.d.ctx, left)
		records = enter(ctx)
		stop()
		if records > 0 || dl.d.ctx.Err() != nil {
			return records
		}
	}
}

// leave ends what enter has begun.
func (dl *delivery) leave() {
	if dl.admitted > 0 {
		dl.admitted = 0
		dl.d.pacer.Leave(dl.weight)
	}
}

// mayWait is how long the delivery may wait, until it asks again; not more than 0
// where it is to be given up.
func (dl *delivery) mayWait() time.Duration {
	if dl.cannotHandBack {
		return time.Minute // what is in the background waits until the exit
	}
	return dl.d.patience.waiting(dl.began)
}

// reason is why the delivery is given up while it waits.
func (dl *delivery) reason() error {
	switch {
	case dl.d.ctx.Err() != nil:
		return context.Cause(dl.d.ctx)
	case dl.last != nil:
		return dl.last
	}
	return errNothingAccepted
}

var errNothingAccepted = errors.New("the stream has accepted nothing for too long")
