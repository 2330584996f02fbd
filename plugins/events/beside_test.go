package events

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins/msgpack"
)

func TestTheMetadataIsThatOfTheEventAtHand(t *testing.T) {
	otlp := fields{kv("otlp", fields{kv("trace_id", []byte{1, 2}), kv("severity_number", 9)})}
	for _, x := range []struct {
		name   string
		header flbhost.Header
		want   []byte // nil for none
	}{
		{"a map", flbhost.WithMetadata(when, otlp...), packed(otlp...)},
		{"an empty map", flbhost.WithMetadata(when), packed()},
		{"an empty map behind seconds", raw(0x92, 0x05, 0x80), packed()},
		{"a map behind a float", raw(0x92, 0xca, 0x44, 0x80, 0x10, 0, 0x81, 0x01, 0x02), packed(kv(1, 2))},
		{"a map in long headers", raw(0xdd, 0, 0, 0, 2, 0x05, 0x81, 0x01, 0x02), packed(kv(1, 2))},
		{"what is not a map", raw(0x92, 0x05, 0xc0), []byte{0xc0}},
		{"none beside an event time", flbhost.EventTime(when), nil},
		{"none beside seconds", flbhost.IntTime(5), nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			var c flbhost.Chunk
			c.Append(flbhost.WithMetadata(when, kv("another", "event's")), kv("n", 0))
			c.Append(x.header, kv("n", 1))
			event := NewReader(c.Bytes())
			require.True(t, event.Next())
			require.Equal(t, packed(kv("another", "event's")), event.Metadata())
			event.Advance(len(packed(kv("n", 0))))
			require.True(t, event.Next(), "%v", event.Err())
			require.Equal(t, x.want, event.Metadata())
			require.Equal(t, packed(kv("n", 1)), event.Body())
		})
	}
}

func TestAnEventIsInTheGroupThatWasOpenedLast(t *testing.T) {
	resource := func(name string) flbhost.Field { return kv("resource", fields{kv("service.name", name)}) }
	var c flbhost.Chunk
	event := func() { c.Append(flbhost.WithMetadata(when), kv("log", "x")) }
	event() // of a group that a chunk before it has opened, or of none
	c.Append(flbhost.GroupClose())
	event()
	c.Append(flbhost.GroupOpen(kv("schema", "otlp")), resource("web"))
	event()
	event()
	c.Append(flbhost.GroupClose(), resource("not this one"))
	event()
	c.Append(flbhost.GroupOpen(), resource("db"))
	event()
	c.Append(flbhost.GroupOpen(), resource("mail"))
	event()
	c.Append(flbhost.GroupOpen())
	event()
	c.Append(flbhost.GroupClose())
	c.Append(flbhost.GroupClose())
	event()
	want := [][]byte{nil, nil, packed(resource("web")), packed(resource("web")), nil, packed(resource("db")), packed(resource("mail")), packed(), nil}
	for _, advanced := range []bool{true, false} {
		var met [][]byte
		walk := NewReader(c.Bytes())
		for walk.Next() {
			met = append(met, walk.Group())
			if advanced {
				walk.Advance(len(packed(kv("log", "x"))))
			}
		}
		require.NoError(t, walk.Err())
		require.Equal(t, want, met)
	}
}

// requireWithin holds what is beside an event against the chunk: it is msgpack, and
// lies where it should.
func requireWithin(t *testing.T, event *Reader) {
	for name, value := range map[string][]byte{"metadata": event.Metadata(), "group": event.Group()} {
		if value == nil {
			continue
		}
		if end, err := msgpack.Skip(value, 0); err != nil || end != len(value) {
			t.Fatalf("%s: % x is %d bytes of msgpack: %v", name, value, end, err)
		}
	}
	if group := event.Group(); group != nil && !msgpack.IsMap(group[0]) {
		t.Fatalf("a group's body is no map: % x", group)
	}
}
