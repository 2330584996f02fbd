package plugins

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func ExampleOptions() {
	o := NewOptions(Values{"append_newline": "On", "data_keys": "log, stream", "limit": "many", "size": "3 GB"})
	fmt.Println(o.Bool("append_newline", false), o.List("data_keys"), o.Int("limit", 10, 1, 64))
	o.Size("size", 20<<10, 1, 1<<20)
	o.String("time_key", "")
	for _, setting := range o.Settings() {
		fmt.Println(setting)
	}
	fmt.Println(o.Err())
	// Output:
	// true [log stream] 10
	// append_newline = true
	// data_keys = log, stream
	// time_key = (not set)
	// limit = "many": must be a whole number from 1 to 64
	// size = "3 GB": must be a size from 1 to 1M, written as a number of bytes or with one of k, KB, M, MB (1k is 1024 bytes)
}

// optionReaders read the option o in every way there is.
var optionReaders = map[string]func(*Options) any{
	"string": func(o *Options) any { return o.String("o", "def") },
	"text":   func(o *Options) any { return o.Text("o") },
	"required": func(o *Options) any {
		return o.Required("o", "a word", func(s string) (string, error) { return s, nil })
	},
	"bool":     func(o *Options) any { return o.Bool("o", true) },
	"int":      func(o *Options) any { return o.Int("o", 7, -1, 10) },
	"size":     func(o *Options) any { return o.Size("o", 5, 1, 2048) },
	"duration": func(o *Options) any { return o.Duration("o", time.Minute) },
	"seconds":  func(o *Options) any { return o.Seconds("o", time.Minute) },
	"choice":   func(o *Options) any { return o.Choice("o", "b", "a", "b", "Cc") },
	"list":     func(o *Options) any { return o.List("o") },
}

func TestOptionsReadValues(t *testing.T) {
	for _, test := range []struct {
		name, as, value string
		want            any
		setting         string
	}{
		{"a string that is not set is the default", "string", "", "def", "o = def"},
		{"blanks around a string are dropped", "string", " a b\t", "a b", "o = a b"},
		{"a string of blanks is not set", "string", "  ", "def", "o = def"},
		{"a text keeps its blanks and shows them", "text", " a ", " a ", `o = " a "`},
		{"a text of one blank is a value", "text", " ", " ", `o = " "`},
		{"a text that is not set is empty", "text", "", "", "o = (not set)"},
		{"a required option that is set", "required", "x", "x", "o = x"},
		{"a boolean that is not set is the default", "bool", "", true, "o = true"},
		{"TRUE is true", "bool", "TRUE", true, "o = true"},
		{"On is true", "bool", "On", true, "o = true"},
		{"yes is true", "bool", "yes", true, "o = true"},
		{"1 is true", "bool", " 1 ", true, "o = true"},
		{"False is false", "bool", "False", false, "o = false"},
		{"off is false", "bool", "off", false, "o = false"},
		{"NO is false", "bool", "NO", false, "o = false"},
		{"0 is false", "bool", "0", false, "o = false"},
		{"a number that is not set is the default", "int", "", 7, "o = 7"},
		{"the lowest number", "int", "-1", -1, "o = -1"},
		{"the highest number", "int", "10", 10, "o = 10"},
		{"a size that is not set is the default", "size", "", 5, "o = 5"},
		{"a size with a unit is bytes", "size", "2 KB", 2048, "o = 2048"},
		{"a duration that is not set is the default", "duration", "", time.Minute, "o = 1m0s"},
		{"a duration of several units", "duration", "5m30s", 330 * time.Second, "o = 5m30s"},
		{"a duration of zero needs no unit", "duration", "0", time.Duration(0), "o = 0s"},
		{"seconds that are not set are the default", "seconds", "", time.Minute, "o = 1m0s"},
		{"seconds have no unit", "seconds", "90", 90 * time.Second, "o = 1m30s"},
		{"zero seconds", "seconds", "0", time.Duration(0), "o = 0s"},
		{"a choice that is not set is the default", "choice", "", "b", "o = b"},
		{"a choice in any case is as it is listed", "choice", "CC", "Cc", "o = Cc"},
		{"a list that is not set is empty", "list", "", []string(nil), "o = (not set)"},
		{"a list of one", "list", "a", []string{"a"}, "o = a"},
		{"blanks in a list are dropped around the items", "list", " a b ,c ", []string{"a b", "c"}, "o = a b, c"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := NewOptions(Values{"o": test.value})
			require.Equal(t, test.want, optionReaders[test.as](o))
			require.NoError(t, o.Err())
			require.Len(t, o.Settings(), 1)
			require.Equal(t, test.setting, o.Settings()[0].String())
		})
	}
}

func TestOptionsRefuseWhatTheyCannotRead(t *testing.T) {
	const wholeSeconds = "must be a whole number of seconds from 0 to 86400, without a unit"
	const duration = `must be a duration that is not negative, such as "30s", "5m30s" or "1h"`
	const size = "must be a size from 1 to 2k, " + sizeNotation
	for _, test := range []struct {
		name, as, value string
		want            any // the default
		message         string
	}{
		{"a required option that is not set", "required", "", "", "o is not set: it must be a word"},
		{"a required option of blanks", "required", "  ", "", "o is not set: it must be a word"},
		{"a boolean in other words", "bool", "maybe", true, `o = "maybe": must be true or false (or on, off, yes, no, 1, 0)`},
		{"a boolean of another number", "bool", "2", true, `o = "2": must be true or false (or on, off, yes, no, 1, 0)`},
		{"a number below the range", "int", "-2", 7, `o = "-2": must be a whole number from -1 to 10`},
		{"a number above the range", "int", "11", 7, `o = "11": must be a whole number from -1 to 10`},
		{"a number that is a word", "int", "ten", 7, `o = "ten": must be a whole number from -1 to 10`},
		{"a number with a fraction", "int", "1.5", 7, `o = "1.5": must be a whole number from -1 to 10`},
		{"a number no machine holds", "int", "99999999999999999999", 7, `o = "99999999999999999999": must be a whole number from -1 to 10`},
		{"a size below the range", "size", "0", 5, `o = "0": ` + size},
		{"a size above the range", "size", "3k", 5, `o = "3k": ` + size},
		{"a size in another unit", "size", "1G", 5, `o = "1G": ` + size},
		{"a duration without a unit", "duration", "5", time.Minute, `o = "5": ` + duration},
		{"a negative duration", "duration", "-5s", time.Minute, `o = "-5s": ` + duration},
		{"seconds with a unit", "seconds", "5s", time.Minute, `o = "5s": ` + wholeSeconds},
		{"negative seconds", "seconds", "-5", time.Minute, `o = "-5": ` + wholeSeconds},
		{"a fraction of seconds", "seconds", "0.5", time.Minute, `o = "0.5": ` + wholeSeconds},
		{"more seconds than a day has", "seconds", "86401", time.Minute, `o = "86401": ` + wholeSeconds},
		{"none of the choices", "choice", "d", "b", `o = "d": must be one of a, b, Cc`},
		{"an empty item in a list", "list", "a,,b", []string(nil), `o = "a,,b": must be names separated by commas, but number 2 of 3 is empty`},
		{"a list that ends in a comma", "list", "a,", []string(nil), `o = "a,": must be names separated by commas, but number 2 of 2 is empty`},
		{"a list of a comma", "list", ",", []string(nil), `o = ",": must be names separated by commas, but number 1 of 2 is empty`},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := NewOptions(Values{"o": test.value})
			require.Equal(t, test.want, optionReaders[test.as](o), "the default stands in")
			require.EqualError(t, o.Err(), test.message)
			require.Empty(t, o.Settings(), "a refused value takes no effect")
		})
	}
}

func TestOptionsReportAllMistakesInOrder(t *testing.T) {
	o := NewOptions(Values{"a": "x", "b": "1"})
	env := o.From(SourceFunc(func(key string) string { return "env of " + key }))
	o.Int("a", 0, 0, 1)
	env.Bool("E", false)
	o.Int("b", 0, 0, 1)
	o.Refuse("c", "z", "must not be")
	require.Equal(t, []string{
		`a = "x": must be a whole number from 0 to 1`,
		`E = "env of E": must be true or false (or on, off, yes, no, 1, 0)`,
		`c = "z": must not be`,
	}, strings.Split(o.Err().Error(), "\n"))
	require.Equal(t, o.Err(), env.Err())
	require.Equal(t, []Setting{{"b", "1"}}, env.Settings())
}

func TestOptionsShowNoPasswordAndNoNovelInAMessage(t *testing.T) {
	for _, test := range []struct{ name, value, shown string }{
		{"a password in a URL", "https://user:secret@host:1/x", `"https://***@host:1/x"`},
		{"a password without a scheme", "user:secret@host", `"***@host"`},
		{"a password with an at sign", "http://user:sec@ret@host", `"http://***@host"`},
		{"an at sign without a password", "%Y@%Q", `"%Y@%Q"`},
		{"a long value", strings.Repeat("é", 300), `"` + strings.Repeat("é", 100) + `"...`},
		{"a long value cut within a character", "a" + strings.Repeat("é", 300), `"a` + strings.Repeat("é", 99) + `"...`},
		{"line ends", "a\nb", `"a\nb"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := NewOptions(Values{"o": test.value})
			Read(o, "o", "", func(string) (string, error) { return "", errors.New("must be other") })
			require.EqualError(t, o.Err(), "o = "+test.shown+": must be other")
		})
	}
}

func TestOptionsKeepWarnings(t *testing.T) {
	o := NewOptions(Values{})
	require.False(t, o.IsSet("a"))
	o.Warn("%s has no effect without %s", "a", "b")
	require.Equal(t, []string{"a has no effect without b"}, o.Warnings())
	require.NoError(t, o.Err())
}
