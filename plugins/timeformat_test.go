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

// What GNU date 9.1 prints in the C locale with TZ=Asia/Kolkata, except where its
// # does not drop the zeros of a number, as Windows and the library have it.
func TestTimeFormatWritesWhatGNUDateWrites(t *testing.T) {
	at := time.Date(2026, time.March, 4, 5, 6, 7, 89_012_000, time.FixedZone("IST", 5*3600+30*60))
	for pattern, want := range map[string]string{
		"%N|%3N|%6N|%9N|%1N|%12N":         "089012000|089|089012|089012000|0|089012000000",
		"%-N|%_N|%-3N":                    "089012000|089012   |089",
		"%H:%M:%S.%3N%:z":                 "05:06:07.089+05:30",
		"%:z|%::z|%:::z|%z":               "+05:30|+05:30:00|+05:30|+0530",
		"%-z|%_z|%8z|%_8z":                "+530| +530|+0000530|    +530",
		"%8:z|%_10::z|%-:z":               "+0005:30|  +5:30:00|+5:30",
		"%-d|%_d|%_m|%-H|%_H|%-j|%_j":     "4| 4| 3|5| 5|63| 63",
		"%5j|%_5j|%05d|%3d|%-3d":          "00063|   63|00004|004|4",
		"%-e|%0e|%0k|%_I|%-l|%k|%l":       "4|04|05| 5|5| 5| 5",
		"%^a|%^A|%#a|%#Z|%^p|%#p|%P|%^P":  "WED|WEDNESDAY|WED|ist|AM|am|am|am",
		"%^B|%#B|%^c|%^r|%_^b|%^10b":      "MARCH|MARCH|WED MAR  4 05:06:07 2026|05:06:07 AM|MAR|       MAR",
		"%10A|%-10A|%010A":                " Wednesday|Wednesday|0Wednesday",
		"%s|%-s|%15s|%_15s":               "1772580967|1772580967|000001772580967|     1772580967",
		"%Y|%6Y|%_6Y|%-Y|%+4Y|%C|%_C|%y":  "2026|002026|  2026|2026|2026|20|20|26",
		"%q|%G|%g|%-g|%V|%u|%w|%U|%W|%-U": "1|2026|26|26|10|3|3|09|09|9",
		"%Ey|%EY|%Od|%OH|%EC|%Ex|%Oe":     "26|2026|04|05|20|03/04/26| 4",
		"%D|%-D|%10D|%F|%12F|%R|%T":       "03/04/26|03/04/26|  03/04/26|2026-03-04|002026-03-04|05:06|05:06:07",
		"%-n|%5t|%%":                      "\n|    \t|%",
		"%--d|%-_d|%^#a":                  "4| 4|WED",
		"%#d|%#5d|%#H":                    "4|4|5",
	} {
		t.Run(pattern, func(t *testing.T) {
			at := at
			if strings.Contains(pattern, "%s") {
				at = time.Unix(1772580967, 0).UTC()
			}
			format, err := NewTimeFormat(pattern)
			require.NoError(t, err)
			require.Equal(t, want, string(format.Append(nil, at)))
			require.Equal(t, "007 "+want, string(format.Append([]byte("007 "), at)), "what is there stays")
		})
	}
}

func TestTimeFormatWritesOffsetsOfEveryKind(t *testing.T) {
	for offset, want := range map[int]string{
		0:             "+0000 +00:00 +00:00:00 +00",
		2 * 3600:      "+0200 +02:00 +02:00:00 +02",
		-3*3600 - 900: "-0315 -03:15 -03:15:00 -03:15",
		1172:          "+0019 +00:19 +00:19:32 +00:19:32",
		-1172:         "-0019 -00:19 -00:19:32 -00:19:32",
		14 * 3600:     "+1400 +14:00 +14:00:00 +14",
	} {
		format, err := NewTimeFormat("%z %:z %::z %:::z")
		require.NoError(t, err)
		require.Equal(t, want, string(format.Append(nil, time.Unix(0, 0).In(time.FixedZone("", offset)))))
	}
}

func TestTimeFormatCountsYearsAndWeeksAsGNUDateDoes(t *testing.T) {
	for _, test := range []struct {
		year  int
		month time.Month
		day   int
		want  string // of %Y %C %y %G %g %V %U %W %u %w %j
	}{
		{1999, time.December, 31, "1999 19 99 1999 99 52 52 52 5 5 365"},
		{2005, time.January, 1, "2005 20 05 2004 04 53 00 00 6 6 001"},
		{2012, time.January, 1, "2012 20 12 2011 11 52 01 00 7 0 001"},
		{2018, time.December, 31, "2018 20 18 2019 19 01 52 53 1 1 365"},
		{2100, time.March, 7, "2100 21 00 2100 00 09 10 09 7 0 066"},
		{987, time.July, 4, "0987 09 87 0987 87 27 26 27 3 3 185"},
	} {
		format, err := NewTimeFormat("%Y %C %y %G %g %V %U %W %u %w %j")
		require.NoError(t, err)
		got := string(format.Append(nil, time.Date(test.year, test.month, test.day, 12, 0, 0, 0, time.UTC)))
		require.Equal(t, test.want, got, test.year)
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
		return "must be a strftime pattern, but " + conversion + " is not known: valid is % before one of " + conversionLetters +
			", between them flags (- _ 0 ^ #) and a width up to 255"
	}
	const cut = "must be a strftime pattern, but ends within a conversion: write %% for a percent sign"
	for pattern, message := range map[string]string{
		"%":                      cut,
		"%Y%":                    cut,
		"%-":                     cut,
		"%%%":                    cut,
		"%Q":                     unknown("%Q"),
		"%Y-%Q-%O":               unknown("%Q"),
		"%-3E":                   cut,
		"%:":                     cut,
		"%256d":                  unknown("%256d"),
		"%99999999999999999999N": unknown("%99999999999999999999N"),
		"%Ed":                    unknown("%Ed"),
		"%OY":                    unknown("%OY"),
		"%EOd":                   unknown("%EO"),
		"%:d":                    unknown("%:d"),
		"%::::z":                 unknown("%::::z"),
		"%:Ez":                   unknown("%:Ez"),
		"%-é":                    unknown("%-é"),
		"%é":                     unknown("%é"),
		"100 % sure":             unknown("% "),
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
		"%L": true, "%H.%f": true, "%-L": true, "%s%L": true, "%N": true, "%1N": true, "%:z%_d": false,
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
	for _, pattern := range []string{"%Y-%m-%dT%H:%M:%S", "%A %B %d %j %U %I:%M:%S.%L %p %z %Z", "%s.%f", "%buary",
		"%-d %_5j %^B %#Z %:z %3N %N %12F %-G %g %C %P %q %010s %-L %EY"} {
		format, err := NewTimeFormat(pattern)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { format.Append(dst, at) }), pattern)
	}
}

func FuzzTimeFormat(f *testing.F) {
	for _, pattern := range []string{
		"", "%Y-%m-%dT%H:%M:%S", "%s.%L%f", "%-d%#m", "%", "%%", "%Q", "%buary", "_%e", "P%a %c%r%v%x%X", "%G%g%j%U%V%W%u%w%C", "%\xff", "Z07:00.000",
		"%3N%-N%_N%:z%::z%:::z", "%-d%_5j%^B%#Z%012F%_z", "%EY%Od", "%255s%256s", "%-", "%:", "%E",
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
		require.Equal(t, fieldByField(t, pattern, at), got)
		require.Equal(t, got, string(format.Append([]byte("0 "), at))[2:], "behind something")
		if !format.SubSecond() {
			require.Equal(t, got, string(format.Append(nil, at.Truncate(time.Second))), "within the second")
		}
	})
}

// fieldByField writes the time by a pattern, each conversion and each text by
// itself.
func fieldByField(t *testing.T, pattern string, at time.Time) (text string) {
	known := conversions()
	for from := 0; ; {
		c, found, err := nextConversion(pattern, from, known)
		require.NoError(t, err)
		if !found {
			return text + pattern[from:]
		}
		text += pattern[from:c.start]
		single, err := NewTimeFormat(pattern[c.start:c.end])
		require.NoError(t, err)
		text += string(single.Append(nil, at))
		from = c.end
	}
}

func BenchmarkTimeFormat(b *testing.B) {
	at := time.Date(2024, time.December, 31, 23, 59, 59, 123456789, time.Local)
	for _, pattern := range []string{"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%L%z", "%Y-%m-%dT%H:%M:%S.%3N%:z", "%-d/%^b/%Y %_H"} {
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
