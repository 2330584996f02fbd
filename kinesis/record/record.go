// Package record makes of an event what goes to the stream: the data of a
// record and its partition key.
//
// An [Encoder] goes once over the msgpack of the event and appends the data to
// a buffer of its own, applying the options on the way. Their order is part of
// what they promise:
//
//	time_key        the event's time is added, or replaces a field of that name
//	partition_key   is looked up, in the record with its time
//	data_keys       leaves out all other keys
//	replace_dots    renames the keys that are left, at every depth
//	log_key         makes the data this key's value alone
//	append_newline  ends the data; lines have one newline, whatever they end in
//	compression     by the Compressor that the encoder has been lent
//	size            what is too long is cut
//
// A record that cannot be made costs that record alone: [DropOf] tells such an
// error from one that ends the chunk. Nothing is allocated for a record, and
// what an unusual one has made large is given up by Trim.
//
// The package knows neither streams nor requests. The options come as values;
// whoever reads their texts fills in an [Options].
package record

import (
	"bytes"
	"slices"
	"time"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/plugins"
	"fluent-bit-kinesis/plugins/msgjson"
	"fluent-bit-kinesis/plugins/msgpack"
)

// Options are what records are to be like, in the order in which they apply.
type Options struct {
	TimeKey       string              // "" adds no time
	TimeFormat    *plugins.TimeFormat // of the time; set where TimeKey is
	PartitionKey  KeyPath             // empty for random keys
	DataKeys      []string            // empty for all
	ReplaceDots   string              // "" leaves dots alone
	LogKey        string              // "" sends the whole record
	AppendNewline bool
	Lines         bool // with AppendNewline: data ends in one newline, and is compressed by Seal alone
	MaximumSize   int  // of data and partition key, in bytes
}

// picks tells whether members of a record are told apart by their keys.
func (o *Options) picks() bool {
	return o.TimeKey != "" || len(o.PartitionKey) > 0 || len(o.DataKeys) > 0 || o.LogKey != ""
}

// A Record is an event as it goes to the stream. Its bytes are valid until the
// encoder's next record.
type Record struct {
	Data      []byte
	Key       []byte // partition key: UTF-8, 1 to 256 characters
	Random    bool   // the key is not the record's own
	Truncated bool
}

// Size is what the service counts of the record.
func (r *Record) Size() int { return len(r.Data) + len(r.Key) }

// An Encoder makes records of events. It owns what it needs for that and is
// itself owned by one goroutine at a time.
type Encoder struct {
	// Compressor compresses the data; nil leaves it as it is. It is lent to the
	// encoder for a run of records, and may be another for the next.
	Compressor compress.Compressor

	options Options
	json    *msgjson.Encoder
	keys    *partitionKeys
	time    timeMember

	data    []byte // of the record at hand
	written []byte // the key at hand, dots replaced
	packed  []byte // the record at hand, compressed
	scratch []byte // the record at hand, cut to be compressed
}

// What the values are noted for that are looked up in a record.
const (
	forPartitionKey = msgjson.Note1
	forLog          = msgjson.Note2
)

// NewEncoder returns an encoder of records under the options.
func NewEncoder(options Options) *Encoder {
	e := &Encoder{options: options, keys: newPartitionKeys(&options), time: newTimeMember(&options)}
	var json msgjson.Options
	if options.ReplaceDots != "" {
		json.ReplaceDots = []byte(options.ReplaceDots)
	}
	if options.picks() {
		json.Pick = e.pick
	}
	e.json = msgjson.NewEncoder(json)
	return e
}

// pick decides what becomes of a member of the record, by its key. A key may be
// the empty text, which is not that of an option that is not set.
func (e *Encoder) pick(key []byte) msgjson.Pick {
	o := &e.options
	var p msgjson.Pick
	if o.TimeKey != "" && string(key) == o.TimeKey {
		return 0 // the event's time takes its place
	}
	if len(o.PartitionKey) > 0 && string(key) == o.PartitionKey[0] {
		p |= forPartitionKey
	}
	if len(o.DataKeys) > 0 && !slices.ContainsFunc(o.DataKeys, func(wanted string) bool { return string(key) == wanted }) {
		return p
	}
	switch {
	case o.LogKey != "":
		if string(e.asWritten(key)) == o.LogKey {
			p |= forLog
		}
	case o.TimeKey == "" || !bytes.Equal(e.asWritten(key), e.time.written):
		p |= msgjson.Write
	}
	return p
}

// asWritten is a key as it comes out, dots replaced. It is valid until the next
// call.
func (e *Encoder) asWritten(key []byte) []byte {
	if e.options.ReplaceDots == "" || bytes.IndexByte(key, '.') < 0 {
		return key
	}
	e.written = msgjson.AppendDotless(e.written[:0], key, e.options.ReplaceDots)
	return e.written
}

// Encode makes the record of the event whose body is at the start of body, and
// returns how long the body is. Where the error has a reason of DropOf it costs
// the record and leaves the length good; after any other the chunk cannot be
// read on.
func (e *Encoder) Encode(body []byte, at time.Time) (r Record, n int, err error) {
	data, n, err := e.json.AppendRecord(e.data[:0], body)
	e.data = data
	if err != nil {
		return r, n, err
	}
	if e.time.on() {
		e.time.set(at)
	}
	r.Key, r.Random = e.keys.of(e.json, body, &e.time)
	if e.options.LogKey != "" {
		err = e.logValue(body)
	} else if e.time.on() {
		e.data = e.time.appendMember(e.data)
	}
	if err != nil {
		return r, n, err
	}
	if e.options.Lines && e.Compressor != nil {
		e.data = e.end(e.data)
		r.Data = e.data
		return r, n, nil
	}
	r.Data, r.Truncated, err = e.fit(e.options.MaximumSize - len(r.Key))
	return r, n, err
}

// Seal compresses the record that Encode has just made, one of Lines that is not to
// be joined to others, and brings it within the size. The error is as of Encode.
func (e *Encoder) Seal(r *Record) (err error) {
	if e.Compressor != nil {
		r.Data, r.Truncated, err = e.fitCompressed(e.options.MaximumSize - len(r.Key))
	}
	return err
}

// logValue makes the data of the value of log_key alone.
func (e *Encoder) logValue(body []byte) error {
	if e.time.on() && string(e.time.written) == e.options.LogKey {
		e.data = append(e.data[:0], e.time.text...)
		return nil
	}
	value, ok := e.json.Noted(forLog, body)
	if !ok {
		return errNoLogKey
	}
	if s, ok := msgpack.Text(value); ok {
		e.data = append(e.data[:0], s...)
		return nil
	}
	var err error
	e.data, err = e.json.AppendValue(e.data[:0], value)
	return err
}

// maxKept is what a buffer may keep for the next record, in bytes: more than
// nearly all records need.
const maxKept = 64 << 10

// Trim gives up buffers that a record of unusual size has made large.
func (e *Encoder) Trim() {
	for _, buffer := range []*[]byte{&e.data, &e.written, &e.packed, &e.scratch, &e.keys.key} {
		if cap(*buffer) > maxKept {
			*buffer = nil
		}
	}
}
