package plugins

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Source holds the options of one instance as texts. Fluent Bit's C side is
// one, the environment another.
type Source interface {
	// Get returns the option's text, "" when it is not set.
	Get(key string) string
}

// SourceFunc is a Source made of a function, such as os.Getenv.
type SourceFunc func(key string) string

// Get calls f.
func (f SourceFunc) Get(key string) string { return f(key) }

// Values is a Source that holds its options itself.
type Values map[string]string

// Get returns the value under key, "" when there is none.
func (v Values) Get(key string) string { return v[key] }

// A Setting is an option as it takes effect, defaults included.
type Setting struct {
	Name  string
	Value string // "" where the option is not set and has no default
}

// String returns the setting as a line of the start log has it.
func (s Setting) String() string {
	if s.Value == "" {
		return s.Name + " = (not set)"
	}
	return s.Name + " = " + s.Value
}

// Options reads the options of a Source as typed values. A value that cannot
// be read is kept as a mistake, the default is returned in its place, and the
// reading goes on: ask Err once everything has been read.
//
// Blanks around a value are dropped, except by Text. An option whose value is
// blank is not set. Every option read becomes a Setting, so options that hold
// secrets must not be read through it.
//
// An Options is for one goroutine.
type Options struct {
	source Source
	*findings
}

// findings is what the reading turned up, shared by the readers made by From.
type findings struct {
	settings []Setting
	mistakes []error
	warnings []string
}

// NewOptions returns a reader of source.
func NewOptions(source Source) *Options {
	return &Options{source: source, findings: &findings{}}
}

// From returns a reader of another source, such as the environment, that adds
// to the same settings, warnings and mistakes.
func (o *Options) From(source Source) *Options {
	return &Options{source: source, findings: o.findings}
}

// Settings returns the options read so far as they take effect, in the order
// in which they were read.
func (o *Options) Settings() []Setting { return o.settings }

// Warnings returns what Warn was told, in order.
func (o *Options) Warnings() []string { return o.warnings }

// Warn adds a remark on options that can be read but do not do what they seem
// to.
func (o *Options) Warn(format string, args ...any) {
	o.warnings = append(o.warnings, fmt.Sprintf(format, args...))
}

// Err returns all mistakes found so far joined as errors.Join does, a line
// for each, or nil. [Logger.ErrorEach] logs each as a line of its own.
func (o *Options) Err() error { return errors.Join(o.mistakes...) }

// Refuse adds a mistake: that the option has this value, and why it cannot,
// with what would be valid.
func (o *Options) Refuse(name, value, why string) {
	o.mistakes = append(o.mistakes, fmt.Errorf("%s = %s: %s", name, quote(value), why))
}

// IsSet reports whether the option is set.
func (o *Options) IsSet(name string) bool {
	return strings.TrimSpace(o.source.Get(name)) != ""
}

// Read reads an option with a parser of the caller's, whose error says what
// would be valid. The parser sees the value without the blanks around it, and
// is not called when there is none.
func Read[T any](o *Options, name string, def T, parse func(text string) (T, error)) T {
	text := strings.TrimSpace(o.source.Get(name))
	if text == "" {
		o.keep(name, def)
		return def
	}
	value, err := parse(text)
	if err != nil {
		o.Refuse(name, text, err.Error())
		return def
	}
	o.keep(name, value)
	return value
}

// String returns the option's text, def when it is not set.
func (o *Options) String(name, def string) string {
	return Read(o, name, def, func(text string) (string, error) { return text, nil })
}

// Text returns the option's text with the blanks around it, "" when it is not
// set. Unlike with the other methods, blanks alone are a value.
func (o *Options) Text(name string) string {
	text := o.source.Get(name)
	shown := text
	if strings.TrimSpace(text) != text {
		shown = strconv.Quote(text)
	}
	o.keep(name, shown)
	return text
}

// Required reads an option that must be set, as Read does. The hint says what
// to set it to.
func (o *Options) Required(name, hint string, parse func(text string) (string, error)) string {
	if !o.IsSet(name) {
		o.mistakes = append(o.mistakes, fmt.Errorf("%s is not set: it must be %s", name, hint))
		return ""
	}
	return Read(o, name, "", parse)
}

// Bool reads true or false, on or off, yes or no, 1 or 0, in any case.
func (o *Options) Bool(name string, def bool) bool {
	return Read(o, name, def, func(text string) (bool, error) {
		switch strings.ToLower(text) {
		case "true", "on", "yes", "1":
			return true, nil
		case "false", "off", "no", "0":
			return false, nil
		}
		return false, errors.New("must be true or false (or on, off, yes, no, 1, 0)")
	})
}

// Int reads a whole decimal number from min to max.
func (o *Options) Int(name string, def, min, max int) int {
	return Read(o, name, def, func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < min || n > max {
			return 0, errors.New("must be a whole number " + fromTo(min, max, strconv.Itoa))
		}
		return n, nil
	})
}

// Size reads a number of bytes from min to max in the notation of ParseSize.
func (o *Options) Size(name string, def, min, max int) int {
	return Read(o, name, def, func(text string) (int, error) {
		n, err := ParseSize(text)
		if err != nil || n < min || n > max {
			return 0, fmt.Errorf("must be a size %s, %s", fromTo(min, max, FormatSize), sizeNotation)
		}
		return n, nil
	})
}

// Duration reads a duration in Go's notation that is not negative.
func (o *Options) Duration(name string, def time.Duration) time.Duration {
	return Read(o, name, def, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return 0, errors.New(`must be a duration that is not negative, such as "30s", "5m30s" or "1h"`)
		}
		return d, nil
	})
}

// secondsPerDay is the longest time that makes sense to wait for one thing.
const secondsPerDay = 24 * 60 * 60

// Seconds reads a whole number of seconds, from none to a day.
func (o *Options) Seconds(name string, def time.Duration) time.Duration {
	return Read(o, name, def, func(text string) (time.Duration, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > secondsPerDay {
			return 0, errors.New("must be a whole number of seconds " + fromTo(0, secondsPerDay, strconv.Itoa) + ", without a unit")
		}
		return time.Duration(n) * time.Second, nil
	})
}

// Choice reads one of the valid texts, in any case, and returns it as it
// stands in valid.
func (o *Options) Choice(name, def string, valid ...string) string {
	return Read(o, name, def, func(text string) (string, error) {
		for _, v := range valid {
			if strings.EqualFold(text, v) {
				return v, nil
			}
		}
		return "", errors.New("must be one of " + strings.Join(valid, ", "))
	})
}

// List reads texts separated by commas. Blanks around them are dropped, and a
// text that is empty is a mistake.
func (o *Options) List(name string) []string {
	return Read(o, name, nil, func(text string) ([]string, error) {
		items := strings.Split(text, ",")
		for i, item := range items {
			items[i] = strings.TrimSpace(item)
			if items[i] == "" {
				return nil, fmt.Errorf("must be names separated by commas, but number %d of %d is empty", i+1, len(items))
			}
		}
		return items, nil
	})
}

// keep records the value that an option takes effect with.
func (o *Options) keep(name string, value any) {
	text := fmt.Sprint(value)
	if list, ok := value.([]string); ok {
		text = strings.Join(list, ", ")
	}
	o.settings = append(o.settings, Setting{Name: name, Value: text})
}

// maxShown is the length in bytes at which a value is cut in a message.
const maxShown = 200

// quote returns the value in quotes, cut where it is longer than a line of a
// log should be. The user and password of an address are masked.
func quote(value string) string {
	value = mask(value)
	if len(value) <= maxShown {
		return strconv.Quote(value)
	}
	return strconv.Quote(strings.ToValidUTF8(value[:maxShown], "")) + "..."
}

// mask hides what stands before an @, which with a colon in it may be the user
// and password of an address.
func mask(value string) string {
	at := strings.LastIndexByte(value, '@')
	if at < 0 || !strings.Contains(value[:at], ":") {
		return value
	}
	start := 0
	if scheme := strings.Index(value[:at], "://"); scheme >= 0 {
		start = scheme + len("://")
	}
	return value[:start] + "***" + value[at:]
}

// fromTo says a range of numbers in words.
func fromTo(min, max int, format func(int) string) string {
	return "from " + format(min) + " to " + format(max)
}
