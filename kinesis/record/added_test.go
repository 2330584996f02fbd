package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/events"
	"fluent-bit-kinesis/plugins/msgjson"
)

// otlpMetadata is metadata as Fluent Bit's OpenTelemetry input has it.
var otlpMetadata = fields{kv("otlp", fields{
	kv("observed_timestamp", 1_700_000_000), kv("severity_number", 9), kv("trace_id", []byte{0x5b, 0x8e}),
	kv("attributes", fields{kv("http.method", "GET")}),
})}

const otlpJSON = `{"otlp":{"observed_timestamp":1700000000,"severity_number":9,"trace_id":"5b8e","attributes":{"http.method":"GET"}}}`

// webGroup is what opens a group, as that input has it.
var webGroup = fields{
	kv("resource", fields{kv("attributes", fields{kv("service.name", "web")})}),
	kv("scope", fields{kv("name", "shop"), kv("version", "1.2")}),
}

const webJSON = `{"resource":{"attributes":{"service.name":"web"}},"scope":{"name":"shop","version":"1.2"}}`

// A surrounding is an event with what is beside it: a tag, metadata, and the body
// of its group's opening.
type surrounding struct {
	tag      string
	metadata fields
	group    fields
	grouped  bool // also where the group's body is empty
	body     fields
}

func (s surrounding) chunk() []byte {
	var c flbhost.Chunk
	if s.grouped || len(s.group) > 0 {
		c.Append(flbhost.GroupOpen(kv("schema", "otlp")), s.group...)
	}
	for range 2 { // the second time as a known shape, in the same group
		c.Append(flbhost.WithMetadata(eventsTime, s.metadata...), s.body...)
	}
	return c.Bytes()
}

// all are the names that additions have in these tests.
func all(options Options) Options {
	options.TagKey, options.MetadataKey, options.GroupKey = "tag", "meta", "group"
	return options
}

func TestWhatIsBesideTheRecordIsAdded(t *testing.T) {
	whole := surrounding{tag: "app.web", metadata: otlpMetadata, group: webGroup, body: fields{kv("log", "x")}}
	bare := surrounding{tag: "app.web", body: fields{kv("log", "x")}}
	with := func(body ...flbhost.Field) surrounding {
		s := whole
		s.body = body
		return s
	}
	for _, test := range []struct {
		name    string
		options Options
		surrounding
		want string // the data
		key  string // the partition key; empty for a random one
		err  error
	}{
		{
			name: "nothing is added that is not asked for", surrounding: whole, want: `{"log":"x"}`,
		}, {
			name: "the tag is added", options: Options{TagKey: "tag"}, surrounding: whole, want: `{"log":"x","tag":"app.web"}`,
		}, {
			name: "the tag is escaped", options: Options{TagKey: `t"`}, surrounding: surrounding{tag: "a\"\\\n\xff<é>"},
			want: `{"t\"":"a\"\\\n` + "\uFFFD" + `<é>"}`,
		}, {
			name: "an empty tag is a text like any other", options: Options{TagKey: "tag"}, surrounding: surrounding{body: fields{kv("n", 1)}},
			want: `{"n":1,"tag":""}`,
		}, {
			name: "the metadata is added as a map", options: Options{MetadataKey: "meta"}, surrounding: whole, want: `{"log":"x","meta":` + otlpJSON + `}`,
		}, {
			name: "metadata that is empty adds no key", options: Options{MetadataKey: "meta"}, surrounding: bare, want: `{"log":"x"}`,
		}, {
			name: "the group is added as a map", options: Options{GroupKey: "group"}, surrounding: whole, want: `{"log":"x","group":` + webJSON + `}`,
		}, {
			name: "an event outside of groups has no such key", options: Options{GroupKey: "group"}, surrounding: bare, want: `{"log":"x"}`,
		}, {
			name: "a group that is empty adds no key", options: Options{GroupKey: "group"}, surrounding: surrounding{grouped: true, body: fields{kv("n", 1)}},
			want: `{"n":1}`,
		}, {
			name: "all stand behind the record's own keys, in a fixed order", options: all(Options{TimeKey: "time"}), surrounding: whole,
			want: `{"log":"x","time":"` + at + `","tag":"app.web","meta":` + otlpJSON + `,"group":` + webJSON + `}`,
		}, {
			name: "they are all of a record without fields", options: all(Options{}), surrounding: with(),
			want: `{"tag":"app.web","meta":` + otlpJSON + `,"group":` + webJSON + `}`,
		}, {
			name: "a record without fields and without anything beside it stays one", options: Options{MetadataKey: "meta", GroupKey: "group"},
			surrounding: surrounding{}, want: `{}`,
		}, {
			name: "each replaces the fields of its name, at the top level alone", options: all(Options{}),
			surrounding: with(kv("tag", "own"), kv("log", "x"), kv("meta", fields{kv("own", 1)}), kv("m", fields{kv("tag", 1)}), kv("group", 1), kv("tag", 2)),
			want:        `{"log":"x","m":{"tag":1},"tag":"app.web","meta":` + otlpJSON + `,"group":` + webJSON + `}`,
		}, {
			name: "a field of its name gives way also where there is nothing to add", options: all(Options{}),
			surrounding: surrounding{tag: "t", body: fields{kv("meta", "forged"), kv("log", "x"), kv("group", "forged")}}, want: `{"log":"x","tag":"t"}`,
		}, {
			name: "data_keys keep them", options: all(Options{DataKeys: []string{"log"}}), surrounding: with(kv("a", 1), kv("log", "x"), kv("tag", "own")),
			want: `{"log":"x","tag":"app.web","meta":` + otlpJSON + `,"group":` + webJSON + `}`,
		}, {
			name: "dots are replaced in their keys and in those inside them", surrounding: with(kv("a.b", 1), kv("the_tag", 2), kv("the.meta", 3)),
			options: Options{TagKey: "the.tag", MetadataKey: "the.meta", GroupKey: "group", ReplaceDots: "_"},
			want: `{"a_b":1,"the_tag":"app.web","the_meta":` + strings.ReplaceAll(otlpJSON, "http.method", "http_method") +
				`,"group":` + strings.ReplaceAll(webJSON, "service.name", "service_name") + `}`,
		},

		{
			name: "partition_key finds the tag", options: all(Options{PartitionKey: KeyPath{"tag"}, DataKeys: []string{"log"}}), surrounding: whole,
			want: `{"log":"x","tag":"app.web","meta":` + otlpJSON + `,"group":` + webJSON + `}`, key: "app.web",
		}, {
			name: "a tag is a key of 256 characters at most", options: Options{TagKey: "tag", PartitionKey: KeyPath{"tag"}},
			surrounding: surrounding{tag: strings.Repeat("é", 300)}, want: `{"tag":"` + strings.Repeat("é", 300) + `"}`, key: strings.Repeat("é", 256),
		}, {
			name: "an empty tag is no key", options: Options{TagKey: "tag", PartitionKey: KeyPath{"tag"}},
			surrounding: surrounding{}, want: `{"tag":""}`,
		}, {
			name: "a path leads nowhere in a tag", options: Options{TagKey: "tag", PartitionKey: KeyPath{"tag", "a"}}, surrounding: whole,
			want: `{"log":"x","tag":"app.web"}`,
		}, {
			name: "partition_key finds a value in the metadata", options: Options{MetadataKey: "meta", PartitionKey: KeyPath{"meta", "otlp", "trace_id"}},
			surrounding: whole, want: `{"log":"x","meta":` + otlpJSON + `}`, key: "5b8e",
		}, {
			name: "and in the group, by keys from before dots are replaced", surrounding: whole,
			options: Options{GroupKey: "group", PartitionKey: KeyPath{"group", "resource", "attributes", "service.name"}, ReplaceDots: "_"},
			want:    `{"log":"x","group":` + strings.ReplaceAll(webJSON, "service.name", "service_name") + `}`, key: "web",
		}, {
			name: "not in a field that had to give way", options: Options{MetadataKey: "meta", PartitionKey: KeyPath{"meta", "a"}},
			surrounding: surrounding{body: fields{kv("meta", fields{kv("a", "b")})}}, want: `{}`,
		}, {
			name: "an id is cut to 256 digits", options: Options{GroupKey: "g", PartitionKey: KeyPath{"g", "id"}},
			surrounding: surrounding{group: fields{kv("id", make([]byte, 200))}},
			want:        `{"g":{"id":"` + strings.Repeat("00", 200) + `"}}`, key: strings.Repeat("0", 256),
		}, {
			name: "metadata is no key, as no map is", options: Options{MetadataKey: "meta", PartitionKey: KeyPath{"meta"}}, surrounding: whole,
			want: `{"log":"x","meta":` + otlpJSON + `}`,
		},

		{
			name: "log_key may be the tag, whose text is sent", options: Options{TagKey: "the.tag", LogKey: "the_tag", ReplaceDots: "_"},
			surrounding: surrounding{tag: `a "tag"`, body: fields{kv("the_tag", "own")}}, want: `a "tag"`,
		}, {
			name: "log_key may be the metadata", options: Options{MetadataKey: "meta", LogKey: "meta"}, surrounding: whole, want: otlpJSON,
		}, {
			name: "log_key may be the group", options: all(Options{LogKey: "group"}), surrounding: whole, want: webJSON,
		}, {
			name: "a record without the metadata that log_key asks for is skipped", options: Options{MetadataKey: "meta", LogKey: "meta"},
			surrounding: surrounding{body: fields{kv("meta", "own")}}, err: errNoLogKey,
		}, {
			name: "they are not added to the value of log_key", options: all(Options{LogKey: "log"}), surrounding: whole, want: "x",
		}, {
			name: "but may give it its partition key", options: all(Options{LogKey: "log", PartitionKey: KeyPath{"meta", "otlp", "trace_id"}}),
			surrounding: whole, want: "x", key: "5b8e",
		}, {
			name: "a newline comes behind them", options: Options{TagKey: "tag", AppendNewline: true}, surrounding: whole, want: `{"log":"x","tag":"app.web"}` + "\n",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := encoderOf(t, test.options)
			for range 2 { // the second time as another chunk
				e.Begin(test.tag)
				event := events.NewReader(test.chunk())
				for event.Next() {
					r, n, err := e.Encode(&event)
					require.ErrorIs(t, err, test.err)
					event.Advance(n)
					if err != nil {
						continue
					}
					require.Equal(t, test.want, string(r.Data))
					require.Equal(t, test.key == "", r.Random)
					if test.key != "" {
						require.Equal(t, test.key, string(r.Key))
					}
				}
				require.Equal(t, 1, event.Ordinal())
				require.NoError(t, event.Err())
				e.End()
			}
		})
	}
}

// Each event has its own metadata and its own group, whatever the one before had.
func TestWhatIsBesideARecordIsNotThatOfAnother(t *testing.T) {
	e := encoderOf(t, all(Options{PartitionKey: KeyPath{"group", "g"}}))
	var c flbhost.Chunk
	// fill makes a chunk in the memory of the one before.
	fill := func(first int) {
		c.Reset()
		for g := first; g < first+3; g++ {
			c.Append(flbhost.GroupOpen(), kv("g", g))
			c.Append(flbhost.WithMetadata(eventsTime, kv("m", g)))
			c.Append(flbhost.WithMetadata(eventsTime))
			c.Append(flbhost.WithMetadata(eventsTime, kv("m", g+1)))
			c.Append(flbhost.GroupClose())
			c.Append(flbhost.EventTime(eventsTime))
		}
	}
	digit := func(n int) string { return string(rune('0' + n)) }
	for _, first := range []int{1, 5, 1} {
		fill(first)
		tag := "tag" + digit(first)
		e.Begin(tag)
		var want, got, keys []string
		for g := first; g < first+3; g++ {
			group := `"group":{"g":` + digit(g) + `}}`
			want = append(want, `{"tag":"`+tag+`","meta":{"m":`+digit(g)+`},`+group, `{"tag":"`+tag+`",`+group,
				`{"tag":"`+tag+`","meta":{"m":`+digit(g+1)+`},`+group, `{"tag":"`+tag+`"}`)
		}
		event := events.NewReader(c.Bytes())
		for event.Next() {
			r, n, err := e.Encode(&event)
			require.NoError(t, err)
			got = append(got, string(r.Data))
			if !r.Random {
				keys = append(keys, string(r.Key))
			}
			event.Advance(n)
		}
		e.End()
		require.Equal(t, want, got)
		require.Len(t, keys, 9)
		require.Equal(t, []string{digit(first), digit(first), digit(first), digit(first + 1)}, keys[:4])
	}
}

// The map under a key is a level below the record's own.
func TestWhatIsBesideARecordMayBeNestedAsDeepAsItsFields(t *testing.T) {
	at := func(levels int) fields { return fields{kv("d.", deep(levels-1))} } // of so many levels
	for _, x := range []struct {
		name    string
		options Options
		surrounding
		err error
	}{
		{"metadata of 127 levels is added", all(Options{}), surrounding{metadata: at(127)}, nil},
		{"metadata of 128 levels drops the record", all(Options{}), surrounding{metadata: at(128)}, msgjson.ErrTooDeep},
		{"metadata of 1000 levels drops the record", all(Options{}), surrounding{metadata: at(1000)}, msgjson.ErrTooDeep},
		{"a group of 127 levels is added", all(Options{}), surrounding{group: at(127)}, nil},
		{"a group of 128 levels drops the records in it", all(Options{}), surrounding{group: at(128)}, msgjson.ErrTooDeep},
		{"as log_key, too", all(Options{LogKey: "group"}), surrounding{group: at(128)}, msgjson.ErrTooDeep},
		{"what is not sent may be of any depth", all(Options{LogKey: "log"}), surrounding{metadata: at(200), group: at(200)}, nil},
		{"what is not asked for may be of any depth", Options{}, surrounding{metadata: at(200), group: at(200)}, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.body = fields{kv("log", "x")}
			e := encoderOf(t, x.options)
			e.Begin("tag")
			event := events.NewReader(x.chunk())
			for range 2 {
				require.True(t, event.Next())
				_, n, err := e.Encode(&event)
				require.ErrorIs(t, err, x.err)
				if err != nil {
					reason, known := DropOf(err)
					require.True(t, known)
					require.Equal(t, TooDeep, reason)
				}
				event.Advance(n)
			}
			require.False(t, event.Next())
			require.NoError(t, event.Err())
			if x.options.LogKey != "group" {
				require.Contains(t, string(e.must(kv("log", "y")).Data), "y", "the record after it is as ever")
			}
		})
	}
}

func TestMetadataThatIsNoMapIsNone(t *testing.T) {
	e := encoderOf(t, all(Options{}))
	e.Begin("t")
	for name, metadata := range map[string][]byte{
		"nil": {0xc0}, "a text": {0xa1, 'a'}, "an array": {0x91, 0x01}, "an empty long map": {0xdf, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := e.of(flbhost.RawHeader(append([]byte{0x92, 0x05}, metadata...)), fields{kv("log", "x")})
			require.NoError(t, err)
			require.Equal(t, `{"log":"x","tag":"t"}`, string(r.Data))
		})
	}
}

// What is added counts as the rest of a record does.
func TestARecordThatIsTooBigWithWhatIsAddedIsCut(t *testing.T) {
	for _, f := range []compress.Format{compress.None, compress.Gzip} {
		e := encoderOf(t, all(Options{MaximumSize: 400, AppendNewline: true})).compressing(f)
		e.Begin("tag")
		r, err := e.of(flbhost.WithMetadata(eventsTime, kv("m", noise(1000))), fields{kv("log", "x")})
		require.NoError(t, err)
		require.True(t, r.Truncated)
		require.LessOrEqual(t, r.Size(), 400)
		if f == compress.None {
			require.True(t, strings.HasPrefix(string(r.Data), `{"log":"x","tag":"tag","meta":{"m":"`))
			require.True(t, strings.HasSuffix(string(r.Data), "[Truncated...]\n"))
		}
	}
}

func TestTrimGivesUpWhatALargeGroupHasTaken(t *testing.T) {
	e := encoderOf(t, all(Options{TimeKey: "time"}))
	big := surrounding{tag: "t", group: fields{kv("g", strings.Repeat("a", 2*maxKept))}, body: fields{kv("log", "x")}}
	for range 2 {
		e.Begin(big.tag)
		event := events.NewReader(big.chunk())
		require.True(t, event.Next())
		r, _, err := e.Encode(&event)
		require.NoError(t, err)
		require.Greater(t, len(r.Data), 2*maxKept)
		require.Contains(t, string(r.Data[:60]), `"time":"`+at+`","tag":"t"`)
		e.End()
		e.Trim()
		for _, m := range e.added.members {
			require.Nil(t, m.value, "the chunk is let go")
			require.LessOrEqual(t, cap(m.json), maxKept)
		}
	}
}
