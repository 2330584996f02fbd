package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// pod is an event as the kubernetes filter leaves it.
var pod = fields(
	F("log", "GET / 200"),
	F("stream", "stdout"),
	F("kubernetes", fields(
		F("pod_name", "web-0"),
		F("labels", fields(F("app.kubernetes.io/name", "web"), F("tier", "front.end"))),
		F("ports", []any{fields(F("host.port", 80))}),
	)),
	F("container.id", "c0ffee"),
	F("took", 0.25),
	F("raw", []byte("\xff\x00")),
)

const podJSON = `{"log":"GET / 200","stream":"stdout","kubernetes":{"pod_name":"web-0","labels":{"app.kubernetes.io/name":"web","tier":"front.end"},"ports":[{"host.port":80}]},"container.id":"c0ffee","took":0.25,"raw":"` + "\uFFFD" + `\u0000"}`

// recordOptions is what each record option makes of a record, alone and with
// others.
var recordOptions = []struct {
	name    string
	options options
	body    []flbhost.Field
	want    string
	key     string // the partition key; empty for a random one
}{
	{"no options", nil, pod, podJSON, ""},

	{"time_key is added behind the others", options{"time_key": "time"}, fields(F("log", "x")), `{"log":"x","time":"2026-03-14T09:26:53"}`, ""},
	{"time_key is all of an empty record", options{"time_key": "time"}, fields(), `{"time":"2026-03-14T09:26:53"}`, ""},
	{"time_key replaces a field of that name", options{"time_key": "time"}, fields(F("time", "yesterday"), F("log", "x")), `{"log":"x","time":"2026-03-14T09:26:53"}`, ""},
	{"time_key replaces every field of that name", options{"time_key": "time"}, fields(F("time", 1), F("log", "x"), F("time", 2)), `{"log":"x","time":"2026-03-14T09:26:53"}`, ""},
	{"time_key leaves a nested field of that name alone", options{"time_key": "time"}, fields(F("m", fields(F("time", 1)))), `{"m":{"time":1},"time":"2026-03-14T09:26:53"}`, ""},
	{"time_key is escaped as any key", options{"time_key": `the "time"`}, fields(), `{"the \"time\"":"2026-03-14T09:26:53"}`, ""},
	{"time_key_format alone does nothing", options{"time_key_format": "%H"}, fields(F("log", "x")), `{"log":"x"}`, ""},

	{"data_keys leaves the others out, in the record's order", options{"data_keys": "took,log"}, pod, `{"log":"GET / 200","took":0.25}`, ""},
	{"data_keys with blanks around them", options{"data_keys": " stream ,\tlog "}, pod, `{"log":"GET / 200","stream":"stdout"}`, ""},
	{"data_keys are of the top level", options{"data_keys": "kubernetes"}, pod, `{"kubernetes":{"pod_name":"web-0","labels":{"app.kubernetes.io/name":"web","tier":"front.end"},"ports":[{"host.port":80}]}}`, ""},
	{"data_keys that name nested keys find nothing", options{"data_keys": "pod_name"}, pod, `{}`, ""},
	{"data_keys of a record that has none of them", options{"data_keys": "a,b"}, pod, `{}`, ""},
	{"data_keys of a repeated key", options{"data_keys": "a"}, fields(F("a", 1), F("b", 2), F("a", 3)), `{"a":3}`, ""},
	{"data_keys of an integer key", options{"data_keys": "7"}, fields(F(7, "x"), F(8, "y")), `{"7":"x"}`, ""},
	{"data_keys keeps time_key", options{"data_keys": "log", "time_key": "time"}, pod, `{"log":"GET / 200","time":"2026-03-14T09:26:53"}`, ""},

	{"replace_dots at every depth, arrays included", options{"replace_dots": "_"}, pod,
		`{"log":"GET / 200","stream":"stdout","kubernetes":{"pod_name":"web-0","labels":{"app_kubernetes_io/name":"web","tier":"front.end"},"ports":[{"host_port":80}]},"container_id":"c0ffee","took":0.25,"raw":"` + "\uFFFD" + `\u0000"}`, ""},
	{"replace_dots by more than one character", options{"replace_dots": "-dot-"}, fields(F(".a..b.", 1)), `{"-dot-a-dot--dot-b-dot-":1}`, ""},
	{"replace_dots by a blank", options{"replace_dots": " "}, fields(F("a.b", 1)), `{"a b":1}`, ""},
	{"replace_dots by what must be escaped", options{"replace_dots": `"`}, fields(F("a.b", 1)), `{"a\"b":1}`, ""},
	{"replace_dots makes two keys one: the last stands", options{"replace_dots": "_"}, fields(F("a.b", 1), F("c", 2), F("a_b", 3)), `{"c":2,"a_b":3}`, ""},
	{"replace_dots makes two nested keys one", options{"replace_dots": "_"}, fields(F("m", fields(F("a_b", 1), F("a.b", 2)))), `{"m":{"a_b":2}}`, ""},
	{"replace_dots of keys that are no strings", options{"replace_dots": "_"}, fields(F(1.5, 1)), `{"1_5":1}`, ""},
	{"replace_dots of time_key", options{"replace_dots": "_", "time_key": "event.time"}, fields(F("event.time", 1), F("event_time", 2), F("log", "x")),
		`{"log":"x","event_time":"2026-03-14T09:26:53"}`, ""},
	{"replace_dots after data_keys", options{"replace_dots": "_", "data_keys": "container.id"}, pod, `{"container_id":"c0ffee"}`, ""},

	{"log_key of a string is its text", options{"log_key": "log"}, pod, "GET / 200", ""},
	{"log_key of text is not escaped", options{"log_key": "log"}, fields(F("log", "a \"b\"\n\xff<")), "a \"b\"\n\xff<", ""},
	{"log_key of a binary is its bytes", options{"log_key": "raw"}, pod, "\xff\x00", ""},
	{"log_key of a number is its JSON", options{"log_key": "took"}, pod, "0.25", ""},
	{"log_key of a map is its JSON", options{"log_key": "kubernetes", "replace_dots": "_"}, pod,
		`{"pod_name":"web-0","labels":{"app_kubernetes_io/name":"web","tier":"front.end"},"ports":[{"host_port":80}]}`, ""},
	{"log_key of an array is its JSON", options{"log_key": "a"}, fields(F("a", []any{1, "x", nil})), `[1,"x",null]`, ""},
	{"log_key of null is its JSON", options{"log_key": "a"}, fields(F("a", nil)), `null`, ""},
	{"log_key of a boolean is its JSON", options{"log_key": "a"}, fields(F("a", false)), `false`, ""},
	{"log_key of an empty string is a record of no bytes", options{"log_key": "log"}, fields(F("log", "")), "", ""},
	{"log_key of an empty string with a newline", options{"log_key": "log", "append_newline": "true"}, fields(F("log", "")), "\n", ""},
	{"log_key of a repeated key is the last", options{"log_key": "a"}, fields(F("a", "first"), F("a", "last")), "last", ""},
	{"log_key is looked up with dots replaced", options{"log_key": "container_id", "replace_dots": "_"}, pod, "c0ffee", ""},
	{"log_key among data_keys", options{"log_key": "log", "data_keys": "stream,log"}, pod, "GET / 200", ""},
	{"log_key may be time_key", options{"log_key": "time", "time_key": "time"}, pod, "2026-03-14T09:26:53", ""},

	{"append_newline", options{"append_newline": "true"}, fields(F("log", "x")), `{"log":"x"}` + "\n", ""},
	{"append_newline behind a line that has one", options{"append_newline": "true", "log_key": "log"}, fields(F("log", "x\n")), "x\n\n", ""},
	{"append_newline off", options{"append_newline": "false"}, fields(F("log", "x")), `{"log":"x"}`, ""},

	{"partition_key is looked up before data_keys and replace_dots", options{"partition_key": "kubernetes->labels->app.kubernetes.io/name", "data_keys": "log", "replace_dots": "_"}, pod,
		`{"log":"GET / 200"}`, "web"},
	{"partition_key of a record of its log_key alone", options{"partition_key": "container.id", "log_key": "log"}, pod, "GET / 200", "c0ffee"},
	{"all but log_key together",
		options{"time_key": "event.time", "time_key_format": "%s.%L", "partition_key": "kubernetes->pod_name", "data_keys": "log, container.id, kubernetes", "replace_dots": "_", "append_newline": "yes"},
		pod,
		`{"log":"GET / 200","kubernetes":{"pod_name":"web-0","labels":{"app_kubernetes_io/name":"web","tier":"front.end"},"ports":[{"host_port":80}]},"container_id":"c0ffee","event_time":"1773480413.123"}` + "\n",
		"web-0"},
	{"all together",
		options{"time_key": "event.time", "time_key_format": "%f", "partition_key": "event.time", "data_keys": "log,container.id", "replace_dots": "_", "log_key": "container_id", "append_newline": "1"},
		pod, "c0ffee\n", "123456"},
}

// TestRecordOptionsMakeTheRecord has every row of the table as an instance of
// one process: the options are each one's own.
func TestRecordOptionsMakeTheRecord(t *testing.T) {
	var sections []options
	for _, x := range recordOptions {
		sections = append(sections, x.options)
	}
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, sections...)
	for i, x := range recordOptions {
		t.Run(x.name, func(t *testing.T) {
			for range 2 { // met for the first time, and remembered
				landed := s.flushTo(i, flbhost.OK, one(when, x.body...))
				require.Len(t, landed, 1)
				requireSame(t, x.want, string(landed[0].Data))
				if x.key == "" {
					require.Regexp(t, randomKey, landed[0].PartitionKey)
				} else {
					require.Equal(t, x.key, landed[0].PartitionKey)
				}
			}
		})
	}
}

func TestARecordWithoutItsLogKeyIsSkippedAndSaid(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"log_key": "log"})
	var c flbhost.Chunk
	c.Append(flbhost.EventTime(when), F("log", "first"))
	c.Append(flbhost.EventTime(when), F("message", "no log here"))
	c.Append(flbhost.EventTime(when), F("nested", fields(F("log", "not at the top level"))))
	c.Append(flbhost.EventTime(when))
	c.Append(flbhost.EventTime(when), F("log", "last"))
	require.Equal(t, []string{"first", "last"}, datas(s.flush(flbhost.OK, &c)))
	log := exitLog(t, s.host)
	requireLine(t, log, "warning", `record 1 of a chunk has no "log" (log_key) and is skipped`)
	require.Len(t, log.with("warning", "is skipped"), 1, "a warning that repeats is said once per interval")
	requireLine(t, log, "warning", "records without log_key: 2 more held back")
	requireLine(t, log, "info", "at exit: records 5, accepted 2 ", "dropped: without log_key 3")
}
