package kinesis

import (
	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/plugins"
)

// What the options of several log records in one Kinesis record say together.

// minAggregateBytes leaves room for a record beside what an aggregate needs.
const minAggregateBytes = 1 << 10

// checkAggregation has records skip an aggregate by its default only where that
// leaves them room, and remarks on what their places in the stream need.
func (c *Config) checkAggregation(o *plugins.Options) {
	if !o.IsSet("skip_aggregation_record_size") {
		c.SkipAggregationRecordSize = min(c.SkipAggregationRecordSize, c.AggregationMaximumRecordSize)
	}
	placed := o.IsOn("explicit_hash_key")
	if c.Aggregation && o.IsSet("aggregation_shard_map") && !placed && !o.IsOn("partition_key") {
		o.Warn("aggregation_shard_map has no effect without partition_key or explicit_hash_key")
	}
	if c.Aggregation && placed && !c.AggregationShardMap {
		o.Warn("explicit_hash_key: an aggregate goes where the hash key of its first record says, and the others with it; with aggregation_shard_map = true each goes where its own says")
	}
	if c.SimpleAggregation {
		c.checkLines(o)
	}
}

// checkLines settles what joined lines have instead of what aggregates of the KPL
// have.
func (c *Config) checkLines(o *plugins.Options) {
	if c.Aggregation {
		o.Refuse("simple_aggregation", "true", "aggregation is true as well, and a record can be in one format alone: leave out simple_aggregation for the format of the KPL, aggregation for lines")
	}
	if o.IsSet("append_newline") && !c.Record.AppendNewline {
		o.Warn("append_newline = false has no effect with simple_aggregation, which ends each line with a newline")
	}
	c.Record.AppendNewline, c.Record.Lines = true, true
	if c.AggregationCompression != compress.None {
		o.Warn("what simple_aggregation joins is compressed as a whole by compression, not by aggregation_compression")
		c.AggregationCompression = compress.None
	}
}

// packs tells whether several log records may go in one Kinesis record.
func (c *Config) packs() bool { return c.Aggregation || c.SimpleAggregation }
