package record

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/events"
)

const (
	mostHashKey = "340282366920938463463374607431768211455"
	tooLarge    = "340282366920938463463374607431768211456"
)

func TestTheExplicitHashKeyIsADecimalBelow2To128(t *testing.T) {
	for _, test := range []struct {
		name  string
		value any
		want  string // "" where the record has none
	}{
		{"zero", "0", "0"},
		{"a number as text", "18446744073709551616", "18446744073709551616"},
		{"a number as bytes", []byte("42"), "42"},
		{"the largest", mostHashKey, mostHashKey},
		{"leading zeros", "00" + mostHashKey, mostHashKey},
		{"many zeros", strings.Repeat("0", 100), "0"},
		{"one more than the largest", tooLarge, ""},
		{"forty digits", strings.Repeat("9", 40), ""},
		{"nothing", "", ""},
		{"a minus sign", "-1", ""},
		{"a plus sign", "+1", ""},
		{"hexadecimal", "0x10", ""},
		{"hexadecimal digits", "ff", ""},
		{"a blank before it", " 1", ""},
		{"a newline after it", "1\n", ""},
		{"a fraction", "1.0", ""},
		{"an exponent", "1e3", ""},
		{"digits of another script", "١", ""},
		{"bytes that are no text", []byte{0xff, 0xfe}, ""},
		{"a small integer", 7, "7"},
		{"an integer", 70_000, "70000"},
		{"the largest integer", uint64(math.MaxUint64), "18446744073709551615"},
		{"a negative integer", -1, ""},
		{"a large negative integer", int64(math.MinInt64), ""},
		{"a float", 5.0, ""},
		{"a large float", 1e30, ""},
		{"true", true, ""},
		{"null", nil, ""},
		{"a map", fields{kv("h", "1")}, ""},
		{"an array", array{"1"}, ""},
		{"a time", flbhost.EventTime(eventsTime), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []KeyPath{{"h"}, {"a", "h"}, {"a", "b", "h"}} {
				e := encoderOf(t, Options{HashKey: path})
				body := fields{kv("log", "x"), kv("h", test.value)}
				for i := len(path) - 2; i >= 0; i-- {
					body = fields{kv("log", "x"), kv(path[i], body)}
				}
				for range 2 { // the second by the shape that the first has taught
					r := e.must(body...)
					require.True(t, r.Random, "the partition key has nothing to do with it")
					require.Equal(t, test.want != "", r.Placed)
					if r.Placed {
						require.Equal(t, test.want, string(r.At.Append(nil)))
					}
				}
			}
		})
	}
}

func TestTheExplicitHashKeyIsFoundWhateverElseIsAskedFor(t *testing.T) {
	body := fields{kv("k", "key"), kv("h.h", "12"), kv("log", "text"), kv("m", fields{kv("k", "inner"), kv("h", 34)})}
	for _, test := range []struct {
		name     string
		options  Options
		at, key  string
		data     string
		notFound bool
	}{
		{name: "beside a partition key", options: Options{PartitionKey: KeyPath{"k"}, HashKey: KeyPath{"h.h"}, LogKey: "log"}, at: "12", key: "key", data: "text"},
		{name: "below the partition key's map", options: Options{PartitionKey: KeyPath{"m", "k"}, HashKey: KeyPath{"m", "h"}, LogKey: "log"}, at: "34", key: "inner", data: "text"},
		{name: "the partition key itself", options: Options{PartitionKey: KeyPath{"h.h"}, HashKey: KeyPath{"h.h"}, LogKey: "log"}, at: "12", key: "12", data: "text"},
		{name: "left out by data_keys", options: Options{HashKey: KeyPath{"h.h"}, DataKeys: []string{"log"}}, at: "12", data: `{"log":"text"}`},
		{name: "as it was before its dots were replaced", options: Options{HashKey: KeyPath{"h.h"}, ReplaceDots: "_", DataKeys: []string{"h.h"}}, at: "12", data: `{"h_h":"12"}`},
		{name: "the log itself", options: Options{HashKey: KeyPath{"log"}, LogKey: "log"}, notFound: true, data: "text"},
		{name: "a key that is not there", options: Options{HashKey: KeyPath{"none"}, LogKey: "log"}, notFound: true, data: "text"},
		{name: "a key below a text", options: Options{HashKey: KeyPath{"log", "h"}, LogKey: "log"}, notFound: true, data: "text"},
		{name: "the time", options: Options{HashKey: KeyPath{"t"}, TimeKey: "t", TimeFormat: format("%s"), DataKeys: []string{"log"}}, at: "1700000000", data: `{"log":"text","t":"1700000000"}`},
		{name: "a key below the time", options: Options{HashKey: KeyPath{"t", "h"}, TimeKey: "t", TimeFormat: format("%s"), LogKey: "log"}, notFound: true, data: "text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := encoderOf(t, test.options).must(body...)
			require.Equal(t, !test.notFound, r.Placed)
			if r.Placed {
				require.Equal(t, test.at, string(r.At.Append(nil)))
			}
			if test.key != "" {
				require.Equal(t, test.key, string(r.Key))
			}
			require.Equal(t, test.data, string(r.Data))
		})
	}
}

func TestOfARepeatedKeyTheLastIsTheHashKey(t *testing.T) {
	r := encoderOf(t, Options{HashKey: KeyPath{"h"}}).must(kv("h", "1"), kv("h", "2"))
	require.Equal(t, aggregate.HashKey{Lo: 2}, r.At)
}

func TestHashKeysAllocateNothing(t *testing.T) {
	e := encoderOf(t, Options{PartitionKey: KeyPath{"m", "k"}, HashKey: KeyPath{"m", "h"}})
	for _, value := range []any{mostHashKey, uint64(math.MaxUint64), "none", -3, nil} {
		var chunk flbhost.Chunk
		chunk.Append(eventsAt, kv("log", "x"), kv("m", fields{kv("k", "a"), kv("h", value)}))
		event := events.NewReader(chunk.Bytes())
		require.True(t, event.Next())
		require.Zero(t, testing.AllocsPerRun(100, func() {
			_, _, err := e.Encode(&event)
			require.NoError(t, err)
		}), "%v", value)
	}
}

// FuzzExplicitHashKey has any text and any integer come to what math/big makes of
// it, and nothing else be a hash key.
func FuzzExplicitHashKey(f *testing.F) {
	for _, text := range []string{"", "0", "007", "-1", "0x1", " 1", mostHashKey, tooLarge, "1e3", "\xff"} {
		f.Add(text, uint64(len(text)), false)
	}
	f.Fuzz(func(t *testing.T, text string, n uint64, negative bool) {
		e := encoderOf(t, Options{HashKey: KeyPath{"h"}})
		of := func(value any) string {
			r := e.must(kv("h", value))
			if !r.Placed {
				return ""
			}
			return string(r.At.Append(nil))
		}
		want := ""
		digits := strings.Trim(text, "0123456789") == "" && text != ""
		if number, ok := new(big.Int).SetString(text, 10); digits && ok && number.BitLen() <= 128 {
			want = number.String()
		}
		require.Equal(t, want, of(text))
		require.Equal(t, new(big.Int).SetUint64(n).String(), of(n))
		if signed := -int64(n >> 1); signed < 0 && negative {
			require.Empty(t, of(signed))
		}
	})
}
