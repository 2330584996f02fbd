package record

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/kinesis/wire"
)

// A keying is an event and the partition key that it is to come to under
// partition_key k, or under other options where there are some; "" is a random
// one.
type keying struct {
	name    string
	options *Options
	body    fields
	want    string
}

func runKeyings(t *testing.T, tests []keying) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options := test.options
			if options == nil {
				options = &Options{PartitionKey: KeyPath{"k"}}
			}
			e := encoderOf(t, *options)
			for range 2 { // the second time as a known shape
				r, err := e.of(eventsAt, test.body)
				require.NoError(t, err)
				require.Equal(t, test.want == "", r.Random)
				if test.want == "" {
					require.Regexp(t, "^[A-Za-z0-9]{8}$", string(r.Key))
				} else {
					require.Equal(t, test.want, string(r.Key))
				}
			}
		})
	}
}

func TestPartitionKeyValues(t *testing.T) {
	instant := time.Unix(1, 5)
	runKeyings(t, []keying{
		{name: "a string is used as it is", body: fields{kv("k", "a \"b\"\\\né.c")}, want: "a \"b\"\\\né.c"},
		{name: "so is a binary value", body: fields{kv("k", []byte("ab\x00c"))}, want: "ab\x00c"},
		{name: "a number is its JSON", body: fields{kv("k", 42)}, want: "42"},
		{name: "a negative number is its JSON", body: fields{kv("k", math.MinInt64)}, want: "-9223372036854775808"},
		{name: "an unsigned number keeps its 64 bits", body: fields{kv("k", uint64(math.MaxUint64))}, want: "18446744073709551615"},
		{name: "a float is its shortest JSON", body: fields{kv("k", 0.1)}, want: "0.1"},
		{name: "so is one of 32 bits", body: fields{kv("k", float32(0.1))}, want: "0.1"},
		{name: "zero is a number like any", body: fields{kv("k", 0)}, want: "0"},
		{name: "true is its JSON", body: fields{kv("k", true)}, want: "true"},
		{name: "false is its JSON", body: fields{kv("k", false)}, want: "false"},
		{name: "an event time is the text of its JSON", body: fields{kv("k", instant)}, want: "1970-01-01T00:00:01.000000005Z"},
		{name: "another ext value is its base64", body: fields{kv("k", flbhost.Ext{Type: 7, Data: []byte("abc")})}, want: "YWJj"},
		{name: "a string that says null is a string", body: fields{kv("k", "null")}, want: "null"},
		{name: "blanks are characters", body: fields{kv("k", " ")}, want: " "},
		{name: "bytes that are not UTF-8 become U+FFFD", body: fields{kv("k", "a\xff\xc3b\xe2\x82")}, want: "a\uFFFD\uFFFDb\uFFFD\uFFFD"},

		{name: "a missing key makes a random one", body: fields{kv("K", "a")}},
		{name: "a record without any field makes a random one", body: fields{}},
		{name: "an empty string makes a random one", body: fields{kv("k", "")}},
		{name: "an empty binary value makes a random one", body: fields{kv("k", []byte{})}},
		{name: "null makes a random one", body: fields{kv("k", nil)}},
		{name: "NaN, whose JSON is null, makes a random one", body: fields{kv("k", math.NaN())}},
		{name: "infinity makes a random one", body: fields{kv("k", math.Inf(-1))}},
		{name: "a map makes a random one", body: fields{kv("k", fields{kv("k", "a")})}},
		{name: "an array makes a random one", body: fields{kv("k", array{"a"})}},
		{name: "an empty ext value makes a random one", body: fields{kv("k", flbhost.Ext{Type: 7})}},

		{name: "of a repeated key the last value counts", body: fields{kv("k", "a"), kv("k", "b"), kv("x", 1)}, want: "b"},
		{name: "even where it makes a random one", body: fields{kv("k", "a"), kv("k", nil)}},
		{name: "without the option it is random", options: &Options{}, body: fields{kv("k", "a")}},
	})
}

func TestPartitionKeyIsCutTo256Characters(t *testing.T) {
	runKeyings(t, []keying{
		{name: "256 characters of a byte stay", body: fields{kv("k", strings.Repeat("a", 256))}, want: strings.Repeat("a", 256)},
		{name: "257 characters of a byte are cut", body: fields{kv("k", strings.Repeat("a", 256)+"b")}, want: strings.Repeat("a", 256)},
		{name: "256 characters of two bytes stay", body: fields{kv("k", strings.Repeat("é", 256))}, want: strings.Repeat("é", 256)},
		{name: "256 characters of four bytes stay", body: fields{kv("k", strings.Repeat("😀", 256))}, want: strings.Repeat("😀", 256)},
		{name: "300 characters of four bytes are cut", body: fields{kv("k", strings.Repeat("😀", 300))}, want: strings.Repeat("😀", 256)},
		{name: "characters of all sizes are counted alike", body: fields{kv("k", strings.Repeat("aé語😀", 100))}, want: strings.Repeat("aé語😀", 64)},
		{name: "each byte that is not UTF-8 is a character", body: fields{kv("k", strings.Repeat("\xff", 300))}, want: strings.Repeat("\uFFFD", 256)},
		{name: "a binary value is cut, too", body: fields{kv("k", []byte(strings.Repeat("é", 1000)))}, want: strings.Repeat("é", 256)},
		{
			name: "and the JSON of an ext value", body: fields{kv("k", flbhost.Ext{Type: 7, Data: make([]byte, 300)})},
			want: strings.Repeat("A", 256),
		},
	})
}

func TestPartitionKeyPaths(t *testing.T) {
	path := &Options{PartitionKey: KeyPath{"a", "b", "c"}}
	runKeyings(t, []keying{
		{
			name: "a path leads through maps", options: path,
			body: fields{kv("x", 1), kv("a", fields{kv("y", 2), kv("b", fields{kv("c", "v"), kv("d", 3)})})}, want: "v",
		}, {
			name: "to a number, too", options: path,
			body: fields{kv("a", fields{kv("b", fields{kv("c", 1.5)})})}, want: "1.5",
		}, {
			name: "to a boolean, too", options: &Options{PartitionKey: KeyPath{"a", "b"}},
			body: fields{kv("a", fields{kv("b", false)})}, want: "false",
		}, {
			name: "a map at its end makes a random key", options: &Options{PartitionKey: KeyPath{"a", "b"}},
			body: fields{kv("a", fields{kv("b", fields{kv("c", "v")})})},
		}, {
			name: "a value before its end makes a random key", options: path,
			body: fields{kv("a", fields{kv("b", "c")})},
		}, {
			name: "so does an array", options: path,
			body: fields{kv("a", array{fields{kv("b", fields{kv("c", "v")})}})},
		}, {
			name: "and a key that is missing on the way", options: path,
			body: fields{kv("a", fields{kv("x", fields{kv("c", "v")})})},
		}, {
			name: "of repeated keys the last counts on each level", options: &Options{PartitionKey: KeyPath{"a", "b"}},
			body: fields{kv("a", fields{kv("b", "1")}), kv("a", fields{kv("b", "2"), kv("b", "3")})}, want: "3",
		}, {
			name: "even where it leads nowhere", options: &Options{PartitionKey: KeyPath{"a", "b"}},
			body: fields{kv("a", fields{kv("b", "1")}), kv("a", 1)},
		}, {
			name: "keys that are no strings are passed over", options: &Options{PartitionKey: KeyPath{"a", "b"}},
			body: fields{kv("a", fields{kv(array{1}, 0), kv(nil, 1), kv("b", "v"), kv(fields{}, 2)})}, want: "v",
		},
	})
}

func TestPartitionKeyAmongTheOtherOptions(t *testing.T) {
	runKeyings(t, []keying{
		{
			name: "the key may be left out by data_keys", options: &Options{PartitionKey: KeyPath{"k"}, DataKeys: []string{"log"}},
			body: fields{kv("k", "v"), kv("log", "x")}, want: "v",
		}, {
			name: "the key has its dots yet", options: &Options{PartitionKey: KeyPath{"a.b"}, ReplaceDots: "_"},
			body: fields{kv("a.b", "v"), kv("a_b", "w")}, want: "v",
		}, {
			name: "it is not found by the name that it is to have", options: &Options{PartitionKey: KeyPath{"a_b"}, ReplaceDots: "_"},
			body: fields{kv("a.b", "v")},
		}, {
			name: "dots within a path are as in the record, too", options: &Options{PartitionKey: KeyPath{"a.b", "c.d"}, ReplaceDots: "_"},
			body: fields{kv("a.b", fields{kv("c.d", "v")})}, want: "v",
		}, {
			name: "it may be what log_key sends", options: &Options{PartitionKey: KeyPath{"k"}, LogKey: "k"},
			body: fields{kv("k", "v")}, want: "v",
		}, {
			name: "it is found where log_key sends another", options: &Options{PartitionKey: KeyPath{"k"}, LogKey: "log"},
			body: fields{kv("k", "v"), kv("log", "x")}, want: "v",
		}, {
			name:    "it may be the time that time_key adds",
			options: &Options{PartitionKey: KeyPath{"t"}, TimeKey: "t", TimeFormat: format("%s")},
			body:    fields{kv("a", 1)}, want: "1700000000",
		}, {
			name:    "that time has replaced the record's own field",
			options: &Options{PartitionKey: KeyPath{"t"}, TimeKey: "t", TimeFormat: format("%s")},
			body:    fields{kv("t", "own")}, want: "1700000000",
		}, {
			name:    "that time is text, through which no path leads",
			options: &Options{PartitionKey: KeyPath{"t", "u"}, TimeKey: "t"},
			body:    fields{kv("t", fields{kv("u", "v")})},
		}, {
			name:    "that time is cut like any text",
			options: &Options{PartitionKey: KeyPath{"t"}, TimeKey: "t", TimeFormat: format(strings.Repeat("é", 300))},
			body:    fields{}, want: strings.Repeat("é", 256),
		}, {
			name:    "a field of the name of time_key further down is the record's own",
			options: &Options{PartitionKey: KeyPath{"a", "t"}, TimeKey: "t"},
			body:    fields{kv("a", fields{kv("t", "v")})}, want: "v",
		},
	})
}

func TestPartitionKeysOfManyRecords(t *testing.T) {
	e := encoderOf(t, Options{PartitionKey: KeyPath{"k"}})
	for i, value := range []any{"long enough to leave something behind", "short", 1, time.Unix(0, 0), nil, true, "é"} {
		r, err := e.of(eventsAt, fields{kv("k", value), kv("i", i)})
		require.NoError(t, err)
		require.True(t, utf8.Valid(r.Key))
		if s, ok := value.(string); ok {
			require.Equal(t, s, string(r.Key))
		}
	}
}

func TestRandomPartitionKeys(t *testing.T) {
	e, other := encoderOf(t, Options{}), encoderOf(t, Options{})
	const n = 20_000
	seen := map[string]bool{}
	var letters [8]map[byte]bool
	for i := range letters {
		letters[i] = map[byte]bool{}
	}
	for range n / 2 {
		for _, e := range []encoder{e, other} {
			key := appendRandomKey(nil, e.keys.random)
			require.Len(t, key, 8)
			seen[string(key)] = true
			for i, c := range key {
				letters[i][c] = true
			}
		}
	}
	require.Len(t, seen, n, "none came twice") // but once in a million runs
	for i := range letters {
		require.Len(t, letters[i], 62, "every letter and digit in place %d", i)
		for c := range letters[i] {
			require.Contains(t, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", string(c))
		}
	}
}

// A key that is found below another is remembered for the value around it.
func TestPartitionKeyOfAPathFollowsTheRecord(t *testing.T) {
	e := encoderOf(t, Options{PartitionKey: KeyPath{"pod", "name"}})
	pad := strings.Repeat("x", maxSeenValue)
	for i, x := range []struct {
		pod  any
		want string
	}{
		{fields{kv("name", "a"), kv("n", 1)}, "a"}, {fields{kv("name", "a"), kv("n", 1)}, "a"},
		{fields{kv("name", "b"), kv("n", 1)}, "b"}, {fields{kv("name", "b"), kv("n", 2)}, "b"},
		{fields{kv("n", 2)}, ""}, {fields{kv("n", 2)}, ""}, {"text", ""}, {"text", ""},
		{fields{kv("name", "c"), kv("pad", pad)}, "c"}, {fields{kv("name", "d"), kv("pad", pad)}, "d"},
		{fields{kv("name", "")}, ""}, {fields{kv("name", 7)}, "7"}, {fields{kv("name", 7)}, "7"}, {fields{}, ""},
	} {
		r, err := e.of(eventsAt, fields{kv("pod", x.pod)})
		require.NoError(t, err)
		require.Equal(t, x.want == "", r.Random, "record %d", i)
		if x.want != "" {
			require.Equal(t, x.want, string(r.Key), "record %d", i)
		}
	}
	r, err := e.of(eventsAt, fields{kv("log", "no pod")})
	require.NoError(t, err)
	require.True(t, r.Random)
}

// What is remembered of a record must not lie in a buffer that the next one
// uses: a random key would take the place of the one that was found.
func TestPartitionKeyOfAPathIsKeptThroughRecordsWithoutIt(t *testing.T) {
	e := encoderOf(t, Options{PartitionKey: KeyPath{"a", "b"}})
	keyed := kv("a", fields{kv("b", "the key")})
	for i, x := range []struct {
		field flbhost.Field
		want  string
	}{
		{keyed, "the key"}, {kv("c", 1), ""}, {keyed, "the key"},
	} {
		r := e.must(x.field)
		require.Equal(t, x.want == "", r.Random, "record %d", i)
		if x.want != "" {
			require.Equal(t, x.want, string(r.Key), "record %d", i)
		}
	}
}

// What is remembered is kept for as long as the encoder is, so it is bounded.
func TestPartitionKeyOfAPathRemembersNoLargeValue(t *testing.T) {
	e := encoderOf(t, Options{PartitionKey: KeyPath{"a", "b"}})
	value := func(pad int) flbhost.Field {
		return kv("a", fields{kv("b", strings.Repeat("é", 2*wire.MaxKeyRunes)), kv("pad", strings.Repeat("x", pad))})
	}
	e.must(value(2 * maxSeenValue))
	require.Empty(t, e.keys.seen)
	e.must(value(1 << 20))
	require.LessOrEqual(t, cap(e.keys.seen), 2*maxSeenValue)
	require.LessOrEqual(t, cap(e.keys.found), 2*wire.MaxKeyRunes*utf8.UTFMax)
	e.must(value(1))
	require.NotEmpty(t, e.keys.seen, "a usual one is remembered")
}

func TestPartitionKeyOfAHugeTextTakesNoMemory(t *testing.T) {
	e := encoderOf(t, Options{PartitionKey: KeyPath{"k"}})
	for name, x := range map[string]struct{ text, want string }{
		"UTF-8":     {strings.Repeat("é", 1<<20), strings.Repeat("é", wire.MaxKeyRunes)},
		"not UTF-8": {strings.Repeat("\xff", 1<<20), strings.Repeat("\uFFFD", wire.MaxKeyRunes)},
	} {
		r, err := e.of(eventsAt, fields{kv("k", x.text)})
		require.NoError(t, err)
		require.Equal(t, x.want, string(r.Key), name)
		require.LessOrEqual(t, cap(e.keys.key), 4*wire.MaxKeyRunes*utf8.UTFMax, name)
	}
}

// Bytes in what is added are digits, of which there are two for each.
func TestPartitionKeyOfHugeBytesInTheMetadataTakesNoMemory(t *testing.T) {
	e := encoderOf(t, Options{MetadataKey: "meta", PartitionKey: KeyPath{"meta", "id"}})
	r, err := e.of(flbhost.WithMetadata(eventsTime, kv("id", bytes.Repeat([]byte{0xab}, 1<<20))), fields{kv("log", "x")})
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("ab", wire.MaxKeyRunes/2), string(r.Key))
	require.LessOrEqual(t, cap(e.keys.key), 4*wire.MaxKeyRunes)
}
