package record

import (
	"time"

	"fluent-bit-kinesis/plugins"
	"fluent-bit-kinesis/plugins/msgjson"
)

// timeMember is the event's time under time_key.
type timeMember struct {
	format  *plugins.TimeFormat // nil without time_key
	written []byte              // time_key, dots replaced
	opening []byte              // `"key":`
	text    []byte              // the time at hand
	second  int64               // that text is of; 0 where it was not set yet
}

func newTimeMember(o *Options) (t timeMember) {
	if o.TimeKey == "" {
		return t
	}
	t.format = o.TimeFormat
	t.written = []byte(o.TimeKey)
	if o.ReplaceDots != "" {
		t.written = msgjson.AppendDotless(nil, t.written, o.ReplaceDots)
	}
	t.opening = append(msgjson.AppendString(nil, t.written), ':')
	return t
}

func (t *timeMember) on() bool { return t.format != nil }

// set makes text of the time, unless it is that already: most events share
// their second with the one before.
func (t *timeMember) set(at time.Time) {
	second := at.Unix()
	if second == t.second && len(t.text) > 0 && !t.format.SubSecond() {
		return
	}
	t.second = second
	t.text = t.format.Append(t.text[:0], at)
}

// appendMember adds the time to the object that ends data.
func (t *timeMember) appendMember(data []byte) []byte {
	data = data[:len(data)-1]
	if data[len(data)-1] != '{' {
		data = append(data, ',')
	}
	data = append(data, t.opening...)
	return append(msgjson.AppendString(data, t.text), '}')
}
