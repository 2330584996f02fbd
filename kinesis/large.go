package kinesis

import (
	"sync/atomic"
	"time"

	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

// isLarge tells whether a record of this size, with its partition key, is for streams
// alone whose limit has been raised. Such a record travels in a request of its own:
// where the stream does not take it, that costs no other record anything.
func isLarge(size int) bool { return size > wire.MaxRecordBytes }

// largeLimit is what a destination knows of the limit of its stream. It is safe for
// concurrent use.
type largeLimit struct {
	refused atomic.Int64 // bytes of the smallest record that was refused for its size; 0 for none
	at      atomic.Int64 // when, in nanoseconds of the Unix epoch
}

// askAgain is how long a stream that has refused a record for its size is not asked
// about others that are no smaller. Its limit may be raised at any time.
const askAgain = 10 * time.Second

// refuses tells whether a record of this size would be sent in vain.
func (l *largeLimit) refuses(size int) bool {
	refused := l.refused.Load()
	return refused > 0 && int64(size) >= refused && time.Now().UnixNano()-l.at.Load() < int64(askAgain)
}

// refuse notes that the stream has refused a record of this size.
func (l *largeLimit) refuse(size int) {
	if least := l.refused.Load(); least == 0 || int64(size) < least || !l.refuses(int(least)) {
		l.refused.Store(int64(size))
	}
	l.at.Store(time.Now().UnixNano())
}

// accept notes that the stream has accepted a record of this size.
func (l *largeLimit) accept(size int) {
	if refused := l.refused.Load(); refused > 0 && int64(size) >= refused {
		l.refused.CompareAndSwap(refused, 0)
	}
}

// addLarge sends a large record, behind those of its keys in the lane. One that the
// stream would refuse is dropped before anything is made of it.
func (f *flush) addLarge(l *lane, r *record.Record, of stripes, shard *shard, ordinal uint32) {
	if size := r.Size(); f.d.large.refuses(size) {
		f.count()
		f.o.dropLarge(size, int(ordinal), errRefusedBefore)
		return
	}
	if l.batch != nil && l.batch.stripes.meet(of) {
		f.send(l.batch)
		l.batch = nil
	}
	b := f.d.getBatch()
	b.body.Reserve(r.Size())
	b.add(r, of, shard, f, ordinal).random = f.mayRekey(r)
	f.records.Trim() // it is in the body, and may wait there
	f.send(b)
}

// refusedForSize has the refusal of a large record by itself be that of its request,
// so that it is dropped as such.
func (dl *delivery) refusedForSize(b *batch) error {
	if !isLarge(b.only()) {
		return nil
	}
	if dl.answer.Failed == 0 {
		dl.d.large.accept(b.body.Size())
		return nil
	}
	if r := &dl.answer.Results[0]; service.RefusesSize(r.Code, r.Message) {
		return &service.Error{Fault: service.Invalid, Code: r.Code, Message: r.Message}
	}
	return nil
}

// fewRefusals is how often a large record is refused for the pace before others wait
// for it.
const fewRefusals = 3

// largeRefused tells whether a large record was refused for the pace. That is no news
// of the stream: a shard takes the record once it has saved up for it, a second for each
// mebibyte. Where it is refused again and again the shard cannot save up, for all that
// it has is used by others. Then these wait, and the record is the next to be sent.
func (dl *delivery) largeRefused(b *batch) bool {
	if !isLarge(b.only()) || dl.answer.Failed == 0 {
		return false
	}
	if service.Classify(dl.answer.Results[0].Err()) != service.Throttled {
		return false
	}
	dl.d.pacer.GiveBack(pace.Amount{Records: 1, Bytes: b.body.Size()})
	dl.refusals++
	dl.held = dl.refusals > fewRefusals && dl.d.pacer.Hold(hashOf(b, 0))
	return true
}

// pauseOf is how long a batch waits at most before the next attempt: a large record
// as many times longer as it has mebibytes.
func pauseOf(b *batch, backoff time.Duration) time.Duration {
	return backoff * time.Duration(max(1, b.only()/wire.MaxRecordBytes))
}

// only is the size of the record in a batch of one, 0 where there are others.
func (b *batch) only() int {
	if len(b.entries) != 1 {
		return 0
	}
	return b.body.Size()
}

// dropLarge drops the only entry of a batch, which is larger than the stream takes.
// It has not been looked at, and so gives back what it took of the pace.
func (dl *delivery) dropLarge(b *batch, refusal error) {
	d, size := dl.d, b.body.Size()
	d.large.refuse(size)
	d.pacer.GiveBack(pace.Amount{Records: 1, Bytes: size})
	for _, ordinal := range b.events.ordinals {
		d.dropLarge(size, int(ordinal), refusal)
	}
	dl.note(b, nil)
	b.settle()
}
