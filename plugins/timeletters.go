package plugins

import (
	"strconv"
	"time"

	"github.com/lestrrat-go/strftime"
)

// conversionLetters are the letters that may follow a % in a pattern.
const conversionLetters = "AaBbCcDdeFfGgHhIjkLlMmNnPpqRrSsTtUuVvWwXxYyZz%"

// conversions returns the library's conversions and our own, which are those
// that it lacks and those that it makes strings for.
func conversions() strftime.SpecificationSet {
	known := strftime.NewSpecificationSet()
	define(known, 's', func(b []byte, t time.Time) []byte { return strconv.AppendInt(b, t.Unix(), 10) })
	define(known, 'L', func(b []byte, t time.Time) []byte { return appendFraction(b, t, 3) })
	define(known, 'f', func(b []byte, t time.Time) []byte { return appendFraction(b, t, 6) })
	define(known, 'N', func(b []byte, t time.Time) []byte { return appendFraction(b, t, 9) })
	define(known, 'j', func(b []byte, t time.Time) []byte { return appendPadded(b, t.YearDay(), 3) })
	define(known, 'q', func(b []byte, t time.Time) []byte { return appendPadded(b, (int(t.Month())+2)/3, 1) })
	define(known, 'G', func(b []byte, t time.Time) []byte { return appendSigned(b, weekYear(t), 4) })
	define(known, 'g', func(b []byte, t time.Time) []byte { return appendPadded(b, lastTwo(weekYear(t)), 2) })
	define(known, 'y', func(b []byte, t time.Time) []byte { return appendPadded(b, lastTwo(t.Year()), 2) })
	define(known, 'C', func(b []byte, t time.Time) []byte { return appendSigned(b, floorDiv(t.Year(), 100), 2) })
	define(known, 'P', func(b []byte, t time.Time) []byte { return t.AppendFormat(b, "pm") })
	return known
}

// define puts a conversion into a set. A set that was made by
// NewSpecificationSet takes any, so there is no error to hand on.
func define(set strftime.SpecificationSet, letter byte, appender strftime.AppendFunc) {
	_ = set.Set(letter, appender)
}

func weekYear(t time.Time) int {
	year, _ := t.ISOWeek()
	return year
}

// floorDiv is a/b without its fraction, towards the past.
func floorDiv(a, b int) int { return (a - (a%b+b)%b) / b }

// lastTwo is a year within its century.
func lastTwo(year int) int { return (year%100 + 100) % 100 }

// appendFraction appends so many digits of the fraction of a second.
func appendFraction(dst []byte, t time.Time, digits int) []byte {
	n := t.Nanosecond()
	for i := digits; i < 9; i++ {
		n /= 10
	}
	dst = appendPadded(dst, n, min(digits, 9))
	for i := 9; i < digits; i++ {
		dst = append(dst, '0')
	}
	return dst
}

// appendSigned appends a number with at least that many digits behind its sign.
func appendSigned(dst []byte, n, digits int) []byte {
	if n < 0 {
		return appendPadded(append(dst, '-'), -n, digits)
	}
	return appendPadded(dst, n, digits)
}

// appendPadded appends a number that is not negative with at least that many
// digits.
func appendPadded(dst []byte, n, digits int) []byte {
	for limit := 10; digits > 1; digits-- {
		if n < limit {
			dst = append(dst, '0')
		}
		limit *= 10
	}
	return strconv.AppendInt(dst, int64(n), 10)
}
