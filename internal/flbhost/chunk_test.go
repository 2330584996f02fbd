package flbhost

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tinylib/msgp/msgp"
)

func ExampleChunk() {
	var chunk Chunk
	at := time.Unix(1700000000, 5)
	chunk.Append(EventTime(at), F("log", "hello"), F("n", 1))
	chunk.Append(WithMetadata(at), F("log", "of Fluent Bit 2.1"))
	fmt.Printf("%d events, %d bytes: %x...\n", chunk.Len(), chunk.Size(), chunk.Bytes()[:4])
	// Output: 2 events, 61 bytes: 92d70065...
}

func TestHeadersAreEncodedAsFluentBitDoes(t *testing.T) {
	at := time.Unix(0x65538100, 0x0000000a)
	for _, test := range []struct {
		name   string
		header Header
		want   string
	}{
		{"an event time is ext type 0 of 8 bytes", EventTime(at), "d700 65538100 0000000a"},
		{"metadata come in an array behind it", WithMetadata(at, F("a", 1)), "92 d700 65538100 0000000a 81 a161 01"},
		{"no metadata are an empty map", WithMetadata(at), "92 d700 65538100 0000000a 80"},
		{"an integer", IntTime(1700000000), "d2 6553f100"},
		{"a float", FloatTime(1.5), "cb 3ff8000000000000"},
		{"a group opens with -1", GroupOpen(F("r", nil)), "92 d700 ffffffff 00000000 81 a172 c0"},
		{"a group closes with -2", GroupClose(), "92 d700 fffffffe 00000000 80"},
		{"raw bytes", RawHeader([]byte{0xc1}), "c1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var chunk Chunk
			chunk.Append(test.header)
			require.Equal(t, unhex(t, "92"+test.want+"80"), chunk.Bytes())
		})
	}
}

func TestValuesAreEncodedByTheirType(t *testing.T) {
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{
		{"nil", nil, "c0"},
		{"bool", true, "c3"},
		{"int", -1, "ff"},
		{"int8", int8(-128), "d0 80"},
		{"int16", int16(math.MinInt16), "d1 8000"},
		{"int32", int32(math.MinInt32), "d2 80000000"},
		{"int64", int64(math.MinInt64), "d3 8000000000000000"},
		{"uint", uint(200), "cc c8"},
		{"uint8", uint8(255), "cc ff"},
		{"uint16", uint16(65535), "cd ffff"},
		{"uint32", uint32(math.MaxUint32), "ce ffffffff"},
		{"uint64", uint64(math.MaxUint64), "cf ffffffffffffffff"},
		{"float32", float32(1.5), "ca 3fc00000"},
		{"float64", 1.5, "cb 3ff8000000000000"},
		{"string", "ü", "a2 c3bc"},
		{"bin", []byte{1, 2}, "c4 02 0102"},
		{"nested event time", time.Unix(1, 2), "d700 00000001 00000002"},
		{"array", []any{1, "a", nil}, "93 01 a161 c0"},
		{"map with a repeated key", []Field{F("a", 1), F("a", 2)}, "82 a161 01 a161 02"},
		{"map with keys that are no strings", []Field{F(1, 2), F(nil, true)}, "82 01 02 c0 c3"},
		{"ext", Ext{5, []byte{9}}, "d4 05 09"},
		{"empty ext", Ext{5, nil}, "c7 00 05"},
		{"raw", Raw{0xc1, 0xff}, "c1 ff"},
		{"another type", struct{}{}, hex.EncodeToString(msgp.AppendString(nil, "!(unsupported struct {})"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			var chunk Chunk
			chunk.AppendBody(RawHeader(nil), test.value)
			require.Equal(t, unhex(t, "92"+test.want), chunk.Bytes())
		})
	}
}

func TestAChunkCountsAndCanBeUsedAgain(t *testing.T) {
	var chunk Chunk
	for range 3 {
		chunk.Append(IntTime(1), F("log", "x"))
	}
	chunk.AppendRaw([]byte{0xc1})
	require.Equal(t, 3, chunk.Len())
	require.Equal(t, len(chunk.Bytes()), chunk.Size())
	chunk.Reset()
	require.Zero(t, chunk.Len())
	require.Empty(t, chunk.Bytes())
}

func TestAChunkReadsBackWithALibrary(t *testing.T) {
	var chunk Chunk
	chunk.Append(WithMetadata(time.Unix(1, 2), F("m", "x")), F("log", "hello"), F("list", []any{1, []Field{F("k", 2.5)}}))
	value, rest, err := msgp.ReadIntfBytes(chunk.Bytes())
	require.NoError(t, err)
	require.Empty(t, rest)
	event := value.([]any)
	require.Len(t, event, 2)
	require.Equal(t, map[string]any{"m": "x"}, event[0].([]any)[1])
	require.Equal(t, map[string]any{"log": "hello", "list": []any{int64(1), map[string]any{"k": 2.5}}}, event[1])
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
	require.NoError(t, err)
	return b
}
