package kinesis

import (
	"time"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/wire"
)

// pools are what the destinations of an instance keep for their next use.
type pools struct {
	batches    freeList[*batch]
	aggregates freeList[*openAggregate]
	deliveries freeList[*delivery]
	answers    freeList[*wire.Answer] // each as long as its request is under way
}

// Bounds on the memory that is kept for its next use: some thirty bodies of 500
// log records, or two full of aggregates; and about as much in aggregates as two
// chunks fill, on however many shards and streams.
const (
	mostKeptBodies     = 12 << 20
	mostKeptAggregates = 4 << 20
)

// keptUnused is how long it is kept where nobody needs it: longer than it takes until
// the next chunks come. A spell in which much waits is not paid for until the exit.
const keptUnused = 30 * time.Second

func (p *pools) init(c *Config) {
	batches, deliveries := 2*c.RequestsInFlight+2, c.RequestsInFlight
	if len(c.Record.Stream) > 0 {
		batches, deliveries = batches+8*c.StreamsMaximum, deliveries+8*c.StreamsMaximum // a few of each, for several flushes
	}
	p.batches = freeList[*batch]{most: batches, bytes: mostKeptBodies, size: func(b *batch) int { return b.body.Capacity() }, unused: keptUnused}
	p.aggregates = freeList[*openAggregate]{most: 4096, bytes: mostKept(c), size: func(a *openAggregate) int { return a.most }, unused: keptUnused}
	p.deliveries = freeList[*delivery]{most: deliveries, unused: keptUnused}
	p.answers = freeList[*wire.Answer]{most: deliveries, unused: keptUnused}
}

// mostKept is how much memory is kept in aggregates. Lines that will be compressed
// are several times as long as the records that they become.
func mostKept(c *Config) int {
	if c.SimpleAggregation && c.Compression != compress.None {
		return 4 * mostKeptAggregates
	}
	return mostKeptAggregates
}
