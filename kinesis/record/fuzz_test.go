package record

import (
	"encoding/json"
	"errors"
	"maps"
	"testing"
	"unicode/utf8"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/events"
	"fluent-bit-kinesis/plugins/msgjson"
)

// FuzzAdded: whatever a chunk holds, a record is what it is without additions but
// for their names, and with them what is beside it in the chunk; and skip_empty
// leaves out those, and only those, that are nothing without them.
func FuzzAdded(f *testing.F) {
	for _, chunk := range seedChunks() {
		f.Add(chunk, "app.web", "otlp")
	}
	f.Fuzz(func(t *testing.T, chunk []byte, tag, key string) {
		plain := encoderOf(t, Options{MaximumSize: 1 << 30})
		adding := encoderOf(t, all(Options{MaximumSize: 1 << 30, PartitionKey: KeyPath{"meta", key}}))
		skipping := encoderOf(t, all(Options{MaximumSize: 1 << 30, SkipEmpty: true}))
		logging := encoderOf(t, all(Options{MaximumSize: 1 << 30, SkipEmpty: true, LogKey: "group", PartitionKey: KeyPath{"tag"}}))
		for _, e := range []encoder{plain, adding, skipping, logging} {
			e.Begin(tag)
		}
		event := events.NewReader(chunk)
		for event.Next() {
			p, n, err := plain.Encode(&event)
			if err != nil {
				if _, known := DropOf(err); !known {
					return
				}
				event.Advance(n)
				continue
			}
			want := unmarshaled(t, p.Data)
			maps.DeleteFunc(want, func(key string, _ any) bool { return key == "tag" || key == "meta" || key == "group" })
			empty := len(want) == 0
			want["tag"] = unmarshaledText(t, tag)
			tooDeep := !isAdded(t, want, "meta", event.Metadata()) || !isAdded(t, want, "group", event.Group())

			a, m, err := adding.Encode(&event)
			requireOutcome(t, err, m == n, map[error]bool{msgjson.ErrTooDeep: tooDeep})
			if err == nil {
				requireSameJSON(t, want, unmarshaled(t, a.Data))
				requireKey(t, &a)
			}
			_, m, err = skipping.Encode(&event)
			requireOutcome(t, err, m == n, map[error]bool{ErrEmpty: empty, msgjson.ErrTooDeep: tooDeep && !empty})

			group, has := want["group"]
			l, m, err := logging.Encode(&event)
			if !tooDeep {
				requireOutcome(t, err, m == n, map[error]bool{ErrEmpty: empty, errNoLogKey: !has && !empty})
			}
			if err == nil {
				requireSameJSON(t, group, any(unmarshaled(t, l.Data)))
				requireKey(t, &l)
			}
			event.Advance(n)
		}
	})
}

// isAdded adds to what is wanted of a record what is beside it. It is false where
// that is nested too deep.
func isAdded(t *testing.T, want map[string]any, key string, value []byte) bool {
	text, err := msgjson.NewEncoder(msgjson.Options{HexBinary: true}).AppendValue(nil, value)
	switch {
	case errors.Is(err, msgjson.ErrTooDeep):
		return value[0]&0xf0 == 0x90 || value[0] == 0xdc || value[0] == 0xdd // an array is not added
	case len(value) > 0 && err != nil:
		t.Fatalf("% x: %v", value, err)
	case len(text) > len("{}") && text[0] == '{':
		want[key] = unmarshaled(t, text)
	}
	return true
}

// requireOutcome requires the first error that is expected, or none.
func requireOutcome(t *testing.T, err error, sameLength bool, expected map[error]bool) {
	t.Helper()
	if !sameLength {
		t.Fatal("the event is of another length")
	}
	for want, is := range expected {
		if errors.Is(err, want) != is {
			t.Fatalf("got %v, want %v: %v", err, want, is)
		}
		if is {
			return
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func requireKey(t *testing.T, r *Record) {
	t.Helper()
	if n := utf8.RuneCount(r.Key); n < 1 || n > 256 || !utf8.Valid(r.Key) {
		t.Fatalf("%q is no partition key", r.Key)
	}
}

func requireSameJSON(t *testing.T, want, got any) {
	t.Helper()
	w, _ := json.Marshal(want)
	g, _ := json.Marshal(got)
	if string(w) != string(g) {
		t.Fatalf("%s\nwant %s", g, w)
	}
}

func unmarshaled(t *testing.T, text []byte) (object map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return object
}

// unmarshaledText is a text as JSON has it.
func unmarshaledText(t *testing.T, text string) (s string) {
	if err := json.Unmarshal(msgjson.AppendString(nil, []byte(text)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func seedChunks() (chunks [][]byte) {
	for _, s := range []surrounding{
		{metadata: otlpMetadata, group: webGroup, body: fields{kv("log", "x"), kv("tag", 1), kv("meta", fields{kv("a", 1)})}},
		{metadata: fields{kv("otlp", "k"), kv("a", nil)}, body: fields{kv("group", 1)}},
		{grouped: true},
		{metadata: fields{kv("d", deep(127))}, group: fields{kv("otlp", deep(126))}, body: fields{kv("log", deep(128))}},
	} {
		chunks = append(chunks, s.chunk())
	}
	var c flbhost.Chunk
	c.Append(flbhost.RawHeader([]byte{0x92, 0x05, 0xc0}), kv("log", "x"))
	c.Append(flbhost.IntTime(-1), kv("g", 1))
	c.Append(flbhost.IntTime(7), kv(1, 2), kv("1", 3))
	c.AppendRaw([]byte{0x92, 0x92, 0x05, 0x81, 0xc1})
	return append(chunks, c.Bytes())
}
