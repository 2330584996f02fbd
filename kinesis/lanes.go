package kinesis

import "fluent-bit-kinesis/kinesis/wire"

// lanesFor is how many batches the records of a chunk of this size are dealt
// to by their partition key, so that they can be in flight side by side: about
// as many as they need requests. Aggregated, a chunk needs one, and its
// aggregates are the larger, and the same for the same chunk.
func (o *Output) lanesFor(size int) int {
	if len(o.config.Record.PartitionKey) == 0 || o.config.packs() {
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
