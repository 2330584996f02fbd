package msgjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"fluent-bit-kinesis/internal/flbhost"
)

// FuzzJSON: what the encoder makes of a record is JSON, and what a reader
// finds in it is what a generic msgpack decoder and encoding/json make of the
// same bytes, under the same rules.
func FuzzJSON(f *testing.F) {
	for i, record := range seedRecords() {
		f.Add(packed(record...), uint8(i), "_")
	}
	f.Fuzz(func(t *testing.T, record []byte, picks uint8, dots string) {
		options := Options{}
		if picks > 0 {
			options.Pick = pickOf(picks)
		}
		if dots != "" && utf8.ValidString(dots) {
			options.ReplaceDots = []byte(dots)
		}
		requireAsTheReference(t, record, options)
	})
}

// pickOf picks by a key's length, and so that all picks come up.
func pickOf(picks uint8) func(key []byte) Pick {
	return func(key []byte) Pick {
		if len(key)%4 == 3 {
			return Pick(picks) & (Write | Note1 | Note2)
		}
		return Write
	}
}

func requireAsTheReference(t *testing.T, record []byte, options Options) {
	want, n, noted, wantErr := referenceRecord(record, options)
	e := NewEncoder(options)
	first, firstN, err := e.AppendRecord(nil, record)
	switch {
	case errors.Is(wantErr, errReferenceTooDeep) && err == ErrTooDeep && firstN == n:
		return
	case (wantErr == nil) != (err == nil) || err == ErrTooDeep:
		t.Fatalf("error %v, reference: %v", err, wantErr)
	case err != nil:
		return
	case firstN != n:
		t.Fatalf("the record has %d bytes, reference: %d", firstN, n)
	}
	got, err := unmarshal(first)
	if err != nil || !json.Valid(first) {
		t.Fatalf("%q is not JSON: %v", first, err)
	}
	if !reflect.DeepEqual(any(want), got) {
		t.Fatalf("%s\nreference: %s", first, marshal(want))
	}
	requireNoted(t, e, record, noted)
	again, _, err := e.AppendRecord(nil, record)
	if err != nil || !bytes.Equal(first, again) {
		t.Fatalf("%s\nthe second time: %s, %v", first, again, err)
	}
	requireNoted(t, e, record, noted)
	thorough, _, err := e.thorough(nil, record)
	if err != nil || !bytes.Equal(first, thorough) {
		t.Fatalf("%s\nwithout shapes: %s, %v", first, thorough, err)
	}
	requireNoted(t, e, record, noted)
	requireAlike(t, e, record)
}

// bothNotes are the notes, in the order of what a reference notes.
var bothNotes = [2]Pick{Note1, Note2}

func requireNoted(t *testing.T, e *Encoder, record []byte, noted [2][]byte) {
	for i, want := range noted {
		value, ok := e.Noted(bothNotes[i], record)
		if ok != (want != nil) || !bytes.Equal(value, want) {
			t.Fatalf("noted %d: % x %v, reference: % x", i, value, ok, want)
		}
		if !ok {
			continue
		}
		text, err := e.AppendValue(nil, value)
		if err == ErrTooDeep { // a member that is left out may have more keys within keys than a text can be made of
			continue
		}
		if err != nil || !json.Valid(text) {
			t.Fatalf("noted %d: %q is not JSON: %v", i, text, err)
		}
	}
}

func seedRecords() []fields {
	return []fields{
		{kv("log", "GET / \"tea\"\n\x00é☃🍵\xff"), kv("stream", "stdout"), kv("n", 1)},
		{kv("i", int64(math.MinInt64)), kv("u", uint64(math.MaxUint64)), kv("f", 0.1), kv("g", float32(1e-7)), kv("z", math.Copysign(0, -1)), kv("nan", math.NaN())},
		{kv("b", true), kv("nil", nil), kv("bin", []byte{1, 0xff}), kv("t", when), kv("e", flbhost.Ext{Type: 3, Data: []byte("hi")})},
		{kv("a.b", 1), kv("a_b", 2), kv("a.b", fields{kv("c.d", list{fields{kv("e.f", 1)}})})},
		{kv(5, 1), kv("5", 2), kv(1.5, 3), kv(nil, 4), kv(true, 5), kv(when, 6), kv(flbhost.Ext{Type: 3, Data: []byte{1}}, 7)},
		{kv(list{1, "a"}, 1), kv(fields{kv("a.b", 1), kv("a.b", 2)}, 2), kv(fields{kv(fields{kv("\"", 1)}, 1)}, 3)},
		{kv("a\xff", 1), kv("a\xfe", 2), kv("", 3), kv(strings.Repeat("k", 200), 4)},
		{kv("deep", nested(127))},
		{kv("deep", nestedMaps(128))},
		{kv("l", list{}), kv("m", fields{}), kv("log", 1), kv("key", 2), kv("log", 3)},
		{kv("kubernetes", fields{kv("labels", fields{kv("app.kubernetes.io/name", "web")}), kv("annotations", fields{})})},
		{kv("cut", flbhost.Raw{0xdb, 0, 0, 0, 9, 'x'})},
		{kv("many", fields(manyMembers(130)))},
	}
}

func manyMembers(n int) (members fields) {
	for i := range n {
		members = append(members, kv(fmt.Sprint(i), i))
	}
	return members
}
