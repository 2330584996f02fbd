package kinesis

import (
	"fmt"

	"fluent-bit-kinesis/compress"
)

// A sealer closes aggregates, and compresses them if that is asked for. It is
// owned by one goroutine.
type sealer struct {
	d          *destination
	compressor compress.Compressor // nil where aggregates are not compressed
	packed     []byte              // what it makes of one
}

// count counts an aggregate that is closed for the first time.
func (s *sealer) count(a *openAggregate) {
	s.d.counts.Aggregates.Add(1)
	s.d.counts.Aggregated.Add(int64(len(a.events.ordinals)))
}

// begin readies the sealer for a run of aggregates, after which end must follow.
func (s *sealer) begin(d *destination) {
	s.d = d
	var err error
	if s.compressor, err = borrow(d.compressors.aggregates); err != nil {
		d.log.Errorf("a compressor cannot be made, so aggregates go without: %v", err)
	}
}

func (s *sealer) end() {
	giveBack(s.d.compressors.aggregates, s.compressor)
	s.compressor = nil
}

// closed is the data of the aggregate, compressed unless that makes it longer
// than the aggregate may be. It is valid until the next one is closed, or the
// aggregate is put to other use.
func (s *sealer) closed(a *openAggregate) []byte {
	data := a.writer.Close()
	if s.compressor == nil {
		return data
	}
	packed, err := s.compressor.Append(s.packed[:0], data)
	if err == nil {
		s.packed = packed
		if len(packed)+len(a.writer.PartitionKey()) <= s.d.config.AggregationMaximumRecordSize {
			return packed
		}
		err = fmt.Errorf("compressed it has %d", len(packed))
	}
	s.d.warn.aggregate.Warnf("an aggregate of %d bytes goes uncompressed: %v", len(data), err)
	return data
}
