package samples

import (
	"encoding/json"
	"strconv"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// A Field is one key of an event and its value: a string, int64, uint64, float64, bool, nil, []any of these, or
// []Field for a nested map. Keys are strings.
type Field = flbhost.Field

// An Event is what Fluent Bit makes of one log line: a time and a map, whose keys keep their order.
type Event struct {
	Time   time.Time
	Fields []Field
}

// Has tells whether the event has a top-level key of this name.
func (e Event) Has(key string) bool {
	for _, f := range e.Fields {
		if f.Key == key {
			return true
		}
	}
	return false
}

// Text returns the string under a top-level key; empty if there is none, or it is not a string.
func (e Event) Text(key string) string {
	for _, f := range e.Fields {
		if f.Key == key {
			text, _ := f.Value.(string)
			return text
		}
	}
	return ""
}

// addMissing adds a key that the event does not have yet.
func (e *Event) addMissing(key string, value any) {
	if !e.Has(key) {
		e.Fields = append(e.Fields, Field{Key: key, Value: value})
	}
}

// AppendJSON appends the event's map as one line of JSON, without the newline: the form in which a file of events
// is given to Fluent Bit's json parser. The time is not in it.
func (e Event) AppendJSON(dst []byte) []byte {
	return appendJSON(dst, e.Fields)
}

func appendJSON(dst []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendJSONString(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case uint64:
		return strconv.AppendUint(dst, v, 10)
	case float64:
		return strconv.AppendFloat(dst, v, 'g', -1, 64)
	case bool:
		return strconv.AppendBool(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, element)
		}
		return append(dst, ']')
	case []Field:
		dst = append(dst, '{')
		for i, f := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSON(dst, f.Key), ':')
			dst = appendJSON(dst, f.Value)
		}
		return append(dst, '}')
	default:
		return append(dst, "null"...)
	}
}

func appendJSONString(dst []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return append(dst, `""`...)
	}
	return append(dst, quoted...)
}
