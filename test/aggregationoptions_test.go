package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// Refusals beyond those in optionCases.
func TestSettingsOfAggregationAndCompressionThatDoNotGoTogetherStopTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	for _, x := range []struct {
		name  string
		given options
		want  string
	}{
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

func TestTheSizeFromWhichRecordsTravelAloneMayBeAnything(t *testing.T) {
	for _, x := range []struct {
		name              string
		given             options
		aggregates, alone int64
	}{
		{"all of them", options{"skip_aggregation_record_size": "0"}, 0, 3},
		{"the long one", options{"skip_aggregation_record_size": "3000"}, 1, 1},
		{"none, as the size is the maximum", options{"skip_aggregation_record_size": "10k", "aggregation_maximum_record_size": "10k"}, 1, 0},
		{"none, as the size is above the maximum", options{"skip_aggregation_record_size": "20M", "aggregation_maximum_record_size": "10k"}, 1, 0},
		{"none, as the default is above a small maximum", options{"aggregation_maximum_record_size": "10240"}, 1, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, with(with(x.given, "aggregation", "true"), "log_key", "log"))
			s.flush(flbhost.OK, lines("short", noise(1, 4000), "short"))
			_, totals := read(t, s.stream, streamName, kinesistest.View{})
			require.Equal(t, x.aggregates, totals.Aggregates)
			require.Equal(t, x.alone, totals.Records-totals.Aggregates)
		})
	}
}

func TestAHigherLevelMakesLessOfTheSameAggregate(t *testing.T) {
	for _, x := range []struct{ format, lowest, highest string }{{"gzip", "0", "9"}, {"zstd", "1", "4"}} {
		t.Run(x.format, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{Streams: map[string]int{"low": 1, "high": 1}})
			given := with(byContainer, "aggregation_compression", x.format)
			h := runHost(t, s, flbhost.Config{},
				with(with(given, "stream", "low"), "aggregation_compression_level", x.lowest),
				with(with(given, "stream", "high"), "aggregation_compression_level", x.highest))
			l := containerLines(1000, 1000, 40)
			format, err := compress.Parse(x.format)
			require.NoError(t, err)
			var sizes []int64
			for i, stream := range []string{"low", "high"} {
				flushAll(t, h, i, l.chunks...)
				users, totals := read(t, s, stream, kinesistest.View{AggregationCompression: format})
				l.requireTimes(t, 1, landingsOf(users))
				sizes = append(sizes, totals.Bytes)
			}
			require.Less(t, sizes[1], sizes[0])
		})
	}
}
