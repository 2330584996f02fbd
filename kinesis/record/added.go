package record

import (
	"bytes"
	"time"

	"fluent-bit-kinesis/plugins"
	"fluent-bit-kinesis/plugins/events"
	"fluent-bit-kinesis/plugins/msgjson"
	"fluent-bit-kinesis/plugins/msgpack"
)

// added is what records get of what Fluent Bit knows beside them, each under the
// key that an option names. A field of that name is replaced, also where an event
// has nothing to put there: what stands under the key is Fluent Bit's alone. It is
// owned by one goroutine at a time.
type added struct {
	members []*addition // in the order in which they are added; none where no option asks for one
	maps    *msgjson.Encoder
	format  *plugins.TimeFormat
	second  int64 // that the time at hand is of
}

// An addition is one member that is added to records.
type addition struct {
	of      source
	key     string // as the option has it
	written []byte // dots replaced
	opening []byte // `"key":`

	// What it is for the event at hand: a text, or a map as msgpack, which lies in
	// the chunk. Without either the event has no such member.
	text  []byte
	value []byte
	json  []byte // of either; of a map empty until it is asked for
}

// A source is where an addition comes from.
type source uint8

const (
	theTime     source = iota // the event's
	theTag                    // the chunk's
	theMetadata               // the event's
	theGroup                  // what all events of a group have in common
)

func newAdded(o *Options) added {
	a := added{format: o.TimeFormat}
	if o.MetadataKey != "" || o.GroupKey != "" {
		a.maps = msgjson.NewEncoder(msgjson.Options{ReplaceDots: o.dots(), HexBinary: true})
	}
	for of, key := range [...]string{theTime: o.TimeKey, theTag: o.TagKey, theMetadata: o.MetadataKey, theGroup: o.GroupKey} {
		if key != "" {
			a.members = append(a.members, newAddition(source(of), key, o.ReplaceDots))
		}
	}
	return a
}

func newAddition(of source, key, replaceDots string) *addition {
	m := &addition{of: of, key: key, written: []byte(key)}
	if replaceDots != "" {
		m.written = msgjson.AppendDotless(nil, m.written, replaceDots)
	}
	m.opening = append(msgjson.AppendString(nil, m.written), ':')
	return m
}

func (a *added) any() bool { return len(a.members) > 0 }

// named is the addition under a key of a record; nil where there is none.
func (a *added) named(key []byte) *addition {
	for _, m := range a.members {
		if string(key) == m.key {
			return m
		}
	}
	return nil
}

// writtenAs is the addition under a key as it comes out; nil where there is none.
func (a *added) writtenAs(key []byte) *addition {
	for _, m := range a.members {
		if bytes.Equal(key, m.written) {
			return m
		}
	}
	return nil
}

// begin readies the additions for a chunk with this tag.
func (a *added) begin(tag string) {
	for _, m := range a.members {
		if m.of == theTag {
			m.setText(append(m.text[:0], tag...))
		}
	}
}

// end lets go of the chunk, in which the maps lie.
func (a *added) end() {
	for _, m := range a.members {
		if m.of == theMetadata || m.of == theGroup {
			m.value, m.json = nil, m.json[:0]
		}
	}
}

// set makes the additions those of an event.
func (a *added) set(event *events.Reader) {
	for _, m := range a.members {
		switch m.of {
		case theTime:
			a.setTime(m, event.Time())
		case theMetadata:
			m.setMap(event.Metadata())
		case theGroup:
			m.setMap(event.Group())
		}
	}
}

// setTime makes a text of the time, unless it is that already: most events share
// their second with the one before.
func (a *added) setTime(m *addition, at time.Time) {
	second := at.Unix()
	if second == a.second && len(m.text) > 0 && !a.format.SubSecond() {
		return
	}
	a.second = second
	m.setText(a.format.Append(m.text[:0], at))
}

func (m *addition) setText(text []byte) {
	m.text, m.json = text, msgjson.AppendString(m.json[:0], text)
}

// setMap takes over a map. One that is empty or no map at all is none. The events
// of a group share one, whose JSON is made once.
func (m *addition) setMap(value []byte) {
	if len(value) == 0 || !msgpack.IsMap(value[0]) {
		value = nil
	} else if n, _, err := msgpack.MapHeader(value, 0); err != nil || n == 0 {
		value = nil
	}
	if !bytes.Equal(value, m.value) {
		m.json = m.json[:0]
	}
	m.value = value
}

// exists tells whether the event at hand has the member.
func (m *addition) exists() bool { return m.value != nil || len(m.json) > 0 }

// asJSON is the member's value as JSON; empty where the event has none. It is
// valid until the next event.
func (a *added) asJSON(m *addition) (text []byte, err error) {
	if len(m.json) == 0 && m.value != nil {
		m.json, err = a.maps.AppendAlike(m.json, m.value)
	}
	return m.json, err
}

// appendTo adds the members to the object that ends data.
func (a *added) appendTo(data []byte) ([]byte, error) {
	data = data[:len(data)-1]
	for _, m := range a.members {
		text, err := a.asJSON(m)
		if err != nil {
			return data, err
		}
		if len(text) == 0 {
			continue
		}
		if data[len(data)-1] != '{' {
			data = append(data, ',')
		}
		data = append(append(data, m.opening...), text...)
	}
	return append(data, '}'), nil
}

// trim gives up what unusual events have made large, after end.
func (a *added) trim() {
	for _, m := range a.members {
		if cap(m.json) > maxKept {
			m.text, m.json = nil, nil
		}
	}
}
