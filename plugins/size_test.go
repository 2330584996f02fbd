package plugins

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseSize(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       int // -1 is refused
	}{
		{"a plain number is bytes", "1048576", 1 << 20},
		{"zero", "0", 0},
		{"leading zeros", "0020", 20},
		{"k", "20k", 20 << 10},
		{"K", "20K", 20 << 10},
		{"KB", "20KB", 20 << 10},
		{"kb", "20kb", 20 << 10},
		{"m", "1m", 1 << 20},
		{"M", "1M", 1 << 20},
		{"MB", "1MB", 1 << 20},
		{"mB with blanks before it", "1 \tmB", 1 << 20},
		{"nothing", "", -1},
		{"a unit alone", "k", -1},
		{"bytes have no unit", "10B", -1},
		{"a unit twice", "1kk", -1},
		{"a unit turned round", "1BK", -1},
		{"another unit", "1G", -1},
		{"a unit of another notation", "1KiB", -1},
		{"a plus sign", "+1k", 1 << 10},
		{"two plus signs", "++1", -1},
		{"a negative number", "-1", -1},
		{"a fraction", "1.5M", -1},
		{"hexadecimal digits", "0x10", -1},
		{"underscores", "1_000", -1},
		{"digits of another script", "١k", -1},
		{"a blank before the number", " 1", -1},
		{"a blank after the unit", "1k ", -1},
		{"the largest number", strconv.Itoa(math.MaxInt), math.MaxInt},
		{"more than an int holds", "9223372036854775808", -1},
		{"more than an int holds by its unit", strconv.Itoa(math.MaxInt/1024+1) + "k", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, err := ParseSize(test.text)
			if test.want < 0 {
				require.ErrorContains(t, err, "k, KB, M, MB")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, n)
		})
	}
}

func TestFormatSizeTakesTheLargestUnitThatDivides(t *testing.T) {
	for n, want := range map[int]string{
		0: "0", 1: "1", 1000: "1000", 1024: "1k", 20 << 10: "20k", 1 << 20: "1M", 3 << 19: "1536k", 5 << 20: "5M", 1<<20 + 1: "1048577",
	} {
		require.Equal(t, want, FormatSize(n))
	}
}

func FuzzParseSize(f *testing.F) {
	for _, seed := range []string{"", "0", "20k", "1 MB", "99999999999999999999M", "-1", "1.5k", "0x1", "k", "1\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseSize(text)
		if err != nil {
			require.Zero(t, n)
			return
		}
		require.GreaterOrEqual(t, n, 0)
		require.Contains(t, "0123456789", text[:1], "a size begins with a digit")
		for _, other := range []string{FormatSize(n), strings.ToUpper(text), strings.ToLower(text)} {
			again, err := ParseSize(other)
			require.NoError(t, err)
			require.Equal(t, n, again, "%q and %q", text, other)
		}
	})
}
