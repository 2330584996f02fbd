package record

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/msgjson"
)

// An encoding is an event under record options, and what it is to become.
type encoding struct {
	name    string
	options Options
	body    fields
	want    string // the data
	key     string // the partition key; empty where it may be a random one
	err     error
}

func runEncodings(t *testing.T, tests []encoding) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := encoderOf(t, test.options)
			for range 2 { // the second time as a known shape
				r, err := e.of(eventsAt, test.body)
				require.ErrorIs(t, err, test.err)
				if err != nil {
					continue
				}
				require.Equal(t, test.want, string(r.Data))
				require.False(t, r.Truncated)
				require.Equal(t, test.key == "", r.Random)
				if test.key != "" {
					require.Equal(t, test.key, string(r.Key))
				}
			}
		})
	}
}

// at is eventsAt as the default of time_key_format writes it.
var at = eventsTime.Format("2006-01-02T15:04:05")

func TestTimeKey(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "no option leaves the record as it is",
			body: fields{kv("log", "x"), kv("n", 1)}, want: `{"log":"x","n":1}`,
		}, {
			name: "the time is added behind the record's own fields", options: Options{TimeKey: "time"},
			body: fields{kv("log", "x"), kv("n", 1)}, want: `{"log":"x","n":1,"time":"` + at + `"}`,
		}, {
			name: "the time is added to a record without fields", options: Options{TimeKey: "time"},
			body: fields{}, want: `{"time":"` + at + `"}`,
		}, {
			name: "the time replaces a field of its name, in the place of the last", options: Options{TimeKey: "time"},
			body: fields{kv("time", "own"), kv("log", "x"), kv("time", 2)}, want: `{"log":"x","time":"` + at + `"}`,
		}, {
			name: "the time replaces a field that is all there is", options: Options{TimeKey: "time"},
			body: fields{kv("time", fields{kv("a", 1)})}, want: `{"time":"` + at + `"}`,
		}, {
			name: "a field of that name further down stays", options: Options{TimeKey: "time"},
			body: fields{kv("a", fields{kv("time", 1)})}, want: `{"a":{"time":1},"time":"` + at + `"}`,
		}, {
			name: "a key that is no string stays", options: Options{TimeKey: "time"},
			body: fields{kv(1, 2)}, want: `{"1":2,"time":"` + at + `"}`,
		}, {
			name:    "the format may have fractions of the second",
			options: Options{TimeKey: "time", TimeFormat: format("%s.%L %f")},
			body:    fields{}, want: `{"time":"1700000000.123 123456"}`,
		}, {
			name:    "key and text are escaped",
			options: Options{TimeKey: `a"b\`, TimeFormat: format(`%s"\é`)},
			body:    fields{}, want: `{"a\"b\\":"1700000000\"\\é"}`,
		}, {
			name:    "the key's dots are replaced, as those of every key",
			options: Options{TimeKey: "event.time", TimeFormat: format("%s"), ReplaceDots: "_"},
			body:    fields{kv("a.b", 1)}, want: `{"a_b":1,"event_time":"1700000000"}`,
		}, {
			name:    "a field that comes to have the name once dots are replaced gives way",
			options: Options{TimeKey: "event.time", TimeFormat: format("%s"), ReplaceDots: "_"},
			body:    fields{kv("event_time", 1), kv("event.time", 2), kv("x", 3)}, want: `{"x":3,"event_time":"1700000000"}`,
		},
	})
}

func TestTimeOfEachEventIsItsOwn(t *testing.T) {
	for name, pattern := range map[string]string{"to the second": "%s", "to the microsecond": "%s.%f"} {
		t.Run(name, func(t *testing.T) {
			e := encoderOf(t, Options{TimeKey: "t", TimeFormat: format(pattern)})
			for _, at := range []time.Time{
				time.Unix(0, 0), time.Unix(0, 1000), time.Unix(5, 999_999_000), time.Unix(5, 0), time.Unix(4, 0), time.Unix(5, 0),
			} {
				r, err := e.of(flbhost.EventTime(at), fields{kv("a", 1)})
				require.NoError(t, err)
				require.Equal(t, `{"a":1,"t":"`+string(format(pattern).Append(nil, at))+`"}`, string(r.Data))
			}
		})
	}
}

func TestDataKeys(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "only these are sent, in the record's order", options: Options{DataKeys: []string{"log", "stream"}},
			body: fields{kv("stream", "stdout"), kv("host", "h"), kv("log", "x")}, want: `{"stream":"stdout","log":"x"}`,
		}, {
			name: "blanks are part of a key", options: Options{DataKeys: []string{"log", "stream"}},
			body: fields{kv("log", "x"), kv("stream", "s"), kv(" log ", "y")}, want: `{"log":"x","stream":"s"}`,
		}, {
			name: "keys within a value are left alone", options: Options{DataKeys: []string{"a"}},
			body: fields{kv("a", fields{kv("b", 1)}), kv("b", fields{kv("a", 2)})}, want: `{"a":{"b":1}}`,
		}, {
			name: "a record that has none of them is an empty object", options: Options{DataKeys: []string{"a"}},
			body: fields{kv("b", 1)}, want: `{}`,
		}, {
			name: "of a repeated key the last value stands", options: Options{DataKeys: []string{"a", "b"}},
			body: fields{kv("a", 1), kv("x", 0), kv("b", 2), kv("a", 3)}, want: `{"b":2,"a":3}`,
		}, {
			name: "time_key is sent, too", options: Options{DataKeys: []string{"a"}, TimeKey: "t", TimeFormat: format("%s")},
			body: fields{kv("a", 1), kv("t", 2), kv("b", 3)}, want: `{"a":1,"t":"1700000000"}`,
		}, {
			name: "time_key may be one of them", options: Options{DataKeys: []string{"t", "a"}, TimeKey: "t", TimeFormat: format("%s")},
			body: fields{kv("t", 2), kv("a", 1)}, want: `{"a":1,"t":"1700000000"}`,
		}, {
			name: "they are names from before dots are replaced", options: Options{DataKeys: []string{"a.b", "c_d"}, ReplaceDots: "_"},
			body: fields{kv("a.b", 1), kv("a_b", 2), kv("c.d", 3), kv("c_d", 4)}, want: `{"a_b":1,"c_d":4}`,
		},
	})
}

func TestReplaceDots(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "in every key, at every depth, arrays included", options: Options{ReplaceDots: "_"},
			body: fields{kv("a.b.", fields{kv(".c", array{fields{kv("d.e", 1)}, array{fields{kv("f.g", 2)}}})})},
			want: `{"a_b_":{"_c":[{"d_e":1},[{"f_g":2}]]}}`,
		}, {
			name: "not in values", options: Options{ReplaceDots: "_"},
			body: fields{kv("a", "b.c"), kv("d", array{"e.f", 1.5})}, want: `{"a":"b.c","d":["e.f",1.5]}`,
		}, {
			name: "in a key that is a number", options: Options{ReplaceDots: "_"},
			body: fields{kv(1.5, 1)}, want: `{"1_5":1}`,
		}, {
			name: "by a text of any length", options: Options{ReplaceDots: "-dot-"},
			body: fields{kv("a.b.c", 1)}, want: `{"a-dot-b-dot-c":1}`,
		}, {
			name: "by a text that has dots", options: Options{ReplaceDots: ".."},
			body: fields{kv("a.b", 1)}, want: `{"a..b":1}`,
		}, {
			name: "by a text that is escaped", options: Options{ReplaceDots: `"`},
			body: fields{kv("a.b", 1)}, want: `{"a\"b":1}`,
		}, {
			name: "keys that become the same are one: the last", options: Options{ReplaceDots: "_"},
			body: fields{kv("a_b", 1), kv("x", 0), kv("a.b", 2), kv("c", fields{kv("d.e", 3), kv("d_e", 4)})},
			want: `{"x":0,"a_b":2,"c":{"d_e":4}}`,
		},
	})
}

func TestLogKey(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "a string is sent raw, without quotes", options: Options{LogKey: "log"},
			body: fields{kv("log", "a \"line\"\\\n<é>"), kv("n", 1)}, want: "a \"line\"\\\n<é>",
		}, {
			name: "a binary value is sent as its bytes", options: Options{LogKey: "log"},
			body: fields{kv("log", []byte("\x00\xff\xfea\xc3"))}, want: "\x00\xff\xfea\xc3",
		}, {
			name: "a string that is not UTF-8 is sent as its bytes", options: Options{LogKey: "log"},
			body: fields{kv("log", "a\xffb")}, want: "a\xffb",
		}, {
			name: "an empty string is a record of no bytes", options: Options{LogKey: "log"},
			body: fields{kv("log", ""), kv("n", 1)}, want: "",
		}, {
			name: "an empty binary value is one, too", options: Options{LogKey: "log"},
			body: fields{kv("log", []byte{})}, want: "",
		}, {
			name: "a number is sent as JSON", options: Options{LogKey: "n"},
			body: fields{kv("n", uint64(math.MaxUint64))}, want: "18446744073709551615",
		}, {
			name: "a float is sent as JSON", options: Options{LogKey: "n"},
			body: fields{kv("n", 1e21)}, want: "1e+21",
		}, {
			name: "NaN is sent as null", options: Options{LogKey: "n"},
			body: fields{kv("n", math.NaN())}, want: "null",
		}, {
			name: "a boolean is sent as JSON", options: Options{LogKey: "n"},
			body: fields{kv("n", false)}, want: "false",
		}, {
			name: "null is there, and is sent", options: Options{LogKey: "n"},
			body: fields{kv("n", nil)}, want: "null",
		}, {
			name: "a map is sent as JSON", options: Options{LogKey: "m"},
			body: fields{kv("x", 0), kv("m", fields{kv("a", "b"), kv("c", array{1, nil}), kv("a", "d")})}, want: `{"c":[1,null],"a":"d"}`,
		}, {
			name: "an array is sent as JSON", options: Options{LogKey: "m"},
			body: fields{kv("m", array{"a", array{}, fields{}})}, want: `["a",[],{}]`,
		}, {
			name: "an ext value is sent as JSON", options: Options{LogKey: "m"},
			body: fields{kv("m", flbhost.Ext{Type: 5, Data: []byte{1, 2, 3}})}, want: `"AQID"`,
		}, {
			name: "a record without the key is skipped", options: Options{LogKey: "log"},
			body: fields{kv("Log", "x"), kv("a", fields{kv("log", "y")})}, err: errNoLogKey,
		}, {
			name: "a record without any field is skipped", options: Options{LogKey: "log"},
			body: fields{}, err: errNoLogKey,
		}, {
			name: "of a repeated key the last value is sent", options: Options{LogKey: "log"},
			body: fields{kv("log", "x"), kv("n", 1), kv("log", 2)}, want: "2",
		}, {
			name: "the key is looked up after data_keys", options: Options{LogKey: "log", DataKeys: []string{"log", "a"}},
			body: fields{kv("a", 1), kv("log", "x")}, want: "x",
		}, {
			name: "the key is looked up after dots are replaced", options: Options{LogKey: "a_b", ReplaceDots: "_"},
			body: fields{kv("a.b", "x")}, want: "x",
		}, {
			name: "of keys that became the same the last value is sent", options: Options{LogKey: "a_b", ReplaceDots: "_"},
			body: fields{kv("a.b", "x"), kv("a_b", "y"), kv("c", 1)}, want: "y",
		}, {
			name: "dots are replaced in the keys of its value", options: Options{LogKey: "m", ReplaceDots: "_"},
			body: fields{kv("m", fields{kv("a.b", fields{kv("c.d", "e.f")})})}, want: `{"a_b":{"c_d":"e.f"}}`,
		}, {
			name: "time_key is not added to it", options: Options{LogKey: "log", TimeKey: "time"},
			body: fields{kv("log", "x")}, want: "x",
		}, {
			name:    "time_key may be the key",
			options: Options{LogKey: "time", TimeKey: "time", TimeFormat: format(`%s "x"`)},
			body:    fields{kv("time", "own")}, want: `1700000000 "x"`,
		}, {
			name:    "time_key may be the key by what it is once dots are replaced",
			options: Options{LogKey: "a_b", TimeKey: "a.b", TimeFormat: format("%s"), ReplaceDots: "_"},
			body:    fields{kv("a_b", "own")}, want: "1700000000",
		},
	})
}

func TestAppendNewline(t *testing.T) {
	runEncodings(t, []encoding{
		{
			name: "behind the JSON", options: Options{AppendNewline: true},
			body: fields{kv("log", "x\n")}, want: `{"log":"x\n"}` + "\n",
		}, {
			name: "behind a raw value", options: Options{AppendNewline: true, LogKey: "log"},
			body: fields{kv("log", "x\n")}, want: "x\n\n",
		}, {
			name: "behind no bytes", options: Options{AppendNewline: true, LogKey: "log"},
			body: fields{kv("log", "")}, want: "\n",
		},
	})
}

func TestDeepRecords(t *testing.T) {
	e := encoderOf(t, Options{ReplaceDots: "_"})
	_, err := e.of(eventsAt, fields{kv("a", deep(msgjson.MaxDepth-1))})
	require.NoError(t, err)
	_, err = e.of(eventsAt, fields{kv("a", deep(msgjson.MaxDepth)), kv("b", 1)})
	require.ErrorIs(t, err, msgjson.ErrTooDeep)

	e = encoderOf(t, Options{LogKey: "a", ReplaceDots: "_"})
	r, err := e.of(eventsAt, fields{kv("a", deep(msgjson.MaxDepth-1))})
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(r.Data), "x"))
	_, err = e.of(eventsAt, fields{kv("a", deep(msgjson.MaxDepth)), kv("b", 1)})
	require.ErrorIs(t, err, msgjson.ErrTooDeep)

	r, err = e.of(eventsAt, fields{kv("a", "y")})
	require.NoError(t, err)
	require.Equal(t, "y", string(r.Data), "the record after it is as ever")
}

// A key may be the empty text. An option that is not set is no key of that name.
func TestTheEmptyKeyIsAKeyLikeAnyOther(t *testing.T) {
	body := fields{kv("", "empty"), kv("k", "v"), kv("log", "x")}
	runEncodings(t, []encoding{
		{
			name: "it stays where no other option is set",
			body: body, want: `{"":"empty","k":"v","log":"x"}`,
		}, {
			name: "partition_key leaves it in the record", options: Options{PartitionKey: KeyPath{"k"}},
			body: body, want: `{"":"empty","k":"v","log":"x"}`, key: "v",
		}, {
			name: "it is not the partition key of a record that has none", options: Options{PartitionKey: KeyPath{"none"}},
			body: body, want: `{"":"empty","k":"v","log":"x"}`,
		}, {
			name: "it may be the partition key", options: Options{PartitionKey: KeyPath{""}},
			body: body, want: `{"":"empty","k":"v","log":"x"}`, key: "empty",
		}, {
			name: "data_keys leave it out", options: Options{DataKeys: []string{"k"}},
			body: body, want: `{"k":"v"}`,
		}, {
			name: "it may be one of data_keys", options: Options{DataKeys: []string{"", "k"}},
			body: body, want: `{"":"empty","k":"v"}`,
		}, {
			name: "log_key passes it over", options: Options{LogKey: "log"},
			body: body, want: "x",
		}, {
			name: "a record without log_key does not send it", options: Options{LogKey: "none"},
			body: body, err: errNoLogKey,
		}, {
			name: "time_key leaves it in the record", options: Options{TimeKey: "k"},
			body: body, want: `{"":"empty","log":"x","k":"` + at + `"}`,
		}, {
			name: "what becomes it when dots are replaced stays, too", options: Options{PartitionKey: KeyPath{"k"}, ReplaceDots: "-"},
			body: fields{kv("", "empty"), kv(".", 1)}, want: `{"":"empty","-":1}`,
		},
	})
}

// What a record of unusual size needs is not kept for the usual ones. Each
// buffer is made large by a record that needs that one.
func TestTrimGivesUpWhatALargeRecordHasTaken(t *testing.T) {
	large := strings.Repeat("a", 2*maxKept)
	for name, test := range map[string]struct {
		encoder encoder
		body    fields
		buffer  func(e *Encoder) []byte
	}{
		"the data": {
			encoderOf(t, Options{}), fields{kv("log", large)},
			func(e *Encoder) []byte { return e.data },
		},
		"a key with dots": {
			encoderOf(t, Options{LogKey: "log", ReplaceDots: "_"}), fields{kv("."+large, 1), kv("log", "x")},
			func(e *Encoder) []byte { return e.written },
		},
		"the compressed data": {
			encoderOf(t, Options{}).compressing(compress.Snappy), fields{kv("log", noise(2*maxKept))},
			func(e *Encoder) []byte { return e.packed },
		},
		"what is cut to be compressed": {
			encoderOf(t, Options{MaximumSize: 2 * maxKept}).compressing(compress.Snappy), fields{kv("log", noise(4*maxKept))},
			func(e *Encoder) []byte { return e.scratch },
		},
		"the partition key": {
			encoderOf(t, Options{PartitionKey: KeyPath{"k"}}), fields{kv("k", flbhost.Ext{Type: 1, Data: []byte(large)})},
			func(e *Encoder) []byte { return e.keys.key },
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := test.encoder
			e.must(test.body...)
			require.Greater(t, cap(test.buffer(e.Encoder)), maxKept, "the record needs this buffer")
			e.Trim()
			require.LessOrEqual(t, cap(test.buffer(e.Encoder)), maxKept)

			e.must(kv("log", "x"))
			kept := cap(e.data)
			e.Trim()
			require.Equal(t, kept, cap(e.data), "what a usual record needs is kept")
		})
	}
}

// As of records whose shapes are not known: what is picked is asked of each.
func TestPickAllocatesNothing(t *testing.T) {
	for name, options := range map[string]Options{
		"time_key":  {ReplaceDots: "_", TimeKey: "t.i.m.e"},
		"data_keys": {ReplaceDots: "_", DataKeys: []string{"log", "a.long.key.of.more.than.thirty-two.characters"}},
		"log_key":   {ReplaceDots: "_", LogKey: "log"},
		"tag_key":   {ReplaceDots: "_", TagKey: "t.a.g", MetadataKey: "t.i.m.e", GroupKey: "group"},
	} {
		t.Run(name, func(t *testing.T) {
			e := encoderOf(t, options)
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
