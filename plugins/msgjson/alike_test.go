package msgjson

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// requireAlike requires that a map becomes the same by its shape as without.
func requireAlike(t *testing.T, e *Encoder, value []byte) {
	t.Helper()
	want, wantErr := e.AppendValue([]byte("before "), value)
	for range 2 { // the second time as a known shape
		got, err := e.AppendAlike([]byte("before "), value)
		require.Equal(t, wantErr, err)
		require.Equal(t, string(want), string(got))
	}
}

func TestMapsOfFewShapesAreWrittenAsAnyValue(t *testing.T) {
	otlp := func(n int, attributes ...flbhost.Field) []byte {
		return packed(kv("otlp", fields{kv("observed_timestamp", 1_700_000_000+n), kv("trace_id", []byte{byte(n), 2}), kv("attributes", attributes)}))
	}
	for _, x := range []struct {
		name  string
		value []byte
	}{
		{"a map", otlp(1, kv("http.method", "GET"))},
		{"an empty map", packed()},
		{"a map with a key twice", packed(kv("a", 1), kv("b", fields{kv("c", 2), kv("c", 3)}), kv("a", 4))},
		{"a map with keys that are one once dots are replaced", packed(kv("a.b", 1), kv("a_b", 2))},
		{"a map of many keys", packed(manyMembers(200)...)},
		{"a map with a map as a key", packed(kv(fields{kv("a", 1)}, 2))},
		{"a map of 127 levels", nestedMaps(127)},
		{"a map of 128 levels", nestedMaps(128)},
		{"a map with 127 levels of arrays", packed(kv("a", nested(127)))},
		{"an array", packedValue(list{1, fields{kv("a", 1), kv("a", 2)}})},
		{"a text", packedValue("text")},
		{"a map that is cut off", []byte{0x81, 0xa1, 'a'}},
		{"nothing", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			for _, options := range []Options{{}, {ReplaceDots: []byte("_")}, {Pick: func([]byte) Pick { return 0 }}, {HexBinary: true}} {
				requireAlike(t, NewEncoder(options), x.value)
			}
		})
	}
	t.Run("in turn, and between records", func(t *testing.T) {
		e := NewEncoder(Options{})
		for n := range 300 {
			requireAlike(t, e, otlp(n%7, kv("http.method", "GET")))
			requireAlike(t, e, otlp(3))
			requireNoDifference(t, e, packed(kv("otlp", fields{kv("n", n)}), kv("log", fmt.Sprint(n))))
		}
	})
}

func TestShapesAreForgottenWhenTheMapsBesideRecordsHaveBecomeOthers(t *testing.T) {
	e := NewEncoder(Options{})
	for i := 0; e.shapes < maxShapes; i++ {
		_, err := e.AppendAlike(nil, packed(kv(fmt.Sprint("a", i%8), 1), kv(fmt.Sprint("b", i/8%8), 1), kv(fmt.Sprint("c", i/64%8), 1), kv(fmt.Sprint("d", i/512), 1)))
		require.NoError(t, err)
	}
	for i := range missesToForget + 2 {
		_, err := e.AppendAlike(nil, packed(kv("otlp", i)))
		require.NoError(t, err)
	}
	require.Equal(t, 1, e.shapes, "those of the map that comes now")
}

func TestBinaryValuesMayBeHexadecimal(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, x := range []struct {
		name  string
		value any
		want  string
	}{
		{"an id", []byte{0x5b, 0x8e, 0xff, 0xf7}, `"5b8efff7"`},
		{"one that happens to be text", []byte("span-id!"), `"7370616e2d696421"`},
		{"no bytes", []byte{}, `""`},
		{"more bytes than a small length takes", all, `"` + hex.EncodeToString(all) + `"`},
		{"a string stays", "5b8e", `"5b8e"`},
		{"a long string stays", strings.Repeat("a", 300), `"` + strings.Repeat("a", 300) + `"`},
		{"in arrays", list{[]byte{1}, "a"}, `["01","a"]`},
		{"a key stays a text", fields{kv([]byte("id"), []byte{2})}, `{"id":"02"}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, `{"v":`+x.want+`}`, encoded(t, Options{HexBinary: true}, packed(kv("v", x.value))))
		})
	}
}

// What is written beside a record leaves alone what was noted in it.
func TestNotesOutliveAMapThatIsWrittenBesideTheRecord(t *testing.T) {
	e := NewEncoder(Options{Pick: func(key []byte) Pick { return Write | Note1 | Mark }})
	record := packed(kv("a", "noted"))
	_, _, err := e.AppendRecord(nil, record)
	require.NoError(t, err)
	_, err = e.AppendAlike(nil, packed(kv("b", fields{kv("a", 1)})))
	require.NoError(t, err)
	value, ok := e.Noted(Note1, record)
	require.True(t, ok)
	require.Equal(t, packedValue("noted"), value)
	require.True(t, e.Marked())
}

func TestARecordIsMarkedByItsMembers(t *testing.T) {
	picks := map[string]Pick{"marked": Mark, "written": Write, "both": Write | Mark, "noted": Note1 | Mark}
	e := NewEncoder(Options{Pick: func(key []byte) Pick { return picks[string(key)] }})
	for _, x := range []struct {
		name   string
		record fields
		want   bool
	}{
		{"by one that is left out", fields{kv("x", 1), kv("marked", 2)}, true},
		{"by one that is written", fields{kv("both", 1)}, true},
		{"by one that is noted", fields{kv("noted", 1), kv("written", 2)}, true},
		{"not by others", fields{kv("x", 1), kv("written", 2)}, false},
		{"not by one further down", fields{kv("x", fields{kv("marked", 1)}), kv("written", fields{kv("marked", 1)})}, false},
		{"not by none", fields{}, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			for range 2 { // the second time as a known shape
				_, _, err := e.AppendRecord(nil, packed(x.record...))
				require.NoError(t, err)
				require.Equal(t, x.want, e.Marked())
			}
			_, _, err := e.thorough(nil, packed(x.record...))
			require.NoError(t, err)
			require.Equal(t, x.want, e.Marked())
		})
	}
}
