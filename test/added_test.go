package test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// addingAll names a key for all that Fluent Bit knows beside a record.
func addingAll(more options) options {
	return with(with(with(more, "tag_key", "tag"), "metadata_key", "meta"), "group_key", "group")
}

// otelLines are records as Fluent Bit's OpenTelemetry input makes them, in groups
// of seven, every ninth event outside of groups and without metadata: with the tag
// of flushAll, and keyed by the trace.
func otelLines(n, perChunk int) *lot {
	l := &lot{keyed: true}
	var c flbhost.Chunk
	group := ""
	for i := range n {
		if i%perChunk == 0 && i > 0 {
			l.chunks = append(l.chunks, append([]byte(nil), c.Bytes()...))
			c.Reset()
			group = ""
		}
		l.chunk = append(l.chunk, len(l.chunks))
		if i%9 == 8 {
			c.Append(flbhost.GroupClose())
			c.Append(flbhost.EventTime(when), F("n", i), F("key", decimal(i)))
			group = ""
			l.want = append(l.want, landing{data: fmt.Sprintf(`{"n":%d,"tag":"app.log"}`, i)})
			continue
		}
		if i%7 == 0 || group == "" {
			c.Append(flbhost.GroupOpen(F("schema", "otlp"), F("resource_id", i)),
				F("resource", fields(F("attributes", fields(F("service.name", "web"), F("instance", i))))), F("scope", fields(F("name", "shop"))))
			group = fmt.Sprintf(`{"resource":{"attributes":{"service.name":"web","instance":%d}},"scope":{"name":"shop"}}`, i)
		}
		trace := []byte{0xff, byte(i >> 16), byte(i >> 8), byte(i)}
		c.Append(flbhost.WithMetadata(when, F("otlp", fields(F("severity_number", i%24), F("trace_id", trace), F("attributes", fields(F("http.method", "GET")))))),
			F("n", i), F("key", decimal(i)), F("tag", "own"))
		l.want = append(l.want, landing{key: hex.EncodeToString(trace), data: fmt.Sprintf(
			`{"n":%d,"tag":"app.log","meta":{"otlp":{"severity_number":%d,"trace_id":"%x","attributes":{"http.method":"GET"}}},"group":%s}`, i, i%24, trace, group)})
	}
	l.chunks = append(l.chunks, append([]byte(nil), c.Bytes()...))
	return l
}

// byTrace leaves out the keys of records that have no trace, which are random, or in
// an aggregate any.
func byTrace(found []landing) []landing {
	for i := range found {
		if strings.HasSuffix(found[i].data, `"tag":"app.log"}`) {
			found[i].key = ""
		}
	}
	return found
}

func TestWhatFluentBitKnowsBesideTheRecordLandsInIt(t *testing.T) {
	keyed := addingAll(options{"partition_key": "meta->otlp->trace_id", "data_keys": "n"})
	for _, x := range []struct {
		name    string
		options options
		config  flbhost.Config
	}{
		{"plain", nil, flbhost.Config{}},
		{"by eight workers", nil, flbhost.Config{Workers: 8}},
		{"in CBOR", options{"wire_format": "cbor"}, flbhost.Config{Workers: 2}},
		{"in aggregates", options{"aggregation": "true", "aggregation_maximum_record_size": "8K", "skip_aggregation_record_size": "4K"}, flbhost.Config{Workers: 2}},
		{"in the background", options{"experimental_concurrency": "4"}, retried},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := otelLines(3000, 300)
			section := keyed
			for key, value := range x.options {
				section = with(section, key, value)
			}
			s := setStage(t, kinesistest.Options{}, x.config, section)
			flushAll(t, s.host, 0, l.chunks...)
			eventually(t, "all have landed", func() bool { return len(landings(t, s.stream)) >= len(l.want) })
			l.requireTimes(t, 1, byTrace(landings(t, s.stream)))
		})
	}
}

func TestWhatIsBesideARecordIsCompressedWithIt(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, addingAll(options{"compression": "gzip", "append_newline": "true", "replace_dots": "_"}))
	var c flbhost.Chunk
	c.Append(flbhost.GroupOpen(), F("resource", fields(F("service.name", "web"))))
	c.Append(flbhost.WithMetadata(when, F("a.b", []byte{1, 0xff})), F("log", "x"))
	landed := s.flush(flbhost.OK, &c)
	require.Len(t, landed, 1)
	require.Equal(t, `{"log":"x","tag":"app.log","meta":{"a_b":"01ff"},"group":{"resource":{"service_name":"web"}}}`+"\n", standardDecode(t, compress.Gzip, landed[0].Data))
}

// A chunk that comes back is read anew from its begin: each record has its own
// group then as well, though those before it are not made again.
func TestAChunkThatComesBackHasItsGroupsAgain(t *testing.T) {
	l := otelLines(2000, 2000)
	s := halfRefused(t, addingAll(options{"partition_key": "meta->otlp->trace_id", "data_keys": "n"}))
	for range 3 {
		offerOnce(t, s.host, flbhost.Retry, "app.log", l.chunks[0])
	}
	s.stream.Heal()
	offerOnce(t, s.host, flbhost.OK, "app.log", l.chunks[0])
	l.requireTimes(t, 1, byTrace(landings(t, s.stream)))
}

func TestEachInstanceAddsTheTagOfItsChunk(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"tag_key": "tag"}, options{"tag_key": "fluent.tag", "replace_dots": "_", "log_key": "fluent_tag"})
	for i, want := range []string{`{"log":"x","tag":"%s"}`, "%s"} {
		for _, tag := range []string{"app.log", "kube.var.log.containers.web-0", "größe", "app.log"} {
			before := len(s.stream.Records(streamName))
			result, err := s.host.Flush(i, tag, one(when, F("log", "x"), F("tag", 1)).Bytes())
			require.NoError(t, err)
			require.Equal(t, flbhost.OK, result.Code)
			body := fmt.Sprintf(want, tag)
			require.Equal(t, []string{body}, datas(s.stream.Records(streamName)[before:]))
		}
	}
}

func TestWhatIsBesideARecordAndCannotBeWrittenCostsTheRecord(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, addingAll(nil))
	var c flbhost.Chunk
	line := func(n int, metadata ...flbhost.Field) { c.Append(flbhost.WithMetadata(when, metadata...), F("n", n)) }
	line(0, F("m", 0))
	line(1, F("m", nestedArrays(126)))
	line(2, F("m", nestedArrays(127)))
	line(3, F("m", nestedArrays(5000)))
	c.Append(flbhost.GroupOpen(), F("g", nestedArrays(127)))
	line(4)
	line(5)
	c.Append(flbhost.GroupOpen(), F("g", 6))
	line(6)
	c.Append(flbhost.RawHeader([]byte{0x92, 0x05, 0xc0}), F("n", 7))
	good := c.Size()
	c.Append(flbhost.RawHeader([]byte{0x92, 0x05, 0x81, 0xa1, 'm', 0xc1}), F("n", 8))
	line(9)
	landed := datas(s.flush(flbhost.Error, &c))
	require.Len(t, landed, 4)
	require.Equal(t, `{"n":0,"tag":"app.log","meta":{"m":0}}`, landed[0])
	require.Contains(t, landed[1], `{"n":1,"tag":"app.log","meta":{"m":[[[`)
	require.Equal(t, `{"n":6,"tag":"app.log","group":{"g":6}}`, landed[2])
	require.Equal(t, `{"n":7,"tag":"app.log","group":{"g":6}}`, landed[3])
	log := exitLog(t, s.host)
	requireLine(t, log, "error", "record 2 of a chunk is dropped", "nested too deep")
	requireLine(t, log, "error", fmt.Sprintf("chunk cannot be read from byte %d of %d on", good, c.Size()))
	requireLine(t, log, "info", "at exit: records 8, accepted 4", "dropped: nested too deep 4, malformed 1")
}

// A field may not pass for what Fluent Bit knows.
func TestNoFieldPassesForWhatFluentBitKnows(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, addingAll(options{"partition_key": "group->service"}))
	landed := s.flush(flbhost.OK, one(when, F("log", "x"), F("meta", fields(F("trace_id", "forged"))), F("group", fields(F("service", "forged")))))
	require.Equal(t, []string{`{"log":"x","tag":"app.log"}`}, datas(landed))
	require.Regexp(t, randomKey, landed[0].PartitionKey)
}
