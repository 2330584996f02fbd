// Package kinesis is the output: it turns the events of a chunk into records,
// the records into PutRecords requests, and brings each record to the stream
// once.
//
// An Output is one instance of the plugin. Its Flush reads like the flow of
// the whole: events, records, batches, delivery, and the ledger for what did
// not get through.
package kinesis

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// A Code answers Fluent Bit for a chunk. The values are Fluent Bit's own.
type Code int

const (
	Error Code = 0 // the chunk, or the rest of it, cannot be read: do not offer it again
	OK    Code = 1 // every record is on the stream, or dropped for good
	Retry Code = 2 // offer the chunk again
)

// An Output is one instance of the plugin. Flush may be called by several
// goroutines at once.
type Output struct {
	config  *Config
	log     *plugins.Logger
	warn    warnings
	client  poster
	hangUp  func() // closes the client's connections; nil where it has none
	counts  Counts
	ledger  *ledger
	ordered bool // records of one partition key keep their order

	// slots holds a token for each request in flight; line keeps requests with
	// common partition keys one after another.
	slots chan struct{}
	line  line
	seed  maphash.Seed // of the stripes

	background chan struct{}  // a token for each flush in the background
	flushes    sync.WaitGroup // in the background
	retrying   atomic.Int32   // deliveries that are past their first attempt

	shards      *shardWatch // nil without aggregation_shard_map
	compressors compressors

	watchdog *plugins.Timeout
	ctx      context.Context // ends when Close gives up waiting
	giveUp   context.CancelCauseFunc

	recordBytes atomic.Int64 // of a record in its chunk, about

	free freeLists
}

// New makes an instance. expired is called when the watchdog's time is up:
// it is to end the process.
func New(config *Config, log *plugins.Logger, expired func(reason string)) (*Output, error) {
	client, err := newClient(config)
	if err != nil {
		return nil, err
	}
	o, err := newOutput(config, log, client, expired)
	if err != nil {
		return nil, err
	}
	o.hangUp = client.http.CloseIdleConnections
	if config.Aggregation && config.AggregationShardMap && o.ordered {
		o.shards = newShardWatch(log, func(ctx context.Context) ([]shard, error) {
			return client.listShards(ctx, config.Stream)
		})
	}
	return o, nil
}

func newOutput(config *Config, log *plugins.Logger, client poster, expired func(reason string)) (*Output, error) {
	compressors, err := newCompressors(config)
	if err != nil {
		return nil, err
	}
	o := &Output{
		config: config, log: log, client: client,
		ordered:     len(config.Record.PartitionKey) > 0,
		slots:       make(chan struct{}, config.RequestsInFlight),
		background:  make(chan struct{}, config.Concurrency),
		seed:        maphash.MakeSeed(),
		compressors: compressors,
	}
	o.warn.init(log)
	o.ledger = newLedger(&o.counts.LedgerLost)
	o.watchdog = plugins.NewTimeout(config.SendFailureTimeout, expired)
	o.ctx, o.giveUp = context.WithCancelCause(context.Background())
	o.recordBytes.Store(512)
	o.free.init(config)
	return o, nil
}

// Flush sends the events of a chunk. The chunk is Fluent Bit's: it is not
// touched after Flush has returned.
func (o *Output) Flush(chunk []byte, tag string) Code {
	if cap(o.background) > 0 {
		return o.flushBackground(chunk)
	}
	f := o.getFlush()
	f.begin(len(chunk))
	if !o.ledger.empty() {
		f.left, f.again = o.ledger.take(idOf(tag, chunk))
	}
	err := f.encode(chunk)
	f.sendRest()
	o.learn(len(chunk), f.events)

	refused := len(f.refused) > 0
	if refused {
		o.handBack(f, chunk, tag)
	}
	o.putFlush(f)
	if refused {
		return Retry
	}
	return o.answer(err)
}

// answer is the code for a chunk whose records were all sent, as far as it
// could be read.
func (o *Output) answer(err error) Code {
	var malformed *plugins.MalformedError
	if !errors.As(err, &malformed) {
		return OK
	}
	o.counts.Dropped[record.Malformed].Add(1)
	o.log.Errorf("%v; the %d bytes from there on are dropped", err, malformed.Size-malformed.Offset)
	return Error
}

// handBack remembers which of the chunk's records are still to be sent.
func (o *Output) handBack(f *flush, chunk []byte, tag string) {
	var left ordinalSet
	for _, ordinal := range f.refused {
		left.add(ordinal)
	}
	if len(f.refused) < f.events {
		o.ledger.remember(idOf(tag, chunk), left)
	}
	o.counts.HandedBack.Add(int64(len(f.refused)))
	o.warn.handedBack.Warnf("%d of the %d records of a chunk go back to Fluent Bit to be offered again: %v",
		len(f.refused), f.events, f.err)
	o.summarize()
}

// Close lets go of everything, after the work in the background has been
// drained. No Flush may be under way or follow.
func (o *Output) Close() {
	o.drain()
	o.shards.close()
	if o.hangUp != nil {
		o.hangUp()
	}
	o.watchdog.Close()
	o.log.Close()
	o.log.Infof("at exit: %s", &o.counts)
}

// enter readies a batch to be sent: it takes a place in line for its keys, or
// where records have no order waits for a slot. The ticket is nil then.
func (o *Output) enter(b *batch) *ticket {
	if !o.ordered {
		o.slots <- struct{}{}
		return nil
	}
	return o.line.join(b.stripes)
}

// proceed waits until the request of a batch that has entered may be in flight:
// first for its turn, then for a slot, so that none waits in line with a slot
// that another could use. It is false where ctx ended first.
func (o *Output) proceed(ctx context.Context, t *ticket) bool {
	if t == nil {
		return true
	}
	if !t.wait(ctx) {
		return false
	}
	o.slots <- struct{}{}
	return true
}

// release gives back the slot that a batch had when it proceeded.
func (o *Output) release() { <-o.slots }

// leave gives up the place in line.
func (o *Output) leave(t *ticket) {
	if t != nil {
		o.line.leave(t)
	}
}

func (o *Output) stripeOf(key []byte) uint8 { return uint8(maphash.Bytes(o.seed, key)) }

// lanesFor is how many batches the records of a chunk of this size are dealt
// to by their partition key, so that they can be in flight side by side: about
// as many as they need requests. Aggregated, a chunk needs one, and its
// aggregates are the larger, and the same for the same chunk.
func (o *Output) lanesFor(size int) int {
	if !o.ordered || o.config.Aggregation {
		return 1
	}
	records := int64(size) / max(1, o.recordBytes.Load())
	return int(min(int64(o.config.RequestsInFlight), 1+records/wire.MaxRecords))
}

// learn keeps the size of a record up to date, as a moving average.
func (o *Output) learn(size, events int) {
	if events > 0 {
		was := o.recordBytes.Load()
		o.recordBytes.Store(was + (int64(size/events)-was)/4)
	}
}

const summaryInterval = time.Minute

func (o *Output) summarize() {
	if o.warn.summary.Due() {
		o.warn.summary.Say("so far: %s", &o.counts)
	}
}
