package plugins

import (
	"bytes"
	"time"

	"github.com/lestrrat-go/strftime"
)

// A TimeFormat writes times by a strftime pattern. Beside the conversions of
// strftime it knows
//
//	%L  milliseconds, 3 digits
//	%f  microseconds, 6 digits
//	%N  nanoseconds, 9 digits
//	%s  seconds since 1970-01-01 UTC
//	%P  am or pm
//	%q  the quarter of the year
//	%:z the offset from UTC as +hh:mm, %::z as +hh:mm:ss, %:::z as short as it can be
//
// and what GNU date takes between the % and the letter, in this order: the flags
// - (no padding), _ (padding with blanks), 0 (with zeros), ^ (upper case) and #
// (no padding of a number, the other case of a word), a width, which is the
// number of digits for %L, %f and %N, and the modifiers E and O, which mean
// nothing outside of locales. Words are those of the C locale.
//
// It is safe for use by several goroutines at once.
type TimeFormat struct {
	pattern   string
	parts     []strftime.Appender
	subSecond bool
}

// NewTimeFormat returns the format of a pattern, or an error that names the
// conversion that is not known.
func NewTimeFormat(pattern string) (*TimeFormat, error) {
	f := &TimeFormat{pattern: pattern}
	known := conversions()
	plain := 0 // where the stretch begins that the library compiles
	for at := 0; ; {
		c, found, err := nextConversion(pattern, at, known)
		if err != nil {
			return nil, err
		}
		if found && c.plain() {
			at = c.end
			continue
		}
		if !found {
			return f, f.finish(pattern[plain:], known)
		}
		if err := f.addPlain(pattern[plain:c.start], known); err != nil {
			return nil, err
		}
		f.parts = append(f.parts, c.field(known))
		plain, at = c.end, c.end
	}
}

// finish adds the last plain stretch.
func (f *TimeFormat) finish(rest string, known strftime.SpecificationSet) error {
	if err := f.addPlain(rest, known); err != nil {
		return err
	}
	f.subSecond = !bytes.Equal(f.Append(nil, probe), f.Append(nil, probe.Truncate(time.Second)))
	return nil
}

// addPlain adds text and conversions without flags.
func (f *TimeFormat) addPlain(pattern string, known strftime.SpecificationSet) error {
	if pattern == "" {
		return nil
	}
	compiled, err := compile(pattern, known)
	if err == nil {
		f.parts = append(f.parts, strftime.AppendFunc(compiled.FormatBuffer))
	}
	return err
}

// Append appends the time, in its own location, to dst and returns the
// extended slice. It allocates nothing beside the room that dst lacks.
func (f *TimeFormat) Append(dst []byte, t time.Time) []byte {
	for _, part := range f.parts {
		dst = part.Append(dst, t)
	}
	return dst
}

// SubSecond reports whether two times within one second can come out
// differently. If not, a caller may keep the text for as long as the second
// lasts.
func (f *TimeFormat) SubSecond() bool { return f.subSecond }

// String returns the pattern.
func (f *TimeFormat) String() string { return f.pattern }

// compile compiles a plain pattern. The library joins neighbouring fields and
// text into one layout of the time package, which is quick but misreads a few
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
