package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// Refusals beyond those in the table of refused options.
func TestSettingsOfAggregationAndCompressionThatDoNotGoTogetherStopTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, x := range []struct {
		name  string
		given options
		want  string
	}{
		{"the size of records alone is the maximum", options{"aggregation": "on", "skip_aggregation_record_size": "1M"},
			`skip_aggregation_record_size = "1M": must be below aggregation_maximum_record_size, which is 1M`},
		{"the maximum is below the default of the other", options{"aggregation": "on", "aggregation_maximum_record_size": "10k"},
			`skip_aggregation_record_size = "20k": must be below aggregation_maximum_record_size, which is 10k`},
		{"the maximum is above the service's", options{"aggregation": "on", "aggregation_maximum_record_size": "1048577"},
			`aggregation_maximum_record_size = "1048577": must be a size`},
		{"no such compression", options{"compression": "brotli"}, `compression = "brotli": must be one of none, gzip, zlib, zstd, snappy`},
		{"no such compression of aggregates", options{"aggregation": "on", "aggregation_compression": "zlib"},
			`aggregation_compression = "zlib": must be one of none, gzip, zstd`},
		{"gzip level 0", options{"compression": "gzip", "compression_level": "0"}, "must be a whole number from 1 to 9"},
		{"zlib level 10", options{"compression": "zlib", "compression_level": "10"}, "must be a whole number from 1 to 9"},
		{"zstd level 23", options{"compression": "zstd", "compression_level": "23"}, "must be a whole number from 1 to 22"},
		{"zstd level -1", options{"compression": "zstd", "compression_level": "-1"}, "must be a whole number from 1 to 22"},
		{"a level of no format", options{"compression_level": "23"}, "must be a whole number from 1 to 22"},
	} {
		t.Run(x.name, func(t *testing.T) {
			mistakes := refusedStart(t, s, flbhost.Config{}, x.given).texts("error")
			require.Len(t, mistakes, 1)
			require.Contains(t, mistakes[0], x.want)
		})
	}
}
