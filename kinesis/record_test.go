package kinesis

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins"
)

type (
	fields = []flbhost.Field
	array  = []any
)

// kv is a field of an event.
var kv = flbhost.F

// An encoding is an event under record options, and what it is to become.
type encoding struct {
	name    string
	options []string
	body    fields
	want    string // the data
	key     string // the partition key; empty where it may be a random one
	err     error
}

// encoder encodes events one after another, as a flush does.
type encoder struct {
	t testing.TB
	*recordEncoder
}

func encoderOf(t testing.TB, options ...string) encoder {
	t.Helper()
	config := configOf(t, options...)
	e := encoder{t, newRecordEncoder(config)}
	compressors, err := newCompressors(config)
	require.NoError(t, err)
	e.compressor, err = borrow(compressors.records)
	require.NoError(t, err)
	return e
}

// of encodes an event.
func (e encoder) of(header flbhost.Header, body fields) (record, error) {
	e.t.Helper()
	var chunk flbhost.Chunk
	chunk.Append(header, body...)
	events := plugins.NewEvents(chunk.Bytes())
	require.True(e.t, events.Next(), "%v", events.Err())
	r, n, err := e.encode(events.Body(), events.Time())
	require.Equal(e.t, len(events.Body()), n, "length of the event's body")
	return r, err
}

func runEncodings(t *testing.T, tests []encoding) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := encoderOf(t, test.options...)
			for range 2 { // the second time as a known shape
				r, err := e.of(eventsAt, test.body)
				require.ErrorIs(t, err, test.err)
				if err != nil {
					continue
				}
				require.Equal(t, test.want, string(r.data))
				require.False(t, r.truncated)
				require.Equal(t, test.key == "", r.random)
				if test.key != "" {
					require.Equal(t, test.key, string(r.key))
				}
			}
		})
	}
}

// at is eventsAt as the default of time_key_format writes it.
var at = time.Unix(1_700_000_000, 123_456_789).Format("2006-01-02T15:04:05")

func TestTimeKey(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "no option leaves the record as it is",
			body: fields{kv("log", "x"), kv("n", 1)}, want: `{"log":"x","n":1}`,
		}, {
			name: "the time is added behind the record's own fields", options: []string{"time_key", "time"},
			body: fields{kv("log", "x"), kv("n", 1)}, want: `{"log":"x","n":1,"time":"` + at + `"}`,
		}, {
			name: "the time is added to a record without fields", options: []string{"time_key", "time"},
			body: fields{}, want: `{"time":"` + at + `"}`,
		}, {
			name: "the time replaces a field of its name, in the place of the last", options: []string{"time_key", "time"},
			body: fields{kv("time", "own"), kv("log", "x"), kv("time", 2)}, want: `{"log":"x","time":"` + at + `"}`,
		}, {
			name: "the time replaces a field that is all there is", options: []string{"time_key", "time"},
			body: fields{kv("time", fields{kv("a", 1)})}, want: `{"time":"` + at + `"}`,
		}, {
			name: "a field of that name further down stays", options: []string{"time_key", "time"},
			body: fields{kv("a", fields{kv("time", 1)})}, want: `{"a":{"time":1},"time":"` + at + `"}`,
		}, {
			name: "a key that is no string stays", options: []string{"time_key", "time"},
			body: fields{kv(1, 2)}, want: `{"1":2,"time":"` + at + `"}`,
		}, {
			name:    "the format may have fractions of the second",
			options: []string{"time_key", "time", "time_key_format", "%s.%L %f"},
			body:    fields{}, want: `{"time":"1700000000.123 123456"}`,
		}, {
			name:    "key and text are escaped",
			options: []string{"time_key", `a"b\`, "time_key_format", `%s"\é`},
			body:    fields{}, want: `{"a\"b\\":"1700000000\"\\é"}`,
		}, {
			name:    "the key's dots are replaced, as those of every key",
			options: []string{"time_key", "event.time", "time_key_format", "%s", "replace_dots", "_"},
			body:    fields{kv("a.b", 1)}, want: `{"a_b":1,"event_time":"1700000000"}`,
		}, {
			name:    "a field that comes to have the name once dots are replaced gives way",
			options: []string{"time_key", "event.time", "time_key_format", "%s", "replace_dots", "_"},
			body:    fields{kv("event_time", 1), kv("event.time", 2), kv("x", 3)}, want: `{"x":3,"event_time":"1700000000"}`,
		},
	})
}

func TestTimeOfEachEventIsItsOwn(t *testing.T) {
	for name, format := range map[string]string{"to the second": "%s", "to the microsecond": "%s.%f"} {
		t.Run(name, func(t *testing.T) {
			e := encoderOf(t, "time_key", "t", "time_key_format", format)
			for _, at := range []time.Time{
				time.Unix(0, 0), time.Unix(0, 1000), time.Unix(5, 999_999_000), time.Unix(5, 0), time.Unix(4, 0), time.Unix(5, 0),
			} {
				r, err := e.of(flbhost.EventTime(at), fields{kv("a", 1)})
				require.NoError(t, err)
				formatted, err := plugins.NewTimeFormat(format)
				require.NoError(t, err)
				require.Equal(t, `{"a":1,"t":"`+string(formatted.Append(nil, at))+`"}`, string(r.data))
			}
		})
	}
}

func TestDataKeys(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "only these are sent, in the record's order", options: []string{"data_keys", "log,stream"},
			body: fields{kv("stream", "stdout"), kv("host", "h"), kv("log", "x")}, want: `{"stream":"stdout","log":"x"}`,
		}, {
			name: "blanks around them are ignored", options: []string{"data_keys", " log ,\tstream "},
			body: fields{kv("log", "x"), kv("stream", "s"), kv(" log ", "y")}, want: `{"log":"x","stream":"s"}`,
		}, {
			name: "keys within a value are left alone", options: []string{"data_keys", "a"},
			body: fields{kv("a", fields{kv("b", 1)}), kv("b", fields{kv("a", 2)})}, want: `{"a":{"b":1}}`,
		}, {
			name: "a record that has none of them is an empty object", options: []string{"data_keys", "a"},
			body: fields{kv("b", 1)}, want: `{}`,
		}, {
			name: "of a repeated key the last value stands", options: []string{"data_keys", "a,b"},
			body: fields{kv("a", 1), kv("x", 0), kv("b", 2), kv("a", 3)}, want: `{"b":2,"a":3}`,
		}, {
			name: "time_key is sent, too", options: []string{"data_keys", "a", "time_key", "t", "time_key_format", "%s"},
			body: fields{kv("a", 1), kv("t", 2), kv("b", 3)}, want: `{"a":1,"t":"1700000000"}`,
		}, {
			name: "time_key may be one of them", options: []string{"data_keys", "t,a", "time_key", "t", "time_key_format", "%s"},
			body: fields{kv("t", 2), kv("a", 1)}, want: `{"a":1,"t":"1700000000"}`,
		}, {
			name: "they are names from before dots are replaced", options: []string{"data_keys", "a.b,c_d", "replace_dots", "_"},
			body: fields{kv("a.b", 1), kv("a_b", 2), kv("c.d", 3), kv("c_d", 4)}, want: `{"a_b":1,"c_d":4}`,
		},
	})
}

func TestReplaceDots(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "in every key, at every depth, arrays included", options: []string{"replace_dots", "_"},
			body: fields{kv("a.b.", fields{kv(".c", array{fields{kv("d.e", 1)}, array{fields{kv("f.g", 2)}}})})},
			want: `{"a_b_":{"_c":[{"d_e":1},[{"f_g":2}]]}}`,
		}, {
			name: "not in values", options: []string{"replace_dots", "_"},
			body: fields{kv("a", "b.c"), kv("d", array{"e.f", 1.5})}, want: `{"a":"b.c","d":["e.f",1.5]}`,
		}, {
			name: "in a key that is a number", options: []string{"replace_dots", "_"},
			body: fields{kv(1.5, 1)}, want: `{"1_5":1}`,
		}, {
			name: "by a text of any length", options: []string{"replace_dots", "-dot-"},
			body: fields{kv("a.b.c", 1)}, want: `{"a-dot-b-dot-c":1}`,
		}, {
			name: "by a text that has dots", options: []string{"replace_dots", ".."},
			body: fields{kv("a.b", 1)}, want: `{"a..b":1}`,
		}, {
			name: "by a text that is escaped", options: []string{"replace_dots", `"`},
			body: fields{kv("a.b", 1)}, want: `{"a\"b":1}`,
		}, {
			name: "keys that become the same are one: the last", options: []string{"replace_dots", "_"},
			body: fields{kv("a_b", 1), kv("x", 0), kv("a.b", 2), kv("c", fields{kv("d.e", 3), kv("d_e", 4)})},
			want: `{"x":0,"a_b":2,"c":{"d_e":4}}`,
		},
	})
}

func TestLogKey(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "a string is sent raw, without quotes", options: []string{"log_key", "log"},
			body: fields{kv("log", "a \"line\"\\\n<é>"), kv("n", 1)}, want: "a \"line\"\\\n<é>",
		}, {
			name: "a binary value is sent as its bytes", options: []string{"log_key", "log"},
			body: fields{kv("log", []byte("\x00\xff\xfea\xc3"))}, want: "\x00\xff\xfea\xc3",
		}, {
			name: "a string that is not UTF-8 is sent as its bytes", options: []string{"log_key", "log"},
			body: fields{kv("log", "a\xffb")}, want: "a\xffb",
		}, {
			name: "an empty string is a record of no bytes", options: []string{"log_key", "log"},
			body: fields{kv("log", ""), kv("n", 1)}, want: "",
		}, {
			name: "an empty binary value is one, too", options: []string{"log_key", "log"},
			body: fields{kv("log", []byte{})}, want: "",
		}, {
			name: "a number is sent as JSON", options: []string{"log_key", "n"},
			body: fields{kv("n", uint64(math.MaxUint64))}, want: "18446744073709551615",
		}, {
			name: "a float is sent as JSON", options: []string{"log_key", "n"},
			body: fields{kv("n", 1e21)}, want: "1e+21",
		}, {
			name: "NaN is sent as null", options: []string{"log_key", "n"},
			body: fields{kv("n", math.NaN())}, want: "null",
		}, {
			name: "a boolean is sent as JSON", options: []string{"log_key", "n"},
			body: fields{kv("n", false)}, want: "false",
		}, {
			name: "null is there, and is sent", options: []string{"log_key", "n"},
			body: fields{kv("n", nil)}, want: "null",
		}, {
			name: "a map is sent as JSON", options: []string{"log_key", "m"},
			body: fields{kv("x", 0), kv("m", fields{kv("a", "b"), kv("c", array{1, nil}), kv("a", "d")})}, want: `{"c":[1,null],"a":"d"}`,
		}, {
			name: "an array is sent as JSON", options: []string{"log_key", "m"},
			body: fields{kv("m", array{"a", array{}, fields{}})}, want: `["a",[],{}]`,
		}, {
			name: "an ext value is sent as JSON", options: []string{"log_key", "m"},
			body: fields{kv("m", flbhost.Ext{Type: 5, Data: []byte{1, 2, 3}})}, want: `"AQID"`,
		}, {
			name: "a record without the key is skipped", options: []string{"log_key", "log"},
			body: fields{kv("Log", "x"), kv("a", fields{kv("log", "y")})}, err: errNoLogKey,
		}, {
			name: "a record without any field is skipped", options: []string{"log_key", "log"},
			body: fields{}, err: errNoLogKey,
		}, {
			name: "of a repeated key the last value is sent", options: []string{"log_key", "log"},
			body: fields{kv("log", "x"), kv("n", 1), kv("log", 2)}, want: "2",
		}, {
			name: "the key is looked up after data_keys", options: []string{"log_key", "log", "data_keys", "log,a"},
			body: fields{kv("a", 1), kv("log", "x")}, want: "x",
		}, {
			name: "the key is looked up after dots are replaced", options: []string{"log_key", "a_b", "replace_dots", "_"},
			body: fields{kv("a.b", "x")}, want: "x",
		}, {
			name: "of keys that became the same the last value is sent", options: []string{"log_key", "a_b", "replace_dots", "_"},
			body: fields{kv("a.b", "x"), kv("a_b", "y"), kv("c", 1)}, want: "y",
		}, {
			name: "dots are replaced in the keys of its value", options: []string{"log_key", "m", "replace_dots", "_"},
			body: fields{kv("m", fields{kv("a.b", fields{kv("c.d", "e.f")})})}, want: `{"a_b":{"c_d":"e.f"}}`,
		}, {
			name: "time_key is not added to it", options: []string{"log_key", "log", "time_key", "time"},
			body: fields{kv("log", "x")}, want: "x",
		}, {
			name:    "time_key may be the key",
			options: []string{"log_key", "time", "time_key", "time", "time_key_format", `%s "x"`},
			body:    fields{kv("time", "own")}, want: `1700000000 "x"`,
		}, {
			name:    "time_key may be the key by what it is once dots are replaced",
			options: []string{"log_key", "a_b", "time_key", "a.b", "time_key_format", "%s", "replace_dots", "_"},
			body:    fields{kv("a_b", "own")}, want: "1700000000",
		},
	})
}

func TestAppendNewline(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "behind the JSON", options: []string{"append_newline", "on"},
			body: fields{kv("log", "x\n")}, want: `{"log":"x\n"}` + "\n",
		}, {
			name: "behind a raw value", options: []string{"append_newline", "on", "log_key", "log"},
			body: fields{kv("log", "x\n")}, want: "x\n\n",
		}, {
			name: "behind no bytes", options: []string{"append_newline", "on", "log_key", "log"},
			body: fields{kv("log", "")}, want: "\n",
		},
	})
}

// deep is a value of so many levels of maps and arrays, which count alike.
func deep(levels int) any {
	if levels == 0 {
		return "x"
	}
	if levels%2 == 0 {
		return array{deep(levels - 1)}
	}
	return fields{kv("d.", deep(levels-1))}
}

func TestDeepRecords(t *testing.T) {
	e := encoderOf(t, "replace_dots", "_")
	_, err := e.of(eventsAt, fields{kv("a", deep(plugins.MaxDepth-1))})
	require.NoError(t, err)
	_, err = e.of(eventsAt, fields{kv("a", deep(plugins.MaxDepth)), kv("b", 1)})
	require.ErrorIs(t, err, plugins.ErrTooDeep)

	e = encoderOf(t, "log_key", "a", "replace_dots", "_")
	r, err := e.of(eventsAt, fields{kv("a", deep(plugins.MaxDepth-1))})
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(r.data), "x"))
	_, err = e.of(eventsAt, fields{kv("a", deep(plugins.MaxDepth)), kv("b", 1)})
	require.ErrorIs(t, err, plugins.ErrTooDeep)

	r, err = e.of(eventsAt, fields{kv("a", "y")})
	require.NoError(t, err)
	require.Equal(t, "y", string(r.data), "the record after it is as ever")
}

// As of records whose shapes are not known: what is picked is asked of each.
func TestPickAllocatesNothing(t *testing.T) {
	for name, options := range map[string][]string{
		"time_key":  {"replace_dots", "_", "time_key", "t.i.m.e"},
		"data_keys": {"replace_dots", "_", "data_keys", "log,a.long.key.of.more.than.thirty-two.characters"},
		"log_key":   {"replace_dots", "_", "log_key", "log"},
	} {
		t.Run(name, func(t *testing.T) {
			e := encoderOf(t, options...)
			keys := [][]byte{[]byte("log"), []byte("a.long.key.of.more.than.thirty-two.characters"), []byte("t_i_m_e")}
			pickAll := func() {
				for _, key := range keys {
					e.pick(key)
				}
			}
			pickAll()
			require.Zero(t, testing.AllocsPerRun(100, pickAll))
		})
	}
}
