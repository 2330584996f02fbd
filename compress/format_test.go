package compress

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesAreReadInAnyCase(t *testing.T) {
	for _, f := range Formats() {
		for _, name := range []string{f.String(), strings.ToUpper(f.String()), strings.ToUpper(f.String()[:1]) + f.String()[1:]} {
			got, err := Parse(name)
			require.NoError(t, err)
			require.Equal(t, f, got)
		}
	}
}

func TestABadNameIsAnsweredWithTheGoodOnes(t *testing.T) {
	for _, name := range []string{"", "lz4", "gzip ", "gzi", "none,gzip", "gz"} {
		_, err := Parse(name)
		require.ErrorContains(t, err, `unknown compression "`+name+`"; valid: none, gzip, zlib, zstd, snappy`)
	}
}

func TestLevels(t *testing.T) {
	tests := []struct {
		name   string
		format Format
		level  int
		err    string
	}{
		{"the lowest of gzip is taken", Gzip, 1, ""},
		{"the highest of gzip is taken", Gzip, 9, ""},
		{"one above gzip's is refused", Gzip, 10, "level 10: gzip has levels 1 (fastest) to 9 (smallest), by default 6"},
		{"zero is not a level of gzip", Gzip, 0, "level 0: gzip has levels 1 (fastest) to 9 (smallest), by default 6"},
		{"zlib has gzip's levels", Zlib, -2, "level -2: zlib has levels 1 (fastest) to 9 (smallest), by default 6"},
		{"the highest of zstd is taken", Zstd, 22, ""},
		{"one above zstd's is refused", Zstd, 23, "level 23: zstd has levels 1 (fastest) to 22 (smallest), by default 1"},
		{"snappy has none", Snappy, 1, "level 1: snappy has no compression levels"},
		{"none has none", None, 1, "level 1: none has no compression levels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.format, test.level)
			if test.err == "" {
				require.NoError(t, err)
				require.NoError(t, test.format.CheckLevel(test.level))
				return
			}
			require.EqualError(t, err, test.err)
			require.EqualError(t, test.format.CheckLevel(test.level), test.err)
		})
	}
}

func TestTheDefaultLevelIsOneOfTheFormats(t *testing.T) {
	for _, f := range Formats() {
		_, err := New(f, DefaultLevel)
		require.NoError(t, err)
		if lowest, highest, def, ok := f.Levels(); ok {
			require.LessOrEqual(t, lowest, def)
			require.LessOrEqual(t, def, highest)
			require.Less(t, DefaultLevel, lowest, "it must not be a level by itself")
		}
	}
}
