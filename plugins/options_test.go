package plugins

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func ExampleReadOptions() {
	var newline bool
	var keys []string
	var limit, size int
	table := Table{
		{Name: "append_newline", Value: Bool(&newline), Default: "false"},
		{Name: "data_keys", Value: List(&keys)},
		{Name: "limit", Value: Int(&limit, 1, 64), Default: "10"},
		{Name: "size", Value: Size(&size, 1, 1<<20), Default: "20k", Odd: Taken},
		{Name: "time_key", Value: Word(new(string))},
	}
	o := ReadOptions(table, Values{"append_newline": "On", "data_keys": "log, stream", "limit": "many", "size": "3 MB"}, Values{})
	for _, setting := range o.Settings() {
		fmt.Println(setting)
	}
	fmt.Println(o.Warnings()[0])
	fmt.Println(o.Err())
	// Output:
	// append_newline = true
	// data_keys = log, stream
	// limit = 0
	// size = 1048576
	// time_key = (not set)
	// size = "3 MB": must be a size from 1 to 1M, written as a number of bytes or with one of k, KB, M, MB (1k is 1024 bytes); 1048576 is used
	// limit = "many": must be a whole number from 1 to 64
}

// readAs reads an option o of each kind there is, and returns what its variable holds.
var readAs = map[string]func(row Option, text string) (any, *Options){
	"word": func(row Option, text string) (any, *Options) {
		row.Default = "def"
		return readOne(row, text, Word)
	},
	"text": func(row Option, text string) (any, *Options) { return readOne(row, text, Text) },
	"required": func(row Option, text string) (any, *Options) {
		row.Must = "a word"
		return readOne(row, text, Word)
	},
	"bool": func(row Option, text string) (any, *Options) {
		row.Default = "true"
		return readOne(row, text, Bool)
	},
	"int": func(row Option, text string) (any, *Options) {
		row.Default = "7"
		return readOne(row, text, func(n *int) Value { return Int(n, -1, 10) })
	},
	"number": func(row Option, text string) (any, *Options) {
		return readOne(row, text, func(n *int) Value { return Int(n, 1, 10) })
	},
	"size": func(row Option, text string) (any, *Options) {
		row.Default = "5"
		return readOne(row, text, func(n *int) Value { return Size(n, 2, 2048) })
	},
	"duration": func(row Option, text string) (any, *Options) {
		row.Default = "1m"
		return readOne(row, text, Duration)
	},
	"seconds": func(row Option, text string) (any, *Options) {
		row.Default = "60"
		return readOne(row, text, Seconds)
	},
	"choice": func(row Option, text string) (any, *Options) {
		row.Default = "b"
		return readOne(row, text, func(s *string) Value { return Choice(s, "a", "b", "Cc") })
	},
	"list": func(row Option, text string) (any, *Options) { return readOne(row, text, List) },
}

func readOne[T any](row Option, text string, value func(*T) Value) (any, *Options) {
	var variable T
	row.Name, row.Value = "o", value(&variable)
	o := ReadOptions(Table{row}, Values{"o": text}, Values{})
	return variable, o
}

func TestOptionsReadValues(t *testing.T) {
	for _, test := range []struct {
		name, as, value string
		want            any
		setting         string
	}{
		{"a word that is not set is the default", "word", "", "def", "o = def"},
		{"blanks around a word are dropped", "word", " a b\t", "a b", "o = a b"},
		{"a word of blanks is not set", "word", "  ", "def", "o = def"},
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
		{"a number with a sign", "int", "+5", 5, "o = 5"},
		{"a size that is not set is the default", "size", "", 5, "o = 5"},
		{"a size with a unit is bytes", "size", "2 KB", 2048, "o = 2048"},
		{"a size with a sign", "size", "+20", 20, "o = 20"},
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
		{"empty items of a list are dropped", "list", ",a, ,b,", []string{"a", "b"}, "o = a, b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readAs[test.as](Option{}, test.value)
			require.Equal(t, test.want, got)
			require.NoError(t, o.Err())
			require.Empty(t, o.Warnings())
			require.Len(t, o.Settings(), 1)
			require.Equal(t, test.setting, o.Settings()[0].String())
		})
	}
}

const (
	boolRule     = "must be true or false (or on, off, yes, no, 1, 0)"
	secondsRule  = "must be a whole number of seconds from 0 to 86400, without a unit"
	durationRule = `must be a duration that is not negative, such as "30s", "5m30s" or "1h"`
	sizeRule     = "must be a size from 2 to 2k, " + sizeNotation
)

// Odd values can be bent to valid ones; whether they are is a matter of the row.
func TestOptionsTakeOddValuesWhereTheTableSaysSo(t *testing.T) {
	for _, test := range []struct {
		name, as, value string
		want            any
		rule, used      string
	}{
		{"a boolean in other words", "bool", "maybe", false, boolRule, "false is used"},
		{"a boolean of another number", "bool", "2", false, boolRule, "false is used"},
		{"a number below the range", "int", "-2", -1, "must be a whole number from -1 to 10", "-1 is used"},
		{"a number above the range", "int", "11", 10, "must be a whole number from -1 to 10", "10 is used"},
		{"a number that must not be zero", "number", "0", 1, "must be a whole number from 1 to 10", "1 is used"},
		{"a size below the range", "size", "0", 2, sizeRule, "2 is used"},
		{"a size above the range", "size", "3k", 2048, sizeRule, "2048 is used"},
		{"a negative duration", "duration", "-5s", time.Duration(0), durationRule, "0s is used"},
		{"more seconds than a day has", "seconds", "9223372036854775807", 24 * time.Hour, secondsRule, "24h0m0s is used"},
		{"a list of commas", "list", ", ,", []string(nil), "must be names separated by commas, but there is no name", "it is as if it were not set"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, o := readAs[test.as](Option{Odd: Taken}, test.value)
			require.Equal(t, test.want, got)
			require.NoError(t, o.Err())
			require.Equal(t, []string{fmt.Sprintf("o = %q: %s; %s", test.value, test.rule, test.used)}, o.Warnings())

			_, o = readAs[test.as](Option{}, test.value)
			require.EqualError(t, o.Err(), fmt.Sprintf("o = %q: %s", test.value, test.rule), "the table does not say so")
			require.Empty(t, o.Warnings())
		})
	}
}

func TestOptionsRefuseWhatTheyCannotRead(t *testing.T) {
	for _, test := range []struct{ name, as, value, message string }{
		{"a required option that is not set", "required", "", "o is not set: it must be a word"},
		{"a required option of blanks", "required", "  ", "o is not set: it must be a word"},
		{"a number that is a word", "int", "ten", `o = "ten": must be a whole number from -1 to 10`},
		{"a number with a fraction", "int", "1.5", `o = "1.5": must be a whole number from -1 to 10`},
		{"a number no machine holds", "int", "99999999999999999999", `o = "99999999999999999999": must be a whole number from -1 to 10`},
		{"a number that must not be negative", "number", "-1", `o = "-1": must be a whole number from 1 to 10`},
		{"a size in another unit", "size", "1G", `o = "1G": ` + sizeRule},
		{"a negative size", "size", "-1", `o = "-1": ` + sizeRule},
		{"a duration without a unit", "duration", "5", `o = "5": ` + durationRule},
		{"seconds with a unit", "seconds", "5s", `o = "5s": ` + secondsRule},
		{"negative seconds", "seconds", "-5", `o = "-5": ` + secondsRule},
		{"a fraction of seconds", "seconds", "0.5", `o = "0.5": ` + secondsRule},
		{"none of the choices", "choice", "d", `o = "d": must be one of a, b, Cc`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, o := readAs[test.as](Option{Odd: Taken}, test.value)
			require.EqualError(t, o.Err(), test.message)
			require.Empty(t, o.Warnings())
		})
	}
}

func TestWhetherAnOddValueIsTakenMayDependOnAnotherOption(t *testing.T) {
	for _, test := range []struct {
		name  string
		odd   Odd
		other string
		taken bool
	}{
		{"where the other must be set and is", TakenWith("other"), "x", true},
		{"where the other must be set and is not", TakenWith("other"), " ", false},
		{"where the other must not be set and is not", TakenWithout("other"), "", true},
		{"where the other must not be set and is", TakenWithout("other"), "x", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var on bool
			table := Table{{Name: "o", Value: Bool(&on), Odd: test.odd}, {Name: "other", Value: Word(new(string))}}
			o := ReadOptions(table, Values{"o": "maybe", "other": test.other}, Values{})
			require.Equal(t, test.taken, o.Err() == nil)
			require.Equal(t, test.taken, len(o.Warnings()) == 1)
		})
	}
}

func TestAVariableOfTheEnvironmentMayStandInForAnOption(t *testing.T) {
	for _, test := range []struct {
		name, own     string
		env           Values
		want, setting string
	}{
		{"the option is set", "own", Values{"FIRST": "a"}, "own", "o = own"},
		{"the first that is set", "", Values{"FIRST": " ", "SECOND": " b "}, "b", "o = b (from SECOND)"},
		{"the first of two", " ", Values{"FIRST": "a", "SECOND": "b"}, "a", "o = a (from FIRST)"},
		{"none is set", "", Values{"o": "not asked for"}, "", "o = (not set)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var word string
			o := ReadOptions(Table{{Name: "o", Value: Word(&word), Below: []string{"FIRST", "SECOND"}}}, Values{"o": test.own}, test.env)
			require.Equal(t, test.want, word)
			require.Equal(t, test.want != "", o.IsSet("o"))
			require.Equal(t, test.setting, o.Settings()[0].String())
		})
	}
	var n int
	o := ReadOptions(Table{{Name: "n", Value: Int(&n, 0, 1), Below: []string{"N"}}}, Values{}, Values{"N": "x"})
	require.EqualError(t, o.Err(), `N = "x": must be a whole number from 0 to 1`, "a mistake has the name that it was made under")
}

func TestTheValueOfASecretIsInNoMessage(t *testing.T) {
	bent := func(text string) (string, error) { return strings.TrimPrefix(text, "a"), &Bent{Rule: "must be other"} }
	for _, test := range []struct {
		name, value string
		odd         Odd
		parse       func(string) (string, error)
		says        string
	}{
		{"that is refused", "hush", Odd{}, func(string) (string, error) { return "", errors.New("must be other") }, "o = ***: must be other"},
		{"that is taken as it is", "hush", Taken, bent, "o = ***: must be other; it is used as it is"},
		{"that is taken for another", "ahush", Taken, bent, "o = ***: must be other; another is used"},
		{"that is fine", "hush", Odd{}, func(text string) (string, error) { return text, nil }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := ReadOptions(Table{{Name: "o", Secret: true, Odd: test.odd, Value: Parsed(new(string), test.parse)}}, Values{"o": test.value}, Values{})
			said := strings.Join(o.Warnings(), "\n")
			if err := o.Err(); err != nil {
				said += err.Error()
			}
			require.Equal(t, test.says, said)
			require.NotContains(t, fmt.Sprint(o.Settings()), "hush")
		})
	}
	o := ReadOptions(Table{{Name: "o", Secret: true, Value: Word(new(string))}}, Values{}, Values{})
	require.Equal(t, "o = (not set)", o.Settings()[0].String())
}

func TestOptionsReportAllMistakesInOrder(t *testing.T) {
	var a, b int
	var e bool
	o := ReadOptions(Table{
		{Name: "a", Value: Int(&a, 0, 1)}, {Name: "E", Env: true, Value: Bool(&e)}, {Name: "b", Value: Int(&b, 0, 1)},
	}, Values{"a": "x", "b": "1", "E": "not asked for"}, SourceFunc(func(key string) string { return "env of " + key }))
	o.Refuse("c", "z", "must not be")
	require.Equal(t, []string{
		`a = "x": must be a whole number from 0 to 1`,
		`E = "env of E": must be true or false (or on, off, yes, no, 1, 0)`,
		`c = "z": must not be`,
	}, strings.Split(o.Err().Error(), "\n"))
	require.Equal(t, 1, b, "the reading goes on")
}

func TestOptionsRemarkOnWhatHasNoEffect(t *testing.T) {
	for _, test := range []struct {
		name, key, on, number string
		want                  []string
	}{
		{"all there", "k", "true", "1", nil},
		{"a word that is not set", "", "true", "1", []string{"o has no effect without key"}},
		{"a boolean that is false", "k", "no", "1", []string{"o has no effect without on"}},
		{"a number that is zero", "k", "on", "0", []string{"o has no effect without number"}},
		{"the first of several", "", "off", "0", []string{"o has no effect without key"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var n int
			var on bool
			o := ReadOptions(Table{
				{Name: "o", Value: Word(new(string)), Needs: []string{"key", "on", "number"}},
				{Name: "key", Value: Word(new(string))}, {Name: "on", Value: Bool(&on)}, {Name: "number", Value: Int(&n, 0, 9)},
			}, Values{"o": "x", "key": test.key, "on": test.on, "number": test.number}, Values{})
			require.Equal(t, test.want, o.Warnings())
		})
	}
}

func TestOptionsThatNeedOneOfTwoRemarkOnNeither(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want []string
	}{
		{"", "", []string{"o has no effect without a or b"}},
		{"no", "no", []string{"o has no effect without a or b"}},
		{"yes", "", nil},
		{"no", "yes", nil},
		{"yes", "yes", nil},
	} {
		o := ReadOptions(Table{
			{Name: "o", Value: Word(new(string)), Needs: []string{"a or b"}},
			{Name: "a", Value: Bool(new(bool))}, {Name: "b", Value: Bool(new(bool))},
		}, Values{"o": "x", "a": test.a, "b": test.b}, Values{})
		require.Equal(t, test.want, o.Warnings(), "a %q, b %q", test.a, test.b)
	}
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
			value := Parsed(new(string), func(string) (string, error) { return "", errors.New("must be other") })
			o := ReadOptions(Table{{Name: "o", Value: value}}, Values{"o": test.value}, Values{})
			require.EqualError(t, o.Err(), "o = "+test.shown+": must be other")
		})
	}
}

func TestOptionsKeepWarnings(t *testing.T) {
	o := ReadOptions(nil, Values{"a": "1"}, Values{})
	require.False(t, o.IsSet("a"), "it is not of the table")
	require.False(t, o.IsOn("a"))
	o.Warn("%s has no effect without %s", "a", "b")
	require.Equal(t, []string{"a has no effect without b"}, o.Warnings())
	require.NoError(t, o.Err())
}

func TestATableIsWrittenForPeople(t *testing.T) {
	table := Table{
		{Name: "stream", Group: "where", Must: "a name", Help: "The stream.", Example: "logs"},
		{Name: "HOME", Env: true},
		{Name: "size", Group: "what", Default: "1M", Help: "The size.", Example: "2M"},
		{Name: "level", Group: "what", Shown: "the format's", Help: "The level.", Example: "3"},
		{Name: "key", Group: "what", Help: "The key.", Example: "k"},
	}
	require.Equal(t, strings.Join([]string{
		"| option | default | what it does | example |", "|---|---|---|---|",
		"| **where** | | | |", "| `stream` | required | The stream. | `logs` |",
		"| **what** | | | |", "| `size` | `1M` | The size. | `2M` |",
		"| `level` | the format's | The level. | `3` |", "| `key` | none | The key. | `k` |", "",
	}, "\n"), table.Markdown())
}
