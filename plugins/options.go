package plugins

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	From  string // the variable of the environment that stands in for it, "" where none does
}

// String returns the setting as a line of the start log has it.
func (s Setting) String() string {
	switch {
	case s.Value == "":
		return s.Name + " = (not set)"
	case s.From != "":
		return s.Name + " = " + s.Value + " (from " + s.From + ")"
	}
	return s.Name + " = " + s.Value
}

// Options are the options of one instance: a table, the texts that its rows
// were read from, and what that turned up. A value that cannot be read is kept
// as a mistake, and the reading goes on: ask Err once all has been checked.
//
// Blanks around a value are dropped, except of a [Text]. An option whose value
// is blank is not set. Every option of the table is a Setting, so a row says so
// where its value is not to be seen.
//
// An Options is for one goroutine.
type Options struct {
	table    Table
	source   Source
	env      Source
	mistakes []error
	warnings []string
}

// ReadOptions reads all rows of a table into their variables.
func ReadOptions(table Table, source, env Source) *Options {
	o := &Options{table: table, source: source, env: env}
	for i := range table {
		o.read(&table[i])
	}
	for i := range table {
		o.warnUnused(&table[i])
	}
	return o
}

// read reads one row.
func (o *Options) read(row *Option) {
	name, text := o.given(row)
	if text == "" {
		o.readDefault(row)
		return
	}
	err := row.Value.Set(text)
	if err == nil {
		return
	}
	var bent *Bent
	if !errors.As(err, &bent) || !row.Odd.takes(o) {
		o.Refuse(name, text, err.Error())
		return
	}
	o.Warn("%s = %s: %s; %s", name, o.quote(name, text), bent.Rule, bent.used(row, text))
}

func (o *Options) readDefault(row *Option) {
	if row.Must != "" {
		o.mistakes = append(o.mistakes, fmt.Errorf("%s is not set: it must be %s", row.Name, row.Must))
	}
	if row.Default == "" {
		return
	}
	if err := row.Value.Set(row.Default); err != nil {
		o.Refuse(row.Name, row.Default, err.Error())
	}
}

// used says in words what is made of a text.
func (b *Bent) used(row *Option, text string) string {
	switch used := row.Value.String(); {
	case b.Used != "":
		return b.Used
	case used == text:
		return "it is used as it is"
	case row.Secret:
		return "another is used"
	default:
		return mask(used) + " is used"
	}
}

// warnUnused remarks on a row that is set but does nothing as another is off.
func (o *Options) warnUnused(row *Option) {
	if o.text(row) == "" {
		return
	}
	for _, needed := range row.Needs {
		if !slices.ContainsFunc(strings.Split(needed, " or "), o.IsOn) {
			o.Warn("%s has no effect without %s", row.Name, needed)
			return
		}
	}
}

// given is the text that a row is read from, and its name: the row's own, or
// that of the variable that stands in for it.
func (o *Options) given(row *Option) (name, text string) {
	source := o.source
	if row.Env {
		source = o.env
	}
	text = source.Get(row.Name)
	if _, keepsBlanks := row.Value.(textValue); keepsBlanks {
		return row.Name, text
	}
	if text = strings.TrimSpace(text); text != "" {
		return row.Name, text
	}
	for _, name := range row.Below {
		if text := strings.TrimSpace(o.env.Get(name)); text != "" {
			return name, text
		}
	}
	return row.Name, ""
}

func (o *Options) text(row *Option) string {
	_, text := o.given(row)
	return text
}

// IsSet reports whether an option of the table is set, or a variable that stands
// in for it.
func (o *Options) IsSet(name string) bool {
	row := o.table.Find(name)
	return row != nil && o.text(row) != ""
}

// IsOn reports whether an option of the table is more than its absence: set,
// and neither false, nor none, nor zero.
func (o *Options) IsOn(name string) bool {
	row := o.table.Find(name)
	if row == nil {
		return false
	}
	switch row.Value.String() {
	case "", "false", "none", "0":
		return false
	}
	return true
}

// Settings returns the options as they take effect, in the order of the table.
func (o *Options) Settings() []Setting {
	settings := make([]Setting, len(o.table))
	for i := range o.table {
		row := &o.table[i]
		settings[i] = Setting{Name: row.Name, Value: row.Value.String()}
		if row.Secret && settings[i].Value != "" {
			settings[i].Value = hidden
		}
		if name, _ := o.given(row); name != row.Name {
			settings[i].From = name
		}
	}
	return settings
}

// Warnings returns the remarks on values, in order.
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
	o.mistakes = append(o.mistakes, fmt.Errorf("%s = %s: %s", name, o.quote(name, value), why))
}

// hidden stands in a message for what is not to be seen.
const hidden = "***"

// quote returns the value of an option in quotes, or what stands for it.
func (o *Options) quote(name, value string) string {
	if row := o.table.Find(name); row != nil && row.Secret {
		return hidden
	}
	return quote(value)
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
	return value[:start] + hidden + value[at:]
}
