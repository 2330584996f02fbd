package kinesis

import (
	"errors"
	"strconv"
	"strings"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/plugins"
)

// formatParser reads the name of one of the valid formats, in any case.
func formatParser(valid ...compress.Format) func(text string) (compress.Format, error) {
	return func(text string) (compress.Format, error) {
		var names []string
		for _, format := range valid {
			if strings.EqualFold(text, format.String()) {
				return format, nil
			}
			names = append(names, format.String())
		}
		return compress.None, errors.New("must be one of " + strings.Join(names, ", "))
	}
}

// parseAggregationCompression reads a format of whole aggregates. noop is the
// fork's word for none.
func parseAggregationCompression(text string) (compress.Format, error) {
	if strings.EqualFold(text, "noop") {
		return compress.None, nil
	}
	return formatParser(compress.None, compress.Gzip, compress.Zstd)(text)
}

func hasLevels(f compress.Format) bool {
	_, _, _, ok := f.Levels()
	return ok
}

// A scale is the numbers that an option has for the levels of a format, from
// least to most.
type scale struct {
	least, most int
	levelOf     func(n int) int
}

// ownLevels are the format's own; for one without levels the widest range, so
// that a level that no format has is a mistake everywhere.
func ownLevels(f compress.Format) scale {
	if !hasLevels(f) {
		f = compress.Zstd
	}
	least, most, _, _ := f.Levels()
	return scale{least, most, func(n int) int { return n }}
}

// aggregateLevels are the fork's: for zstd the four of its library, of which
// each stands for a range of zstd's own. gzip had 0 too, for a stream that is
// not compressed: it comes to the least that is.
func aggregateLevels(f compress.Format) scale {
	if f == compress.Zstd {
		first := [...]int{1, 3, 6, 10}
		return scale{1, len(first), func(n int) int { return first[n-1] }}
	}
	return ownLevels(compress.Gzip)
}

// A levelValue is the level of a format that has been read before it.
type levelValue struct {
	level   *int // compress.DefaultLevel where the option is not set
	format  *compress.Format
	scaleOf func(compress.Format) scale
}

// Set reads the level, which is kept only where the format has levels.
func (v levelValue) Set(text string) error {
	s := v.scaleOf(*v.format)
	var n int
	err := plugins.Int(&n, s.least, s.most).Set(text)
	if n >= s.least && hasLevels(*v.format) {
		*v.level = s.levelOf(n)
	}
	return err
}

// String is the option's number for the level in effect.
func (v levelValue) String() string {
	s := v.scaleOf(*v.format)
	for n := s.least; n <= s.most && hasLevels(*v.format); n++ {
		if s.levelOf(n) == *v.level {
			return strconv.Itoa(n)
		}
	}
	return ""
}

// settle makes the default level of a format a number, and reports whether the
// format has levels.
func settle(level *int, f compress.Format) bool {
	_, _, def, ok := f.Levels()
	if ok && *level == compress.DefaultLevel {
		*level = def
	}
	return ok
}

// checkLevels fills in the levels that formats have by default, and remarks on
// levels of what has none.
func (c *Config) checkLevels(o *plugins.Options) {
	if !settle(&c.CompressionLevel, c.Compression) && o.IsSet("compression_level") {
		o.Warn("compression_level has no effect with compression = %v", c.Compression)
	}
	if !settle(&c.AggregationCompressionLevel, c.AggregationCompression) && o.IsSet("aggregation_compression_level") && c.Aggregation {
		o.Warn("aggregation_compression_level has no effect with aggregation_compression = %v", c.AggregationCompression)
	}
}
