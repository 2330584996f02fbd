package msgjson

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/msgpack"
)

func ExampleEncoder() {
	record := packed(kv("log", "GET /"), kv("kubernetes", fields{kv("pod.name", "web-0")}), kv("secret", "hunter2"))
	encoder := NewEncoder(Options{
		ReplaceDots: []byte("_"),
		Pick: func(key []byte) Pick {
			switch string(key) {
			case "secret":
				return 0
			case "kubernetes":
				return Write | Note1
			}
			return Write
		},
	})
	text, n, err := encoder.AppendRecord(nil, record)
	fmt.Println(string(text), n == len(record), err)

	kubernetes, _ := encoder.Noted(Note1, record)
	pod, _ := Member(kubernetes, "pod.name")
	name, _ := msgpack.Text(pod)
	fmt.Println(string(name))
	// Output:
	// {"log":"GET /","kubernetes":{"pod_name":"web-0"}} true <nil>
	// web-0
}

func TestValuesAsJSON(t *testing.T) {
	for _, x := range []struct {
		name  string
		value any
		want  string
	}{
		{"nil", nil, `null`},
		{"true", true, `true`},
		{"false", false, `false`},
		{"an empty string", "", `""`},
		{"a string", "tea", `"tea"`},
		{"a string of 31 bytes", strings.Repeat("x", 31), `"` + strings.Repeat("x", 31) + `"`},
		{"a string of 8 bits of length", strings.Repeat("x", 255), `"` + strings.Repeat("x", 255) + `"`},
		{"a string of 16 bits of length", strings.Repeat("x", 256), `"` + strings.Repeat("x", 256) + `"`},
		{"a string of 32 bits of length", strings.Repeat("x", 1<<16), `"` + strings.Repeat("x", 1<<16) + `"`},
		{"a string whose length takes more bytes than it needs", flbhost.Raw{0xdb, 0, 0, 0, 1, 'x'}, `"x"`},
		{"binary", []byte("tea"), `"tea"`},
		{"empty binary", []byte{}, `""`},
		{"binary that is not UTF-8", []byte{0, 0xff, 'x'}, "\"\\u0000\uFFFDx\""},
		{"binary of 16 bits of length", bytes.Repeat([]byte("x"), 256), `"` + strings.Repeat("x", 256) + `"`},
		{"binary of 32 bits of length", bytes.Repeat([]byte("x"), 1<<16), `"` + strings.Repeat("x", 1<<16) + `"`},

		{"zero", 0, `0`},
		{"the largest fixint", 127, `127`},
		{"the smallest fixint", -32, `-32`},
		{"a uint of 8 bits", uint8(255), `255`},
		{"a uint of 16 bits", uint16(math.MaxUint16), `65535`},
		{"a uint of 32 bits", uint32(math.MaxUint32), `4294967295`},
		{"a uint of 64 bits", uint64(math.MaxUint64), `18446744073709551615`},
		{"an int of 8 bits", int8(math.MinInt8), `-128`},
		{"an int of 16 bits", int16(math.MinInt16), `-32768`},
		{"an int of 32 bits", int32(math.MinInt32), `-2147483648`},
		{"an int of 64 bits", int64(math.MinInt64), `-9223372036854775808`},
		{"the largest int", int64(math.MaxInt64), `9223372036854775807`},
		{"an int beyond what a double holds", int64(1<<53 + 1), `9007199254740993`},
		{"an int wider than it needs", flbhost.Raw{0xd3, 0, 0, 0, 0, 0, 0, 0, 5}, `5`},
		{"a uint wider than it needs", flbhost.Raw{0xcf, 0, 0, 0, 0, 0, 0, 0, 5}, `5`},

		{"a float", 0.1, `0.1`},
		{"a float that is whole", 3.0, `3`},
		{"a float of all digits", 0.30000000000000004, `0.30000000000000004`},
		{"negative zero", math.Copysign(0, -1), `-0`},
		{"the largest float", math.MaxFloat64, `1.7976931348623157e+308`},
		{"the smallest float", math.SmallestNonzeroFloat64, `5e-324`},
		{"a float that is large, and in plain digits", 1e20, `100000000000000000000`},
		{"a float with an exponent", 1e21, `1e+21`},
		{"a float that is small, and in plain digits", 1e-6, `0.000001`},
		{"a float with a small exponent", -1.5e-7, `-1.5e-7`},
		{"a float with an exponent of two digits", 1e-10, `1e-10`},
		{"a float of 32 bits", float32(0.1), `0.1`},
		{"the largest float of 32 bits", float32(math.MaxFloat32), `3.4028235e+38`},
		{"the smallest float of 32 bits", float32(math.SmallestNonzeroFloat32), `1e-45`},
		{"a small float of 32 bits in plain digits", float32(1e-6), `0.000001`},
		{"a small float of 32 bits with an exponent", float32(1e-7), `1e-7`},
		{"a large float of 32 bits", float32(1e21), `1e+21`},
		{"not a number", math.NaN(), `null`},
		{"infinity", math.Inf(1), `null`},
		{"negative infinity", math.Inf(-1), `null`},
		{"not a number, in 32 bits", float32(math.NaN()), `null`},
		{"infinity in 32 bits", float32(math.Inf(-1)), `null`},

		{"an empty array", list{}, `[]`},
		{"an array", list{1, "two", nil, list{3.5, list{}}}, `[1,"two",null,[3.5,[]]]`},
		{"an array of 16 bits of length", flbhost.Raw{0xdc, 0, 2, 1, 2}, `[1,2]`},
		{"an array of 32 bits of length", flbhost.Raw{0xdd, 0, 0, 0, 1, 1}, `[1]`},
		{"an empty map", fields{}, `{}`},
		{"a map", fields{kv("b", 1), kv("a", fields{kv("c", list{fields{kv("d", 2)}})})}, `{"b":1,"a":{"c":[{"d":2}]}}`},
		{"a map of 16 bits of length", flbhost.Raw{0xde, 0, 1, 0xa1, 'a', 1}, `{"a":1}`},
		{"a map of 32 bits of length", flbhost.Raw{0xdf, 0, 0, 0, 1, 0xa1, 'a', 1}, `{"a":1}`},

		{"an event time", when, `"2026-03-14T09:26:53.123456789Z"`},
		{"an event time of whole milliseconds", when.Truncate(time.Millisecond), `"2026-03-14T09:26:53.123Z"`},
		{"an event time of whole seconds", when.Truncate(time.Second), `"2026-03-14T09:26:53Z"`},
		{"an event time as an ext of 8 bits of length", flbhost.Raw{0xc7, 8, 0, 0, 0, 0, 1, 0, 0, 0, 2}, `"1970-01-01T00:00:01.000000002Z"`},
		{"the last event time", flbhost.Raw{0xd7, 0, 255, 255, 255, 255, 255, 255, 255, 255}, `"2106-02-07T06:28:19.294967295Z"`},
		{"an ext of an event time's type and another length", flbhost.Ext{Type: 0, Data: []byte{1, 2, 3, 4}}, `"AQIDBA=="`},
		{"an ext of an event time's type and a longer one", flbhost.Ext{Type: 0, Data: make([]byte, 16)}, `"AAAAAAAAAAAAAAAAAAAAAA=="`},
		{"an ext of an event time's length and another type", flbhost.Ext{Type: 1, Data: make([]byte, 8)}, `"AAAAAAAAAAA="`},
		{"an ext of a negative type", flbhost.Ext{Type: -1, Data: []byte{255}}, `"/w=="`},
		{"an ext of two bytes", flbhost.Ext{Type: 5, Data: []byte("hi")}, `"aGk="`},
		{"an ext of 16 bytes", flbhost.Ext{Type: 5, Data: make([]byte, 16)}, `"AAAAAAAAAAAAAAAAAAAAAA=="`},
		{"an ext of no bytes", flbhost.Raw{0xc7, 0, 5}, `""`},
		{"an ext of 16 bits of length", flbhost.Raw{0xc8, 0, 3, 5, 1, 2, 3}, `"AQID"`},
		{"an ext of 32 bits of length", flbhost.Raw{0xc9, 0, 0, 0, 3, 5, 1, 2, 3}, `"AQID"`},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, `{"v":`+x.want+`}`, encoded(t, Options{}, packed(kv("v", x.value))))
			require.Equal(t, `{"v":[`+x.want+`]}`, encoded(t, Options{}, packed(kv("v", list{x.value}))))
			alone, err := NewEncoder(Options{}).AppendValue([]byte("before "), packedValue(x.value))
			require.NoError(t, err)
			require.Equal(t, "before "+x.want, string(alone))
		})
	}
}

func TestKeysAsJSON(t *testing.T) {
	for _, x := range []struct {
		name string
		key  any
		want string
	}{
		{"a string", "a", `a`},
		{"an empty string", "", ``},
		{"a string with what must be escaped", "a\"\\\n\x00", `a\"\\\n\u0000`},
		{"a string that is not UTF-8", "a\xff", "a\uFFFD"},
		{"a string longer than what is remembered", strings.Repeat("k", 300), strings.Repeat("k", 300)},
		{"binary", []byte("a"), `a`},
		{"an int", 5, `5`},
		{"a negative int", -70000, `-70000`},
		{"a float", 1.5, `1.5`},
		{"not a number", math.NaN(), `null`},
		{"nil", nil, `null`},
		{"a boolean", true, `true`},
		{"an event time", when, `2026-03-14T09:26:53.123456789Z`},
		{"an ext", flbhost.Ext{Type: 5, Data: []byte("hi")}, `aGk=`},
		{"an array", list{1, "a", nil}, `[1,\"a\",null]`},
		{"a map", fields{kv("a", "b"), kv("c", 2)}, `{\"a\":\"b\",\"c\":2}`},
		{"a map of which a key comes again", fields{kv("a", "b"), kv("a", 2)}, `{\"a\":2}`},
		{"a map whose key is a map", fields{kv(fields{kv("a", 1)}, 2)}, `{\"{\\\"a\\\":1}\":2}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, `{"`+x.want+`":1}`, encoded(t, Options{}, packed(kv(x.key, 1))))
			require.Equal(t, `{"x":0,"m":[{"`+x.want+`":1}]}`, encoded(t, Options{}, packed(kv("x", 0), kv("m", list{fields{kv(x.key, 1)}}))))
		})
	}
}

func TestOfARepeatedKeyTheLastValueStandsInThePlaceOfTheLast(t *testing.T) {
	dots := Options{ReplaceDots: []byte("_")}
	notA := Options{ReplaceDots: []byte("_"), Pick: func(key []byte) Pick {
		if string(key) == "a.b" {
			return 0
		}
		return Write
	}}
	many := fields{}
	for i := range 300 {
		many = append(many, kv(fmt.Sprint("k", i%150), i))
	}
	last := []string{}
	for i := range 150 {
		last = append(last, fmt.Sprintf(`"k%d":%d`, i, i+150))
	}
	for _, x := range []struct {
		name    string
		options Options
		record  fields
		want    string
	}{
		{"the same string", Options{}, fields{kv("a", 1), kv("b", 2), kv("a", 3)}, `{"b":2,"a":3}`},
		{"next to each other", Options{}, fields{kv("a", 1), kv("a", 2)}, `{"a":2}`},
		{"many times", Options{}, fields{kv("a", 1), kv("b", 2), kv("a", 3), kv("b", 4), kv("a", 5), kv("c", 6)}, `{"b":4,"a":5,"c":6}`},
		{"with values of any kind", Options{}, fields{kv("a", fields{kv("x", list{1})}), kv("b", 2), kv("a", "s")}, `{"b":2,"a":"s"}`},
		{"in a map in it", Options{}, fields{kv("m", fields{kv("a", 1), kv("a", 2)}), kv("a", 3)}, `{"m":{"a":2},"a":3}`},
		{"in each of two maps", Options{}, fields{kv("m", fields{kv("a", 1)}), kv("n", fields{kv("a", 2)})}, `{"m":{"a":1},"n":{"a":2}}`},
		{"in a map in an array", Options{}, fields{kv("l", list{fields{kv("a", 1), kv("a", 2)}, fields{kv("a", 3)}})}, `{"l":[{"a":2},{"a":3}]}`},
		{"with maps in both that repeat keys", Options{}, fields{kv("m", fields{kv("a", 1), kv("a", 2)}), kv("m", fields{kv("b", 3), kv("b", 4)})}, `{"m":{"b":4}}`},
		{"the empty string", Options{}, fields{kv("", 1), kv("", 2)}, `{"":2}`},
		{"in forms of another length", Options{}, fields{kv("a", 1), kv(flbhost.Raw{0xd9, 1, 'a'}, 2), kv(flbhost.Raw{0xdb, 0, 0, 0, 1, 'a'}, 3)}, `{"a":3}`},
		{"as a string and binary", Options{}, fields{kv("a", 1), kv([]byte("a"), 2)}, `{"a":2}`},
		{"as a number and a string", Options{}, fields{kv(5, 1), kv("5", 2)}, `{"5":2}`},
		{"as a string and a number", Options{}, fields{kv("5", 1), kv(uint16(5), 2), kv(5.0, 3)}, `{"5":3}`},
		{"as nil, not a number and a string", Options{}, fields{kv(nil, 1), kv(math.NaN(), 2), kv("null", 3)}, `{"null":3}`},
		{"as a map and a string", Options{}, fields{kv(fields{kv("a", 1)}, 1), kv(`{"a":1}`, 2)}, `{"{\"a\":1}":2}`},
		{"after bytes that are not UTF-8 are replaced", Options{}, fields{kv("a\xff", 1), kv("a\xfe", 2), kv("a\uFFFD", 3)}, "{\"a\uFFFD\":3}"},
		{"after dots are replaced", dots, fields{kv("a.b", 1), kv("c", 2), kv("a_b", 3)}, `{"c":2,"a_b":3}`},
		{"after dots are replaced, the other way round", dots, fields{kv("a_b", 1), kv("c", 2), kv("a.b", 3)}, `{"c":2,"a_b":3}`},
		{"unless it is left out under the other name", notA, fields{kv("a_b", 1), kv("c", 2), kv("a.b", 3)}, `{"a_b":1,"c":2}`},
		{"in a map of more keys than are remembered", Options{}, many, `{` + strings.Join(last, ",") + `}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, encoded(t, x.options, packed(x.record...)))
			value, err := NewEncoder(Options{}).AppendValue(nil, packedValue(x.record))
			if x.options.ReplaceDots == nil {
				require.NoError(t, err)
				require.Equal(t, x.want, string(value))
			}
		})
	}
}

func TestReplaceDots(t *testing.T) {
	for _, x := range []struct {
		name, dots string
		record     fields
		want       string
	}{
		{"every dot of every key", "_", fields{kv("a.b.c", 1), kv("d", 2), kv(".", 3), kv("..", 4)}, `{"a_b_c":1,"d":2,"_":3,"__":4}`},
		{"at every depth, arrays included", "_", fields{kv("m", fields{kv("a.b", list{fields{kv("c.d", 1)}})})}, `{"m":{"a_b":[{"c_d":1}]}}`},
		{"not in values", "_", fields{kv("a", "b.c"), kv("d", 1.5), kv("e", list{"f.g"})}, `{"a":"b.c","d":1.5,"e":["f.g"]}`},
		{"by nothing", "", fields{kv("a.b", 1)}, `{"ab":1}`},
		{"by more than one character", "->", fields{kv("a.b.", 1)}, `{"a->b->":1}`},
		{"by what holds dots itself, once", "..", fields{kv("a.b", 1), kv(fields{kv("c.d", 1.5)}, 2)}, `{"a..b":1,"{\"c..d\":1..5}":2}`},
		{"by what must be escaped", "\"\n", fields{kv("a.b", 1)}, `{"a\"\nb":1}`},
		{"in keys that are no strings", "_", fields{kv(1.5, 1), kv(list{2.5}, 2), kv(when, 3)}, `{"1_5":1,"[2_5]":2,"2026-03-14T09:26:53_123456789Z":3}`},
		{"in keys longer than what is remembered", "_", fields{kv(strings.Repeat("k.", 200), 1)}, `{"` + strings.Repeat("k_", 200) + `":1}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, x.want, encoded(t, Options{ReplaceDots: []byte(x.dots)}, packed(x.record...)))
		})
	}
	t.Run("in the values of AppendValue", func(t *testing.T) {
		e := NewEncoder(Options{ReplaceDots: []byte("_")})
		text, err := e.AppendValue(nil, packedValue(list{fields{kv("a.b", "c.d")}}))
		require.NoError(t, err)
		require.Equal(t, `[{"a_b":"c.d"}]`, string(text))
	})
}

func TestPicksDecideOnMembersOfTheRecordItself(t *testing.T) {
	picks := map[string]Pick{"written": Write, "noted": Note1, "both": Write | Note2, "all": Write | Note1 | Note2, "5": Note1, "a.b": Write | Note1}
	options := Options{ReplaceDots: []byte("_"), Pick: func(key []byte) Pick { return picks[string(key)] }}
	for _, x := range []struct {
		name   string
		record fields
		want   string
		noted  [2]any // nil: none
	}{
		{"left out", fields{kv("else", 1), kv("more", list{2})}, `{}`, [2]any{}},
		{"written", fields{kv("else", 1), kv("written", 2)}, `{"written":2}`, [2]any{}},
		{"noted", fields{kv("noted", 1), kv("written", 2)}, `{"written":2}`, [2]any{1, nil}},
		{"written and noted", fields{kv("both", "x"), kv("written", 2)}, `{"both":"x","written":2}`, [2]any{nil, "x"}},
		{"noted twice", fields{kv("all", fields{kv("x", 1)})}, `{"all":{"x":1}}`, [2]any{fields{kv("x", 1)}, fields{kv("x", 1)}}},
		{"noted, the last of repeated keys", fields{kv("noted", 1), kv("noted", 2)}, `{}`, [2]any{2, nil}},
		{"written and noted, the last of repeated keys", fields{kv("both", 1), kv("both", 2)}, `{"both":2}`, [2]any{nil, 2}},
		{"the last with this note", fields{kv("all", 1), kv("noted", 2)}, `{"all":1}`, [2]any{2, 1}},
		{"by the JSON of a key that is not a string", fields{kv(5, "x")}, `{}`, [2]any{"x", nil}},
		{"by the key before its dots are replaced", fields{kv("a.b", 1), kv("a_b", 2)}, `{"a_b":1}`, [2]any{1, nil}},
		{"not in maps in it", fields{kv("written", fields{kv("noted", 1), kv("else", list{fields{kv("both", 2)}})})}, `{"written":{"noted":1,"else":[{"both":2}]}}`, [2]any{}},
		{"of many members", append(fields{kv("noted", 7)}, make(fields, 200)...), `{}`, [2]any{7, nil}},
	} {
		t.Run(x.name, func(t *testing.T) {
			record := packed(x.record...)
			require.Equal(t, x.want, encoded(t, options, record))
			e := NewEncoder(options)
			for range 2 {
				_, _, err := e.AppendRecord(nil, record)
				require.NoError(t, err)
				for i, want := range x.noted {
					value, ok := e.Noted(bothNotes[i], record)
					require.Equal(t, want != nil, ok)
					if ok {
						require.Equal(t, packedValue(want), value)
					}
				}
			}
			_, _, err := e.AppendRecord(nil, packed())
			require.NoError(t, err)
			_, ok := e.Noted(Note1, packed())
			require.False(t, ok, "a note is of the last record alone")
		})
	}
}

func TestErrorsLeaveTheOutputAsItWas(t *testing.T) {
	for _, x := range []struct {
		name   string
		record []byte
		length int // where it is known
	}{
		{"too deep", packed(kv("a", 1), kv("b", nested(200))), len(packed(kv("a", 1), kv("b", nested(200))))},
		{"too deep, and then cut off", packed(kv("a", nested(200)), kv("b", flbhost.Raw{})), 0},
		{"cut off", packed(kv("a", 1), kv("b", flbhost.Raw{0xa5, 'x'})), 0},
		{"not a map", []byte{0x93, 1, 2, 3}, 0},
		{"nothing", nil, 0},
		{"a repeated key, and then cut off", packed(kv("a", 1), kv("a", 2), kv("b", flbhost.Raw{0xc1})), 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			e := NewEncoder(Options{})
			for range 2 {
				out, n, err := e.AppendRecord([]byte("before"), x.record)
				require.Error(t, err)
				require.Equal(t, "before", string(out))
				if x.length > 0 {
					require.ErrorIs(t, err, ErrTooDeep)
					require.Equal(t, x.length, n)
				} else {
					require.NotErrorIs(t, err, ErrTooDeep)
				}
			}
			out, n, err := e.AppendRecord([]byte("before"), packed(kv("a", 1)))
			require.NoError(t, err, "the record after it is as ever")
			require.Equal(t, `before{"a":1}`, string(out))
			require.Equal(t, len(packed(kv("a", 1))), n)

			if len(x.record) > 0 && x.record[0] != 0x93 {
				out, err = e.AppendValue([]byte("before"), x.record)
				require.Error(t, err)
				require.Equal(t, "before", string(out))
			}
		})
	}
}
