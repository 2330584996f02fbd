// Package kinesis is the output: it turns the events of a chunk into records,
// the records into PutRecords requests, and brings each record to the stream
// once.
//
// An Output is one instance of the plugin. Its Flush reads like the flow of
// the whole: events, records, batches, delivery, and the ledger for what did
// not get through. What leaves for the stream goes through a destination, which
// all flushes share: it combines what small chunks have left, keeps the order
// of partition keys, and sends at the pace that the stream takes.
package kinesis

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"fluent-bit-kinesis/kinesis/ledger"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
	"fluent-bit-kinesis/plugins/events"
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
	*shared
	d       *destination    // nil where records choose their stream
	streams *streams        // nil where they do not
	client  *service.Client // nil where there is none, in tests
	scope   string          // of the ledger's entries: the stream

	background chan struct{}  // a token for each flush in the background
	flushes    sync.WaitGroup // in the background

	giveUp context.CancelCauseFunc // ends shared.ctx

	startedOn int // the thread, as plugins.ThreadID has it

	recordBytes atomic.Int64 // of a record in its chunk, about

	idle freeList[*flush]
}

// shared is what all parts of an instance use.
type shared struct {
	config      *Config
	log         *plugins.Logger
	warn        warnings
	ledger      *ledger.Ledger
	counts      Counts
	watchdog    *plugins.Timeout
	compressors compressors
	ctx         context.Context // ends when Close gives up waiting
	retrying    atomic.Int32    // deliveries that are past their first attempt
	patience    patience
	measured
	pools
	listShards func(ctx context.Context, stream string) ([]service.Shard, error) // nil without a service
}

// New makes an instance. expired is called when the watchdog's time is up:
// it is to end the process.
func New(config *Config, log *plugins.Logger, expired func(reason string)) (*Output, error) {
	options := config.service()
	options.Warn = func(text string) { log.Warnf("%s", text) }
	if config.WireFormat == wire.Auto {
		options.FellBack = func(why string) {
			log.Infof("requests are written as JSON from here on, for what is at the stream's address does not read CBOR: %s", why)
		}
	}
	client, err := service.New(options)
	if err != nil {
		return nil, err
	}
	o, err := newOutput(config, log, client, expired)
	if err != nil {
		client.Close()
		return nil, err
	}
	o.client = client
	o.listShards = client.ListShards
	if o.d != nil {
		o.d.shards = o.watchShards(config.Stream)
	}
	return o, nil
}

// watchShards is the watch of a stream's shards; nil where they do not matter.
func (s *shared) watchShards(stream string) *shardWatch {
	c := s.config
	if s.listShards == nil || !c.Aggregation || !c.AggregationShardMap || len(c.Record.PartitionKey)+len(c.Record.HashKey) == 0 {
		return nil
	}
	return newShardWatch(s.log, func(ctx context.Context) ([]service.Shard, error) { return s.listShards(ctx, stream) })
}

func newOutput(config *Config, log *plugins.Logger, client poster, expired func(reason string)) (*Output, error) {
	compressors, err := newCompressors(config)
	if err != nil {
		return nil, err
	}
	o := &Output{
		shared:     &shared{config: config, log: log, compressors: compressors},
		background: make(chan struct{}, config.Concurrency),
		scope:      config.ledgerScope(),
		idle:       freeList[*flush]{most: mostWorkers},
	}
	o.warn.init(log)
	o.measured.init()
	if err := o.openLedger(); err != nil {
		return nil, err
	}
	o.watchdog = plugins.NewTimeout(config.SendFailureTimeout, expired)
	o.ctx, o.giveUp = context.WithCancelCause(context.Background())
	o.patience.init(config.DeliveryTimeout)
	o.recordBytes.Store(512)
	o.pools.init(config)
	if len(config.Record.Stream) > 0 {
		o.streams = newStreams(o.shared, client)
	} else {
		o.d = newDestination(o.shared, config.Stream, client)
	}
	return o, nil
}

// mostWorkers is how many flushes at a time have their encoders kept.
const mostWorkers = 64

func (o *Output) getFlush() *flush {
	if f, ok := o.idle.get(); ok {
		return f
	}
	f := &flush{o: o, records: record.NewEncoder(o.config.Record)}
	if o.streams != nil {
		f.byStream = make(map[string]*leg)
		return f
	}
	f.leg = &leg{d: o.d}
	f.legs = []*leg{f.leg}
	return f
}

func (o *Output) putFlush(f *flush) {
	f.records.Trim()
	o.idle.put(f)
}

// Flush sends the events of a chunk. The chunk is Fluent Bit's: it is not
// touched after Flush has returned.
func (o *Output) Flush(chunk []byte, tag string) Code {
	defer o.changed()
	if cap(o.background) > 0 {
		return o.flushBackground(chunk, tag)
	}
	f := o.getFlush()
	f.begin(len(chunk), tag)
	f.recall(chunk, tag)
	ended := false
	defer func() {
		if !ended { // a panic, which the entry point recovers
			f.disown()
			f.leaveStreams()
		}
	}()
	err := f.run(chunk)
	f.unsettled.Wait()
	f.leaveStreams()
	o.learn(len(chunk), f.events)

	refused := len(f.refused) > 0
	f.remember(chunk, tag, refused)
	ended = true
	if refused {
		o.handBack(f)
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
	var malformed *events.MalformedError
	if !errors.As(err, &malformed) {
		return OK
	}
	o.counts.Dropped[record.Malformed].Add(1)
	o.log.Errorf("%v; the %d bytes from there on are dropped", err, malformed.Size-malformed.Offset)
	return Error
}

// handBack counts and says that records of a chunk did not get through. Where
// that is because keys have expired, and no others were to be had in all the
// time that a flush has, a person is needed.
func (o *Output) handBack(f *flush) {
	o.counts.HandedBack.Add(int64(len(f.refused)))
	kind := o.warn.handedBack
	if service.Classify(f.err) == service.Expired {
		kind = o.warn.expired
	}
	if kind.Due() {
		kind.Say("%d of the %d records of a chunk go back to Fluent Bit to be offered again: %v", len(f.refused), f.events, f.err)
	}
	o.summarize()
}

// Close lets go of everything, after the work in the background has been
// drained. No Flush may be under way or follow.
func (o *Output) Close() {
	o.release()
	if o.streams != nil {
		if counted := o.streams.counted(); len(counted) > 0 {
			o.log.Infof("at exit, by stream: %v", counted)
		}
	}
	o.log.Infof("at exit: %s", &o.counts)
}

func (o *Output) release() {
	o.drain()
	if o.streams != nil {
		o.streams.close()
	} else {
		o.d.close()
	}
	o.endMetrics()
	if o.client != nil {
		o.client.Close()
	}
	o.ledger.Close()
	o.watchdog.Close()
	o.log.Close()
}
