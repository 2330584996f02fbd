package test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// F makes a field.
var F = flbhost.F

// numbered is n fields a0, a1, ... under this prefix, each with its number.
func numbered(prefix string, n int) (f []flbhost.Field) {
	for i := range n {
		f = append(f, F(prefix+decimal(i), i))
	}
	return f
}

// numberedJSON is what numbered becomes, without the braces.
func numberedJSON(prefix string, n int) string {
	var members []string
	for i := range n {
		members = append(members, `"`+prefix+decimal(i)+`":`+decimal(i))
	}
	return strings.Join(members, ",")
}

// kinds is every kind of record, and the JSON it becomes.
var kinds = []struct {
	name string
	body []flbhost.Field
	want string
}{
	{"a log line", fields(F("log", "GET /healthz 200")), `{"log":"GET /healthz 200"}`},
	{"an empty log line", fields(F("log", "")), `{"log":""}`},
	{"an empty record", fields(), `{}`},
	{"an empty key", fields(F("", "x")), `{"":"x"}`},
	{"keys in the record's own order", fields(F("z", 1), F("a", 2), F("m", 3)), `{"z":1,"a":2,"m":3}`},

	{"quotes and backslashes", fields(F(`"k\`, `say "hi" \ there\`)), `{"\"k\\":"say \"hi\" \\ there\\"}`},
	{"control characters",
		fields(F("log", "\x00\x01\a\b\t\n\v\f\r\x1b[0m\x1f\x7f")),
		`{"log":"\u0000\u0001\u0007\b\t\n\u000b\f\r\u001b[0m\u001f` + "\x7f" + `"}`},
	{"control characters in a key", fields(F("a\nb\x00", 1)), `{"a\nb\u0000":1}`},
	{"what HTML would escape", fields(F("<k>", "a<b>c&d'")), `{"<k>":"a<b>c&d'"}`},
	{"emoji and other scripts", fields(F("größe", "👩‍👩‍👧 日本語 \u2028 é")), `{"größe":"👩‍👩‍👧 日本語 ` + "\u2028" + ` é"}`},
	{"bytes that are not UTF-8, one U+FFFD each",
		fields(F("log", "a\xffb\xc3(\xed\xa0\x80\xf0\x9f\x98")),
		`{"log":"a` + "\uFFFD" + `b` + "\uFFFD" + `(` + "\uFFFD\uFFFD\uFFFD" + "\uFFFD\uFFFD\uFFFD" + `"}`},
	{"bytes that are not UTF-8 in a key", fields(F("k\xff", 1)), `{"k` + "\uFFFD" + `":1}`},
	{"binary is a string", fields(F("b", []byte("\x00\xfe text \xe2\x82\xac"))), `{"b":"\u0000` + "\uFFFD" + ` text €"}`},
	{"binary that is empty", fields(F("b", []byte{})), `{"b":""}`},

	{"integers of 64 bits",
		fields(F("least", int64(math.MinInt64)), F("most", int64(math.MaxInt64)), F("unsigned", uint64(math.MaxUint64)), F("beyond 2^53", 9007199254740993)),
		`{"least":-9223372036854775808,"most":9223372036854775807,"unsigned":18446744073709551615,"beyond 2^53":9007199254740993}`},
	{"integers at the edges of each width",
		fields(F("a", []any{0, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, -1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649})),
		`{"a":[0,127,128,255,256,65535,65536,4294967295,4294967296,-1,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649]}`},
	{"integers wider than they need be",
		fields(F("a", flbhost.Raw{0xd3, 0, 0, 0, 0, 0, 0, 0, 5}), F("b", flbhost.Raw{0xcf, 0, 0, 0, 0, 0, 0, 0, 6}), F("c", flbhost.Raw{0xd0, 7})),
		`{"a":5,"b":6,"c":7}`},
	{"booleans and null", fields(F("t", true), F("f", false), F("n", nil)), `{"t":true,"f":false,"n":null}`},
	{"floats are the shortest text that reads back the same",
		fields(F("a", []any{0.1, 1.0 / 3, 2.5, 1e6, 123456789.0, 1e20, 1e21, 1e-6, 1e-7, -0.5, math.MaxFloat64, math.SmallestNonzeroFloat64})),
		`{"a":[0.1,0.3333333333333333,2.5,1000000,123456789,100000000000000000000,1e+21,0.000001,1e-7,-0.5,1.7976931348623157e+308,5e-324]}`},
	{"floats of 32 bits", fields(F("a", []any{float32(0.1), float32(16777216), float32(3.4e38)})), `{"a":[0.1,16777216,3.4e+38]}`},
	{"NaN and the infinities are null",
		fields(F("a", []any{math.NaN(), math.Inf(1), math.Inf(-1), float32(math.Inf(1))})), `{"a":[null,null,null,null]}`},

	{"nested maps and arrays",
		fields(F("kubernetes", fields(F("labels", fields(F("app", "web"))), F("ports", []any{80, fields(F("tls", 443)), []any{}})))),
		`{"kubernetes":{"labels":{"app":"web"},"ports":[80,{"tls":443},[]]}}`},
	{"empty maps and arrays", fields(F("m", fields()), F("a", []any{})), `{"m":{},"a":[]}`},
	{"a repeated key: the last value, in the last's place", fields(F("a", 1), F("b", 2), F("a", 3), F("c", 4)), `{"b":2,"a":3,"c":4}`},
	{"a key three times", fields(F("a", 1), F("a", fields(F("x", 1))), F("a", "last")), `{"a":"last"}`},
	{"a repeated key within a map and an array",
		fields(F("m", []any{fields(F("a", 1), F("b", 2), F("a", 3))})), `{"m":[{"b":2,"a":3}]}`},
	{"a key that is the same text twice", fields(F("1", "text"), F(1, "number")), `{"1":"number"}`},
	{"integer keys", fields(F(1, "a"), F(-5, "b"), F(uint64(math.MaxUint64), "c")), `{"1":"a","-5":"b","18446744073709551615":"c"}`},
	{"other keys that are no strings",
		fields(F(true, 1), F(nil, 2), F(1.5, 3), F([]byte("bin"), 4), F([]any{1, "x"}, 5), F(fields(F("k", "v")), 6)),
		`{"true":1,"null":2,"1.5":3,"bin":4,"[1,\"x\"]":5,"{\"k\":\"v\"}":6}`},

	{"an event time within the record is RFC 3339",
		fields(F("at", time.Date(2026, 3, 14, 9, 26, 53, 1, time.UTC)), F("half", time.Unix(0, 500000000)), F("last", time.Unix(math.MaxUint32, 0))),
		`{"at":"2026-03-14T09:26:53.000000001Z","half":"1970-01-01T00:00:00.5Z","last":"2106-02-07T06:28:15Z"}`},
	{"other extension types are base64",
		fields(F("a", flbhost.Ext{Type: 5, Data: []byte("hello")}), F("fix1", flbhost.Ext{Type: 7, Data: []byte{1}}), F("fix16", flbhost.Ext{Type: 7, Data: make([]byte, 16)}),
			F("stamp", flbhost.Ext{Type: -1, Data: []byte{0, 0, 0, 1}}), F("type 0", flbhost.Ext{Type: 0, Data: []byte("short")}), F("none", flbhost.Ext{Type: 9, Data: nil})),
		`{"a":"aGVsbG8=","fix1":"AQ==","fix16":"AAAAAAAAAAAAAAAAAAAAAA==","stamp":"AAAAAQ==","type 0":"c2hvcnQ=","none":""}`},
	{"an extension of 300 bytes",
		fields(F("x", flbhost.Ext{Type: 5, Data: make([]byte, 300)})), `{"x":"` + strings.Repeat("AAAA", 100) + `"}`},

	{"strings of every width",
		fields(F("s", []any{strings.Repeat("a", 31), strings.Repeat("b", 32), strings.Repeat("c", 256), strings.Repeat("d", 70_000)})),
		`{"s":["` + strings.Repeat("a", 31) + `","` + strings.Repeat("b", 32) + `","` + strings.Repeat("c", 256) + `","` + strings.Repeat("d", 70_000) + `"]}`},
	{"binaries of every width",
		fields(F("s", []any{[]byte("a"), []byte(strings.Repeat("c", 256)), []byte(strings.Repeat("d", 70_000))})),
		`{"s":["a","` + strings.Repeat("c", 256) + `","` + strings.Repeat("d", 70_000) + `"]}`},
	{"a map of 16 and one of 300 keys", fields(F("a", numbered("k", 16)), F("b", numbered("k", 300))),
		`{"a":{` + numberedJSON("k", 16) + `},"b":{` + numberedJSON("k", 300) + `}}`},
	{"a record of 300 keys, the first repeated at its end", append(numbered("k", 300), F("k0", "again")),
		`{` + strings.TrimPrefix(numberedJSON("k", 300), `"k0":0,`) + `,"k0":"again"}`},
	{"an array of 16 elements", fields(F("a", []any{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})),
		`{"a":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]}`},
	{"128 levels of arrays and maps", fields(F("a", nestedArrays(127))),
		`{"a":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `}`},
}

// nestedArrays is that many arrays, each in the other.
func nestedArrays(levels int) any {
	value := []any{}
	for range levels - 1 {
		value = []any{value}
	}
	return value
}

func TestEveryKindOfRecordLandsAsTheJSONThatItIs(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			landed := s.flush(flbhost.OK, one(when, kind.body...))
			require.Len(t, landed, 1)
			requireSame(t, kind.want, string(landed[0].Data))
			require.Regexp(t, randomKey, landed[0].PartitionKey)
		})
	}
}

// TestEveryKindOfRecordLandsInOneChunkTwiceOver meets what the plugin remembers from record to
// record.
func TestEveryKindOfRecordLandsInOneChunkTwiceOver(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 1})
	var c flbhost.Chunk
	var want []string
	for range 2 {
		for _, kind := range kinds {
			c.Append(flbhost.EventTime(when), kind.body...)
			want = append(want, kind.want)
		}
	}
	landed := s.flush(flbhost.OK, &c)
	require.Len(t, landed, len(want))
	for i, record := range landed {
		requireSame(t, want[i], string(record.Data))
	}
}

func TestARecordNestedTooDeepIsDroppedAloneAndSaid(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	var c flbhost.Chunk
	c.Append(flbhost.EventTime(when), F("n", 0))
	c.Append(flbhost.EventTime(when), F("deep", nestedArrays(128)))
	c.Append(flbhost.EventTime(when), F("deep", nestedArrays(5000)))
	c.Append(flbhost.EventTime(when), F("n", 3))
	landed := s.flush(flbhost.OK, &c)
	require.Equal(t, []string{`{"n":0}`, `{"n":3}`}, datas(landed))
	log := exitLog(t, s.host)
	requireLine(t, log, "error", "record 1 of a chunk is dropped", "nested too deep")
	requireLine(t, log, "info", "at exit: records 4, accepted 2", "dropped: nested too deep 2")
}

func TestAnEmptyChunkIsTaken(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	require.Empty(t, s.flush(flbhost.OK, &flbhost.Chunk{}))
	require.Zero(t, s.stream.Stats().Requests)
}
