package plugins

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func ExampleTimeFormat() {
	format, err := NewTimeFormat("%Y-%m-%dT%H:%M:%S.%L%z")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2024, time.February, 29, 13, 5, 9, 7_000_000, time.UTC)
	fmt.Printf("%s, below a second: %v\n", format.Append(nil, at), format.SubSecond())
	// Output: 2024-02-29T13:05:09.007+0000, below a second: true
}

func TestTimeFormatWritesEveryConversion(t *testing.T) {
	at := time.Date(2024, time.February, 3, 4, 5, 6, 7_089_012, time.FixedZone("CEST", 2*3600))
	for pattern, want := range map[string]string{
		"":                    "",
		"plain text":          "plain text",
		"%Y-%m-%dT%H:%M:%S":   "2024-02-03T04:05:06",
		"%Y-%m-%dT%H:%M:%S%z": "2024-02-03T04:05:06+0200",
		"%H:%M:%S.%L":         "04:05:06.007",
		"%H:%M:%S.%f":         "04:05:06.007089",
		"%s":                  "1706925906",
		"%s.%L":               "1706925906.007",
		"%-d/%-m %#H %-L":     "3/2 4 7",
		"%A %a %B %b %h":      "Saturday Sat February Feb Feb",
		"%C %y %G %g":         "20 24 2024 24",
		"%c":                  "Sat Feb  3 04:05:06 2024",
		"%D %F %v %x":         "02/03/24 2024-02-03  3-Feb-2024 02/03/24",
		"%R %T %X %r":         "04:05 04:05:06 04:05:06 04:05:06 AM",
		"%I %k %l %p":         "04  4  4 AM",
		"%e %j %U %V %W":      " 3 034 04 05 05",
		"%u %w":               "6 6",
		"%Z":                  "CEST",
		"%n%t%%":              "\n\t%",
		"été %d ☃":            "été 03 ☃",
	} {
		t.Run(pattern, func(t *testing.T) {
			format, err := NewTimeFormat(pattern)
			require.NoError(t, err)
			require.Equal(t, want, string(format.Append(nil, at)))
			require.Equal(t, "x"+want, string(format.Append([]byte("x"), at)), "what is there stays")
			require.Equal(t, pattern, format.String())
		})
	}
}

func TestTimeFormatPadsWhatIsBelowASecond(t *testing.T) {
	format, err := NewTimeFormat("%L %f %j")
	require.NoError(t, err)
	for nanoseconds, want := range map[int]string{
		0:           "000 000000 001",
		999:         "000 000000 001",
		1_000:       "000 000001 001",
		12_345_678:  "012 012345 001",
		999_999_999: "999 999999 001",
	} {
		at := time.Date(2024, time.January, 1, 0, 0, 0, nanoseconds, time.UTC)
		require.Equal(t, want, string(format.Append(nil, at)))
	}
}

// Where a number gets one more digit, it gets one zero less.
func TestTimeFormatPadsNumbersAtEveryPowerOfTen(t *testing.T) {
	newYear := time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC) // of a leap year
	for _, x := range []struct {
		conversion string
		unit       time.Duration
		first      int // number, at newYear
		digits     int
		most       int
	}{
		{"%L", time.Millisecond, 0, 3, 999},
		{"%f", time.Microsecond, 0, 6, 999_999},
		{"%j", 24 * time.Hour, 1, 3, 366},
	} {
		format, err := NewTimeFormat(x.conversion)
		require.NoError(t, err)
		for _, n := range append(aroundPowersOfTen(x.most), x.most) {
			if n < x.first {
				continue
			}
			at := newYear.Add(time.Duration(n-x.first) * x.unit)
			require.Equal(t, fmt.Sprintf("%0*d", x.digits, n), string(format.Append(nil, at)), x.conversion)
		}
	}
}

// aroundPowersOfTen are the numbers up to most that are a power of ten, or one
// off: 0, 1, 2, 9, 10, 11, 99, 100, ...
func aroundPowersOfTen(most int) (numbers []int) {
	for power := 1; power <= most; power *= 10 {
		numbers = append(numbers, power-1, power, min(power+1, most))
	}
	return numbers
}

// The library would read these together with their neighbours as other fields.
func TestTimeFormatTakesTextNextToAFieldAsText(t *testing.T) {
	at := time.Date(2024, time.May, 5, 15, 4, 5, 0, time.UTC)
	for pattern, want := range map[string]string{
		"%buary": "Mayuary",
		"%aday":  "Sunday",
		"%adays": "Sundays",
		"_%e":    "_ 5",
		"P%a":    "PSun",
		"P%Z":    "PUTC",
		"_%Y":    "_2024",
		"%Y2006": "20242006",
		"Jan %d": "Jan 05",
		"-%m%d":  "-0505",
		".%S":    ".05",
	} {
		format, err := NewTimeFormat(pattern)
		require.NoError(t, err)
		require.Equal(t, want, string(format.Append(nil, at)), pattern)
	}
}

func TestTimeFormatRefusesWhatStrftimeDoesNotKnow(t *testing.T) {
	unknown := func(conversion string) string {
		return "must be a strftime pattern, but " + conversion + " is not known: valid is % before one of " + conversionLetters
	}
	const cut = "must be a strftime pattern, but ends within a conversion: write %% for a percent sign"
	for pattern, message := range map[string]string{
		"%":          cut,
		"%Y%":        cut,
		"%-":         cut,
		"%%%":        cut,
		"%Q":         unknown("%Q"),
		"%Y-%Q-%O":   unknown("%Q"),
		"%3N":        unknown("%3"),
		"%Ey":        unknown("%E"),
		"%-N":        unknown("%-N"),
		"%--d":       unknown("%--"),
		"%é":         unknown("%é"),
		"%:z":        unknown("%:"),
		"100 % sure": unknown("% "),
	} {
		_, err := NewTimeFormat(pattern)
		require.EqualError(t, err, message, pattern)
	}
}

func TestTimeFormatKnowsWhatItsMessageLists(t *testing.T) {
	known := conversions()
	for c := range 256 {
		_, err := known.Lookup(byte(c))
		require.Equal(t, strings.IndexByte(conversionLetters, byte(c)) >= 0, err == nil, "%c", c)
	}
}

func TestTimeFormatTellsWhetherItGoesBelowASecond(t *testing.T) {
	for pattern, want := range map[string]bool{
		"": false, "%Y-%m-%dT%H:%M:%S%z": false, "%s": false, "%%L %%f": false,
		"%L": true, "%H.%f": true, "%-L": true, "%s%L": true,
	} {
		format, err := NewTimeFormat(pattern)
		require.NoError(t, err)
		require.Equal(t, want, format.SubSecond(), pattern)
	}
}

func TestTimeFormatIsForManyGoroutines(t *testing.T) {
	format, err := NewTimeFormat("%Y-%m-%d %j %L %s")
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			at := time.Unix(int64(i), 5e6).UTC()
			for range 100 {
				want := fmt.Sprintf("1970-01-01 001 005 %d", i)
				if got := string(format.Append(nil, at)); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestTimeFormatAllocatesNothing(t *testing.T) {
	at := time.Date(2024, time.December, 31, 23, 59, 59, 123456789, time.UTC)
	dst := make([]byte, 0, 256)
	for _, pattern := range []string{"%Y-%m-%dT%H:%M:%S", "%A %B %d %j %U %I:%M:%S.%L %p %z %Z", "%s.%f", "%buary"} {
		format, err := NewTimeFormat(pattern)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { format.Append(dst, at) }), pattern)
	}
}

func FuzzTimeFormat(f *testing.F) {
	for _, pattern := range []string{
		"", "%Y-%m-%dT%H:%M:%S", "%s.%L%f", "%-d%#m", "%", "%%", "%Q", "%buary", "_%e", "P%a %c%r%v%x%X", "%G%g%j%U%V%W%u%w%C", "%\xff", "Z07:00.000",
	} {
		f.Add(pattern, int64(1706925906), int64(7_089_012))
	}
	f.Add("%C%G%g%Y%y%j%s%c", int64(-1<<62), int64(0))
	f.Add("%C%G%g%Y%y%j%s%c", int64(1<<62), int64(999_999_999))
	f.Fuzz(func(t *testing.T, pattern string, seconds, nanoseconds int64) {
		format, err := NewTimeFormat(pattern)
		if err != nil {
			require.Contains(t, err.Error(), "must be a strftime pattern")
			return
		}
		at := time.Unix(seconds, nanoseconds).UTC()
		got := string(format.Append(nil, at))
		single, err := compileSingly(pattern, conversions())
		require.NoError(t, err)
		require.Equal(t, single.FormatString(at), got, "field by field")
		if !format.SubSecond() {
			require.Equal(t, got, string(format.Append(nil, at.Truncate(time.Second))), "within the second")
		}
	})
}

func BenchmarkTimeFormat(b *testing.B) {
	at := time.Date(2024, time.December, 31, 23, 59, 59, 123456789, time.Local)
	for _, pattern := range []string{"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%L%z"} {
		b.Run(pattern, func(b *testing.B) {
			format, err := NewTimeFormat(pattern)
			require.NoError(b, err)
			dst := make([]byte, 0, 64)
			b.ReportAllocs()
			for b.Loop() {
				dst = format.Append(dst[:0], at)
			}
		})
	}
}
