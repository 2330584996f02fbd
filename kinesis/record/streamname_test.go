package record

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// templateOf is a template that is good.
func templateOf(t testing.TB, text string) Template {
	t.Helper()
	template, err := ParseTemplate(text)
	require.NoError(t, err)
	return template
}

func TestTheNameOfARecordsStream(t *testing.T) {
	const none = "<none>"
	pod := kv("kubernetes", fields{kv("pod_name", "web-0"), kv("namespace_name", "shop"), kv("labels", fields{kv("app.io/name", "web")})})
	for _, test := range []struct {
		name, template, want string
		tag                  string
		body                 fields
		options              Options
	}{
		{name: "a key", template: "app-$k", body: fields{kv("k", "shop")}, want: "app-shop"},
		{name: "a key in a map", template: "app-$kubernetes['namespace_name']", body: fields{kv("log", "x"), pod}, want: "app-shop"},
		{name: "a key in a map in a map", template: "$kubernetes['labels']['app.io/name']-logs", body: fields{pod}, want: "web-logs"},
		{name: "two words of one key", template: "$kubernetes['namespace_name'].$kubernetes['pod_name']", body: fields{pod}, want: "shop.web-0"},
		{name: "two keys, the second first in the record", template: "$a-$b", body: fields{kv("b", "2"), kv("a", "1")}, want: "1-2"},
		{name: "an element of an array", template: "$k[1]", body: fields{kv("k", array{"a", "b", "c"})}, want: "b"},
		{name: "a key in an element of an array", template: "$k[0]['n']", body: fields{kv("k", array{fields{kv("n", "b")}})}, want: "b"},
		{name: "a binary value", template: "$k", body: fields{kv("k", []byte("shop"))}, want: "shop"},
		{name: "a number is its JSON", template: "n$k", body: fields{kv("k", 42)}, want: "n42"},
		{name: "the largest number is its JSON", template: "n$k", body: fields{kv("k", uint64(math.MaxUint64))}, want: "n18446744073709551615"},
		{name: "a float is its JSON", template: "n$k", body: fields{kv("k", 0.5)}, want: "n0.5"},
		{name: "true is its JSON", template: "$k['b']", body: fields{kv("k", fields{kv("b", true)})}, want: "true"},
		{name: "of a repeated key the last value stands", template: "$k", body: fields{kv("k", "a"), kv("k", "b")}, want: "b"},

		{name: "no such key", template: "app-$k", body: fields{kv("x", "y")}, want: none},
		{name: "no such key in the map", template: "app-$k['x']", body: fields{kv("k", fields{kv("y", "z")})}, want: none},
		{name: "a string where a map is to be", template: "app-$k['x']", body: fields{kv("k", "y")}, want: none},
		{name: "a map where an array is to be", template: "app-$k[0]", body: fields{kv("k", fields{kv("0", "z")})}, want: none},
		{name: "no such element", template: "app-$k[2]", body: fields{kv("k", array{"a", "b"})}, want: none},
		{name: "an empty string", template: "app-$k", body: fields{kv("k", "")}, want: none},
		{name: "an empty string below", template: "app-$k['x']", body: fields{kv("k", fields{kv("x", "")})}, want: none},
		{name: "null", template: "app-$k", body: fields{kv("k", nil)}, want: none},
		{name: "not a number", template: "app-$k", body: fields{kv("k", math.NaN())}, want: none},
		{name: "a map", template: "app-$k", body: fields{kv("k", fields{kv("x", "y")})}, want: none},
		{name: "an array", template: "app-$k", body: fields{kv("k", array{"x"})}, want: none},
		{name: "a nested time", template: "app-$k", body: fields{kv("k", eventsTime)}, want: none},
		{name: "an ext value", template: "app-$k", body: fields{kv("k", flbhost.Ext{Type: 5, Data: make([]byte, 1000)})}, want: none},
		{name: "one of two keys is not there", template: "$a-$b", body: fields{kv("a", "1")}, want: none},

		{name: "the tag", template: "$TAG", tag: "kube.var.log", body: fields{kv("x", "y")}, want: "kube.var.log"},
		{name: "the first part of the tag", template: "x-$TAG[0]", tag: "kube.var.log", body: fields{kv("x", "y")}, want: "x-kube"},
		{name: "the last part of the tag", template: "$TAG[2]", tag: "kube.var.log", body: fields{kv("x", "y")}, want: "log"},
		{name: "the only part of the tag", template: "$TAG[0]", tag: "kube", body: fields{kv("x", "y")}, want: "kube"},
		{name: "a part that the tag does not have", template: "$TAG[3]", tag: "kube.var.log", body: fields{kv("x", "y")}, want: none},
		{name: "an empty part of the tag", template: "$TAG[1]", tag: "kube..log", body: fields{kv("x", "y")}, want: none},
		{name: "an empty tag", template: "x$TAG", tag: "", body: fields{kv("x", "y")}, want: none},
		{name: "the tag and a key", template: "$TAG[1]-$x", tag: "a.b", body: fields{kv("x", "y")}, want: "b-y"},

		{name: "a name that cannot be is the caller's to find", template: "app-$k", body: fields{kv("k", "a b")}, want: "app-a b"},
		{name: "so is one that is too long, of which no more than that is kept", template: "$k$k", body: fields{kv("k", strings.Repeat("x", 10_000))}, want: strings.Repeat("x", 2*129)},

		{name: "the key is looked up with time_key added", template: "d$when", options: Options{TimeKey: "when", TimeFormat: format("%Y-%m-%d")}, body: fields{kv("when", "never")}, want: "d2023-11-14"},
		{name: "there is nothing below time_key", template: "d$when['x']", options: Options{TimeKey: "when"}, body: fields{kv("when", fields{kv("x", "y")})}, want: none},
		{name: "before data_keys leave it out", template: "$k", options: Options{DataKeys: []string{"log"}}, body: fields{kv("k", "shop"), kv("log", "x")}, want: "shop"},
		{name: "before dots are replaced", template: "$k['a.b']", options: Options{ReplaceDots: "_"}, body: fields{kv("k", fields{kv("a.b", "shop")})}, want: "shop"},
		{name: "beside log_key and partition_key", template: "$k", options: Options{LogKey: "k", PartitionKey: KeyPath{"k"}}, body: fields{kv("k", "shop")}, want: "shop"},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := test.options
			options.Stream = templateOf(t, test.template)
			e := encoderOf(t, options)
			e.Begin(test.tag)
			for range 3 { // later as a known shape, with known values
				_, err := e.of(eventsAt, test.body)
				require.NoError(t, err)
				name, ok := e.StreamName()
				require.Equal(t, test.want != none, ok, "%s", name)
				if ok {
					require.Equal(t, test.want, string(name))
				}
			}
		})
	}
}

func TestTheNameOfAStreamIsThatOfTheRecordAtHand(t *testing.T) {
	e := encoderOf(t, Options{Stream: templateOf(t, "$TAG[0]-$k['n']")})
	for _, x := range []struct {
		tag   string
		value any
		want  string
	}{
		{"a.b", fields{kv("n", "one")}, "a-one"},
		{"a.b", fields{kv("n", "two")}, "a-two"},
		{"a.b", fields{kv("n", "two")}, "a-two"},
		{"a.b", fields{kv("m", "two")}, ""},
		{"c.b", fields{kv("n", "two")}, "c-two"},
		{"", fields{kv("n", "two")}, ""},
		{"c", "text", ""},
		{"c", fields{kv("n", 3)}, "c-3"},
	} {
		e.Begin(x.tag)
		_, err := e.of(eventsAt, fields{kv("k", x.value)})
		require.NoError(t, err)
		name, ok := e.StreamName()
		require.Equal(t, x.want != "", ok)
		require.Equal(t, x.want, string(name))
	}
}

// The key of a record that is dropped for another reason is none that the next
// one could have.
func TestARecordWithoutTheKeyHasNoNameOfTheOneBefore(t *testing.T) {
	e := encoderOf(t, Options{Stream: templateOf(t, "$k"), LogKey: "log"})
	_, err := e.of(eventsAt, fields{kv("k", "shop")})
	require.Error(t, err)
	_, err = e.of(eventsAt, fields{kv("log", "x")})
	require.NoError(t, err)
	_, ok := e.StreamName()
	require.False(t, ok)
}
