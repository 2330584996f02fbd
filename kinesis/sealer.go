package kinesis

import (
	"fmt"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/record"
)

// A sealer closes aggregates, and compresses them if that is asked for. It is
// owned by one goroutine.
type sealer struct {
	*shared
	d          *destination        // of the aggregate at hand
	compressor compress.Compressor // nil where aggregates are not compressed
	packed     []byte              // what it makes of one
	parts      []sealed            // that the last one was closed to
	keys       []byte              // of those, but of the first
}

// sealed is a closed aggregate, or a part of one that has become too large: what
// goes into a request.
type sealed struct {
	data, key   []byte
	first, last int  // events of the aggregate
	random      bool // the key stands nowhere in the data, and may be changed for another
}

// size is what the service counts of it.
func (s *sealed) size() int { return len(s.data) + len(s.key) }

// count counts an aggregate that has just been closed for the first time.
func (s *sealer) count(a *openAggregate) {
	s.counts.Aggregates.Add(int64(len(s.parts)))
	s.counts.Aggregated.Add(int64(len(a.events.ordinals)))
}

// begin readies the sealer for a run of aggregates, after which end must follow.
func (s *sealer) begin(of *shared) {
	s.shared = of
	var err error
	if s.compressor, err = borrow(s.compressors.ofAggregates(s.config)); err != nil {
		s.log.Errorf("a compressor cannot be made, so aggregates go without: %v", err)
	}
}

func (s *sealer) end() {
	giveBack(s.compressors.ofAggregates(s.config), s.compressor)
	s.compressor = nil
}

// closed is what an aggregate for the destination becomes. It is valid until the
// next one is closed, or the aggregate is put to other use.
func (s *sealer) closed(d *destination, a *openAggregate) []sealed {
	return s.closedWithin(d, a, d.mostAggregate())
}

// closedWithin is closed for a size with the partition key that lines are to keep.
func (s *sealer) closedWithin(d *destination, a *openAggregate, most int) []sealed {
	s.d = d
	s.parts, s.packed, s.keys = s.parts[:0], s.packed[:0], s.keys[:0]
	if a.lines != nil {
		s.closeLines(a, 0, len(a.events.ordinals), a.lines.data, most)
		return s.parts
	}
	s.parts = append(s.parts, sealed{data: s.closedWriter(a), key: a.key(), last: len(a.events.ordinals)})
	return s.parts
}

// closedWriter is the data of an aggregate of the KPL, compressed unless that makes
// it longer than the aggregate may be.
func (s *sealer) closedWriter(a *openAggregate) []byte {
	data := a.writer.Close()
	if s.compressor == nil {
		return data
	}
	packed, err := s.compressor.Append(s.packed[:0], data)
	if err == nil {
		s.packed = packed
		if len(packed)+len(a.writer.PartitionKey()) <= s.config.AggregationMaximumRecordSize {
			return packed
		}
		err = fmt.Errorf("compressed it has %d", len(packed))
	}
	s.warn.aggregate.Warnf("an aggregate of %d bytes goes uncompressed: %v", len(data), err)
	return data
}

// closeLines adds the lines of the events from first up to last to the parts: as
// one, or where that is too large as several.
func (s *sealer) closeLines(a *openAggregate, first, last int, data []byte, most int) {
	start := len(s.packed)
	packed := s.compressed(data)
	size := len(packed) + len(a.key())
	if s.compressor != nil {
		s.d.squeeze.learn(len(data), size, most)
	}
	if size <= most || last-first == 1 {
		s.parts = append(s.parts, sealed{packed, s.keyFor(a), first, last, !s.d.ordered})
		return
	}
	s.packed = s.packed[:start]
	s.splitLines(a, first, last, data, most, 1+size/(most-most/16))
}

// splitLines adds the lines in parts of about the same size, two at least: none is
// longer than its share unless it is of one line.
func (s *sealer) splitLines(a *openAggregate, first, last int, data []byte, most, parts int) {
	share := (len(data) + parts - 1) / parts
	begin, end, from := 0, 0, first
	for i, length := range a.events.lengths(first, last) {
		if next := first + i; next > from && end-begin+int(length) > share {
			s.closeLines(a, from, next, data[begin:end], most)
			begin, from = end, next
		}
		end += int(length)
	}
	s.closeLines(a, from, last, data[begin:], most)
}

// compressed is the data as the compressor has it, behind what packed holds already;
// without one the data itself.
func (s *sealer) compressed(data []byte) []byte {
	if s.compressor == nil {
		return data
	}
	start := len(s.packed)
	packed, err := s.compressor.Append(s.packed, data)
	if err != nil {
		s.d.warn.aggregate.Warnf("an aggregate of %d bytes goes uncompressed: %v", len(data), err)
		return data
	}
	s.packed = packed
	return packed[start:]
}

// keyFor is the key of the next part: where keys are random, each has its own, and
// may get to another shard.
func (s *sealer) keyFor(a *openAggregate) []byte {
	if len(s.parts) == 0 || s.d.ordered {
		return a.key()
	}
	start := len(s.keys)
	s.keys = record.AppendRandomKey(s.keys)
	return s.keys[start:]
}
