package kinesis

import (
	"fmt"

	"fluent-bit-kinesis/compress"
)

// compressors are the pools that the flushes of an instance share: one for
// records, one for aggregates; nil where nothing is compressed.
type compressors struct {
	records    *compress.Pool
	aggregates *compress.Pool
}

func newCompressors(config *Config) (c compressors, err error) {
	if config.Compression != compress.None {
		if c.records, err = compress.NewPool(config.Compression, config.CompressionLevel); err != nil {
			return c, fmt.Errorf("compression: %w", err)
		}
	}
	if config.AggregationCompression != compress.None && !config.SimpleAggregation {
		if c.aggregates, err = compress.NewPool(config.AggregationCompression, config.AggregationCompressionLevel); err != nil {
			return c, fmt.Errorf("aggregation_compression: %w", err)
		}
	}
	return c, nil
}

// ofAggregates is the pool of what closes aggregates. Joined lines are compressed
// in place of each record.
func (c *compressors) ofAggregates(config *Config) *compress.Pool {
	if config.SimpleAggregation {
		return c.records
	}
	return c.aggregates
}

// borrow takes a compressor of a pool for a run of records; nil of no pool.
func borrow(pool *compress.Pool) (compress.Compressor, error) {
	if pool == nil {
		return nil, nil
	}
	return pool.Get()
}

// giveBack ends what borrow began.
func giveBack(pool *compress.Pool, c compress.Compressor) {
	if pool != nil && c != nil {
		pool.Put(c)
	}
}
