package plugins

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lestrrat-go/strftime"
)

// A TimeFormat writes times by a strftime pattern. Beside the conversions of
// strftime it knows
//
//	%L  milliseconds, 3 digits
//	%f  microseconds, 6 digits
//	%s  seconds since 1970-01-01 UTC
//
// and the flags "-" and "#", which drop the leading zeros of a number (%-d).
// It is safe for use by several goroutines at once.
type TimeFormat struct {
	pattern   string
	compiled  *strftime.Strftime
	subSecond bool
}

// NewTimeFormat returns the format of a pattern, or an error that names the
// conversion that is not known.
func NewTimeFormat(pattern string) (*TimeFormat, error) {
	known := conversions()
	if err := checkPattern(pattern, known); err != nil {
		return nil, err
	}
	compiled, err := compile(pattern, known)
	if err != nil {
		return nil, err
	}
	f := &TimeFormat{pattern: pattern, compiled: compiled}
	f.subSecond = !bytes.Equal(f.Append(nil, probe), f.Append(nil, probe.Truncate(time.Second)))
	return f, nil
}

// Append appends the time, in its own location, to dst and returns the
// extended slice. It allocates nothing beside the room that dst lacks, except
// for patterns with a "-" or "#" flag or %G.
func (f *TimeFormat) Append(dst []byte, t time.Time) []byte {
	return f.compiled.FormatBuffer(dst, t)
}

// SubSecond reports whether two times within one second can come out
// differently. If not, a caller may keep the text for as long as the second
// lasts.
func (f *TimeFormat) SubSecond() bool { return f.subSecond }

// String returns the pattern.
func (f *TimeFormat) String() string { return f.pattern }

// conversionLetters are the letters that may follow a % in a pattern.
const conversionLetters = "AaBbCcDdeFfGgHhIjkLlMmnpRrSsTtUuVvWwXxYyZz%"

// conversions returns the library's conversions and our own.
func conversions() strftime.SpecificationSet {
	known := strftime.NewSpecificationSet()
	define(known, 's', func(b []byte, t time.Time) []byte { return strconv.AppendInt(b, t.Unix(), 10) })
	define(known, 'L', func(b []byte, t time.Time) []byte { return appendPadded(b, t.Nanosecond()/1e6, 3) })
	define(known, 'f', func(b []byte, t time.Time) []byte { return appendPadded(b, t.Nanosecond()/1e3, 6) })
	// The library's own %j makes a string for every time.
	define(known, 'j', func(b []byte, t time.Time) []byte { return appendPadded(b, t.YearDay(), 3) })
	return known
}

// define puts a conversion into a set. A set that was made by
// NewSpecificationSet takes any, so there is no error to hand on.
func define(set strftime.SpecificationSet, letter byte, appender strftime.AppendFunc) {
	_ = set.Set(letter, appender)
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

// checkPattern returns an error that names the first conversion that the set
// does not hold.
func checkPattern(pattern string, known strftime.SpecificationSet) error {
	for rest := pattern; ; {
		_, after, found := strings.Cut(rest, "%")
		if !found {
			return nil
		}
		flags := 0
		if after != "" && (after[0] == '-' || after[0] == '#') {
			flags = 1
		}
		if len(after) == flags {
			return errors.New("must be a strftime pattern, but ends within a conversion: write %% for a percent sign")
		}
		if _, err := known.Lookup(after[flags]); err != nil {
			_, size := utf8.DecodeRuneInString(after[flags:])
			return fmt.Errorf("must be a strftime pattern, but %%%s is not known: valid is %% before one of %s",
				after[:flags+size], conversionLetters)
		}
		rest = after[flags+1:]
	}
}

// compile compiles a pattern. The library joins neighbouring fields and text
// into one layout of the time package, which is quick but misreads a few
// patterns: "%buary" becomes the layout "January", the month's full name. Such
// patterns are compiled field by field.
func compile(pattern string, known strftime.SpecificationSet) (*strftime.Strftime, error) {
	joined, err := strftime.New(pattern, strftime.WithSpecificationSet(known))
	if err != nil {
		return nil, err
	}
	single, err := compileSingly(pattern, known)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(joined.FormatBuffer(nil, probe), single.FormatBuffer(nil, probe)) {
		return single, nil
	}
	return joined, nil
}

// compileSingly compiles a pattern field by field: the library joins its own
// kinds of appender alone, so each is wrapped in another.
func compileSingly(pattern string, known strftime.SpecificationSet) (*strftime.Strftime, error) {
	wrapped := strftime.NewSpecificationSet()
	for _, letter := range []byte(conversionLetters) {
		appender, err := known.Lookup(letter)
		if err != nil {
			return nil, err
		}
		define(wrapped, letter, appender.Append)
	}
	return strftime.New(pattern, strftime.WithSpecificationSet(wrapped))
}

// probe is a time that tells misread fields apart: none of its names and
// numbers is that of the reference time of Go's layouts, no two of its numbers
// are the same, and it is in the middle of a second at every precision.
var probe = time.Date(2019, time.September, 25, 20, 37, 48, 123456789, time.FixedZone("PRB", 5*3600+30*60))
