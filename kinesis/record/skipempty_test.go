package record

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/msgjson"
)

func TestSkipEmptyMakesNoRecordOfNothing(t *testing.T) {
	skip := func(options Options) Options {
		options.SkipEmpty = true
		return options
	}
	named := fields{kv("host", "h"), kv("log", "x")}
	for _, test := range []struct {
		name    string
		options Options
		body    fields
		want    string
		err     error
	}{
		{name: "an event without fields is left out", options: skip(Options{}), body: fields{}, err: ErrEmpty},
		{name: "without the option it is a record", body: fields{}, want: "{}"},
		{name: "an event with a field is a record", options: skip(Options{}), body: fields{kv("log", "")}, want: `{"log":""}`},
		{name: "an event whose only field is null is a record", options: skip(Options{}), body: fields{kv("a", nil)}, want: `{"a":null}`},
		{name: "an event with an empty map in it is a record", options: skip(Options{}), body: fields{kv("a", fields{})}, want: `{"a":{}}`},
		{name: "an event that has none of data_keys is left out", options: skip(Options{DataKeys: []string{"a", "b"}}), body: named, err: ErrEmpty},
		{name: "one that has some of them is a record", options: skip(Options{DataKeys: []string{"a", "log"}}), body: named, want: `{"log":"x"}`},
		{
			name: "one that has them further down is left out", options: skip(Options{DataKeys: []string{"log"}}),
			body: fields{kv("m", named)}, err: ErrEmpty,
		}, {
			name: "what is added does not count", options: skip(all(Options{TimeKey: "t", DataKeys: []string{"a", "t", "tag"}})),
			body: named, err: ErrEmpty,
		}, {
			name: "nor does a field that gives way to it", options: skip(all(Options{TimeKey: "t"})),
			body: fields{kv("t", "own"), kv("tag", "own")}, err: ErrEmpty,
		}, {
			name: "nor one that does once dots are replaced", options: skip(Options{TimeKey: "t.t", ReplaceDots: "_"}),
			body: fields{kv("t_t", "own")}, err: ErrEmpty,
		}, {
			name: "what is added is in the record of a field beside it", options: skip(Options{TimeKey: "t", DataKeys: []string{"log"}}),
			body: named, want: `{"log":"x","t":"` + at + `"}`,
		}, {
			name: "the partition key does not count", options: skip(Options{PartitionKey: KeyPath{"host"}, DataKeys: []string{"a"}}),
			body: named, err: ErrEmpty,
		}, {
			name: "with log_key an event that has none of data_keys is left out", options: skip(Options{LogKey: "a", DataKeys: []string{"a", "b"}}),
			body: named, err: ErrEmpty,
		}, {
			name: "one that has others of them lacks its log_key", options: skip(Options{LogKey: "a", DataKeys: []string{"a", "log"}}),
			body: named, err: errNoLogKey,
		}, {
			name: "with log_key an event without fields is left out", options: skip(Options{LogKey: "log"}), body: fields{}, err: ErrEmpty,
		}, {
			name: "one without log_key is skipped for that", options: skip(Options{LogKey: "a"}), body: named, err: errNoLogKey,
		}, {
			name: "an empty text under log_key is a record", options: skip(Options{LogKey: "log"}), body: fields{kv("log", "")}, want: "",
		}, {
			name: "what is added as log_key does not count", options: skip(Options{LogKey: "t", TimeKey: "t", DataKeys: []string{"a"}}),
			body: named, err: ErrEmpty,
		}, {
			name: "but is the data of an event with fields", options: skip(Options{LogKey: "t", TimeKey: "t", DataKeys: []string{"log"}}),
			body: named, want: at,
		}, {
			name: "an event that is nested too deep is dropped for that", options: skip(Options{DataKeys: []string{"a"}}),
			body: fields{kv("log", deep(200))}, err: msgjson.ErrTooDeep,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := encoderOf(t, test.options)
			for range 2 { // the second time as a known shape
				r, err := e.of(flbhost.WithMetadata(eventsTime), test.body)
				require.ErrorIs(t, err, test.err)
				require.Equal(t, test.want, string(r.Data))
			}
		})
	}
}
