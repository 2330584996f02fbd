package events

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/msgjson"
)

// FuzzEvents: whatever a chunk holds, the walk ends, and it makes no
// difference whether it is the encoder or the walk that finds where a body
// ends.
func FuzzEvents(f *testing.F) {
	for _, chunk := range seedChunks() {
		f.Add(chunk)
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		want, wantErr := walked(t, chunk, skipped)
		for _, e := range []*msgjson.Encoder{
			msgjson.NewEncoder(msgjson.Options{}),
			msgjson.NewEncoder(msgjson.Options{Pick: func([]byte) msgjson.Pick { return 0 }}),
			msgjson.NewEncoder(msgjson.Options{Pick: byLength, ReplaceDots: []byte("_")}),
		} {
			got, err := walked(t, chunk, encodedWith(e))
			if !reflect.DeepEqual(want, got) || offsetOf(wantErr) != offsetOf(err) {
				t.Fatalf("%v %v\nskipped: %v %v", got, err, want, wantErr)
			}
		}
	})
}

type walkedEvent struct {
	body, ordinal int
	at            time.Time
}

// walked walks over a chunk; read is to find the end of the event at hand.
func walked(t *testing.T, chunk []byte, read func(*Reader) bool) (met []walkedEvent, err error) {
	event := NewReader(chunk)
	last := 0
	for event.Next() {
		body := len(chunk) - len(event.Body())
		if body <= last || event.Ordinal() != len(met) {
			t.Fatalf("event %d has its body at %d, after %d", event.Ordinal(), body, last)
		}
		last = body
		requireWithin(t, &event)
		met = append(met, walkedEvent{body, event.Ordinal(), event.Time()})
		if !read(&event) {
			break
		}
	}
	if event.Next() {
		t.Fatal("there is an event after the last")
	}
	if offset := offsetOf(event.Err()); offset > len(chunk) {
		t.Fatalf("malformed from byte %d of %d on", offset, len(chunk))
	}
	return met, event.Err()
}

// offsetOf is where a walk ended before the chunk; -1 if it did not.
func offsetOf(err error) int {
	var malformed *MalformedError
	if errors.As(err, &malformed) {
		return malformed.Offset
	}
	return -1
}

func seedChunks() (chunks [][]byte) {
	var c flbhost.Chunk
	add := func() {
		chunks = append(chunks, bytes.Clone(c.Bytes()))
		c.Reset()
	}
	c.Append(flbhost.EventTime(when), kv("log", "GET /"), kv("n", 1))
	c.Append(flbhost.WithMetadata(when, kv("m", list{1})), kv("log", "GET /tea"), kv("a.b", 1.5))
	add()
	c.Append(flbhost.GroupOpen(kv("resource", 1)), kv("r", 1))
	c.Append(flbhost.IntTime(7), kv("log", []byte{0xff}), kv("t", when))
	c.Append(flbhost.GroupClose())
	add()
	c.Append(flbhost.GroupOpen(), kv("resource", fields{kv("service.name", "web")}))
	c.Append(flbhost.WithMetadata(when, kv("otlp", fields{kv("trace_id", "abc")})), kv("log", "x"))
	c.Append(flbhost.GroupOpen())
	c.Append(raw(0x92, 0x05, 0xc0), kv("log", "y"))
	add()
	c.Append(flbhost.FloatTime(1.5), kv("a", fields{kv("b", 1), kv("b", 2)}), kv(5, 1), kv("5", 2))
	c.AppendBody(flbhost.IntTime(0), list{})
	add()
	c.Append(flbhost.EventTime(when), kv("deep", nested(128)))
	c.Append(flbhost.EventTime(when), kv("deep", nestedMaps(130)), kv(fields{kv(list{}, 1)}, 2))
	c.AppendRaw([]byte{0xc1})
	add()
	return chunks
}

// byLength picks by a key's length, so that all picks come up.
func byLength(key []byte) msgjson.Pick {
	return msgjson.Pick(len(key)) & (msgjson.Write | msgjson.Note1 | msgjson.Note2)
}
