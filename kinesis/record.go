package kinesis

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// What keeps a record from being sent. It costs that record alone.
var (
	errNoLogKey = errors.New("record has no log_key")
	errTooBig   = errors.New("record cannot be made to fit")
)

// truncatedSuffix ends data that was cut.
const truncatedSuffix = "[Truncated...]"

// A record is an event as it goes to the stream. Its bytes are valid until the
// encoder's next record.
type record struct {
	data      []byte
	key       []byte // partition key: UTF-8, 1 to 256 characters
	random    bool   // the key is not the record's own
	truncated bool
}

func (r *record) size() int { return len(r.data) + len(r.key) }

// A recordEncoder makes records of events, under the record options in the
// order that they apply in: time_key, partition_key, data_keys, replace_dots,
// log_key, append_newline, compression, size. It owns what it needs for that and is itself
// owned by one goroutine at a time.
type recordEncoder struct {
	config *Config
	json   *plugins.Encoder
	keys   *partitionKeys
	time   timeMember

	data    []byte // of the record at hand
	written []byte // the key at hand, dots replaced

	compressor compress.Compressor // nil where records are not compressed
	packed     []byte              // the record at hand, compressed
	scratch    []byte              // the record at hand, cut
}

// Which note of plugins.Encoder is whose.
const (
	partitionNote, partitionPick = 0, plugins.Note1
	logNote, logPick             = 1, plugins.Note2
)

func newRecordEncoder(config *Config) *recordEncoder {
	e := &recordEncoder{config: config, keys: newPartitionKeys(config)}
	e.time.init(config)
	var dots []byte
	if config.ReplaceDots != "" {
		dots = []byte(config.ReplaceDots)
	}
	options := plugins.EncoderOptions{ReplaceDots: dots}
	if config.TimeKey != "" || len(config.PartitionKey) > 0 || len(config.DataKeys) > 0 || config.LogKey != "" {
		options.Pick = e.pick
	}
	e.json = plugins.NewEncoder(options)
	return e
}

// pick decides what becomes of a member of the record, by its key.
func (e *recordEncoder) pick(key []byte) plugins.Pick {
	c := e.config
	var p plugins.Pick
	if string(key) == c.TimeKey && c.TimeKey != "" {
		return 0 // the event's time takes its place
	}
	if len(c.PartitionKey) > 0 && string(key) == c.PartitionKey[0] {
		p |= partitionPick
	}
	if len(c.DataKeys) > 0 && !slices.ContainsFunc(c.DataKeys, func(wanted string) bool { return string(key) == wanted }) {
		return p
	}
	switch {
	case c.LogKey != "":
		if string(e.asWritten(key)) == c.LogKey {
			p |= logPick
		}
	case c.TimeKey == "" || !bytes.Equal(e.asWritten(key), e.time.written):
		p |= plugins.Write
	}
	return p
}

// asWritten is a key as it comes out, dots replaced. It is valid until the next
// call.
func (e *recordEncoder) asWritten(key []byte) []byte {
	if e.config.ReplaceDots == "" || bytes.IndexByte(key, '.') < 0 {
		return key
	}
	e.written = plugins.AppendDotless(e.written[:0], key, e.config.ReplaceDots)
	return e.written
}

// encode makes the record of the event whose body is at the start of body,
// and returns how long the body is. errNoLogKey, errTooBig and
// plugins.ErrTooDeep cost the record and leave the length good; after any
// other error the chunk cannot be read on.
func (e *recordEncoder) encode(body []byte, at time.Time) (r record, n int, err error) {
	data, n, err := e.json.AppendRecord(e.data[:0], body)
	e.data = data
	if err != nil {
		return r, n, err
	}
	if e.time.on() {
		e.time.set(at)
	}
	r.key, r.random = e.keys.of(e.json, body, &e.time)
	if e.config.LogKey != "" {
		err = e.logValue(body)
	} else if e.time.on() {
		e.data = e.time.appendMember(e.data)
	}
	if err != nil {
		return r, n, err
	}
	r.data, r.truncated, err = e.fit(wire.MaxRecordBytes - len(r.key))
	return r, n, err
}

// trim gives up buffers that a record of unusual size has made large.
func (e *recordEncoder) trim() {
	const usual = 64 << 10
	for _, buffer := range []*[]byte{&e.data, &e.written, &e.packed, &e.scratch, &e.keys.key} {
		if cap(*buffer) > usual {
			*buffer = nil
		}
	}
}

// logValue makes the data of the value of log_key alone.
func (e *recordEncoder) logValue(body []byte) error {
	if e.time.on() && string(e.time.written) == e.config.LogKey {
		e.data = append(e.data[:0], e.time.text...)
		return nil
	}
	value, ok := e.json.Noted(logNote, body)
	if !ok {
		return errNoLogKey
	}
	if s, ok := plugins.Text(value); ok {
		e.data = append(e.data[:0], s...)
		return nil
	}
	var err error
	e.data, err = e.json.AppendValue(e.data[:0], value)
	return err
}

// fit ends the data as the options have it, and compresses it, within limit
// bytes.
func (e *recordEncoder) fit(limit int) (data []byte, truncated bool, err error) {
	if e.compressor != nil {
		return e.fitCompressed(limit)
	}
	if len(e.data)+e.newline() > limit {
		e.data, truncated = e.cut(limit), true
		return e.data, truncated, nil
	}
	return e.end(e.data), false, nil
}

// fitCompressed does the same for the compressed form of the data.
func (e *recordEncoder) fitCompressed(limit int) (data []byte, truncated bool, err error) {
	e.data = e.end(e.data)
	whole := len(e.data)
	packed, kept, err := compress.Fit(e.compressor, e.packed[:0], e.data, limit, func(n int) []byte {
		text := e.data[:whole-e.newline()]
		e.scratch = append(e.scratch[:0], cutText(text, n)...)
		e.scratch = e.end(append(e.scratch, truncatedSuffix...))
		return e.scratch
	})
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", errTooBig, err)
	}
	e.packed = packed
	return packed, kept < whole, nil
}

// cut shortens the data at hand so that it has limit bytes with its ending.
func (e *recordEncoder) cut(limit int) []byte {
	kept := cutText(e.data, limit-e.newline()-len(truncatedSuffix))
	return e.end(append(kept, truncatedSuffix...))
}

// end appends what append_newline asks for.
func (e *recordEncoder) end(data []byte) []byte {
	if e.config.AppendNewline {
		return append(data, '\n')
	}
	return data
}

// newline is how many bytes end appends.
func (e *recordEncoder) newline() int {
	if e.config.AppendNewline {
		return 1
	}
	return 0
}

// cutText is the longest prefix of s of at most n bytes that does not end
// inside a UTF-8 character.
func cutText(s []byte, n int) []byte {
	if n >= len(s) {
		return s
	}
	for back := range min(utf8.UTFMax, n+1) {
		if start := n - back; utf8.RuneStart(s[start]) {
			if _, size := utf8.DecodeRune(s[start:]); start+size > n {
				return s[:start]
			}
			break
		}
	}
	return s[:n]
}

// timeMember is the event's time under time_key.
type timeMember struct {
	format  *plugins.TimeFormat // nil without time_key
	written []byte              // time_key, dots replaced
	opening []byte              // `"key":`
	text    []byte              // the time at hand
	second  int64               // that text is of; 0 where it was not set yet
}

func (t *timeMember) init(config *Config) {
	if config.TimeKey == "" {
		return
	}
	t.format = config.TimeFormat
	t.written = []byte(config.TimeKey)
	if config.ReplaceDots != "" {
		t.written = plugins.AppendDotless(nil, t.written, config.ReplaceDots)
	}
	t.opening = append(plugins.AppendString(nil, t.written), ':')
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
	return append(plugins.AppendString(data, t.text), '}')
}
