package kinesis

import (
	"fmt"
	"time"

	"fluent-bit-kinesis/kinesis/service"
)

// A destination that is one of several has the name of its stream, in the log and in
// what it counts. One that is alone has none, and what is said of it is said of the
// stream.

// comesAndGoes readies a destination for being one of several: it has a name in
// the log, a patience of its own, and shards that nobody waits for.
func (d *destination) comesAndGoes(stream string) {
	d.name = stream
	d.patience = d.shared.patience.another()
	d.denied = d.log.LimitedError("requests that were denied, for the stream "+stream, deniedInterval)
	if d.shards = d.watchShards(stream); d.shards != nil {
		d.shards.stream = d.the()
		d.shards.start()
	}
}

// deniedInterval is how often it is said of a stream among several that its
// requests are denied.
const deniedInterval = time.Minute

// empty tells whether nothing is left with the destination that waits to be sent.
func (d *destination) empty() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gathered == nil && d.encoding == 0
}

// the is how the log calls the destination's stream.
func (d *destination) the() string {
	if d.name == "" {
		return "the stream"
	}
	return "the stream " + d.name
}

// about has an error say what stream it is of, where there are several.
func (d *destination) about(err error) error {
	if d.name == "" || err == nil {
		return err
	}
	return fmt.Errorf("stream %s: %w", d.name, err)
}

// accepted counts what the stream has accepted.
func (d *destination) accepted(bytes, records int) {
	d.shared.accepted(bytes, records)
	d.tally.accepted.Add(int64(records))
}

// warnRequest says why a request came to nothing. What is denied is said of each
// stream: a person has to mend each.
func (d *destination) warnRequest(err error, records int) {
	if d.denied == nil || service.Classify(err) != service.Denied {
		d.shared.warnRequest(d.about(err), records)
		return
	}
	if d.denied.Due() {
		d.denied.Say("a request of %d records for the stream %s failed (%s): %v", records, d.name, service.Denied, err)
	}
}

func (d *destination) warnRefused(refused, records int, err error) {
	d.shared.warnRefused(refused, records, d.about(err))
}

func (d *destination) dropInvalid(ordinals []uint32, err error) {
	d.shared.dropInvalid(ordinals, d.about(err))
}

// handBack hands the entries of a batch back to the flushes that they came from,
// and empties it.
func (d *destination) handBack(b *batch, err error) {
	d.tally.handedBack.Add(int64(len(b.events.ordinals)))
	b.refuse(d.about(err))
}
