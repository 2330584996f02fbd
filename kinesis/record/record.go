// Package record makes of an event what goes to the stream: the data of a
// record and its partition key.
//
// An [Encoder] goes once over the msgpack of the event and appends the data to
// a buffer of its own, applying the options on the way. Their order is part of
// what they promise:
//
//	time_key        the event's time is added, or replaces a field of that name,
//	                and so are by tag_key, metadata_key and group_key what else
//	                Fluent Bit knows
//	partition_key   is looked up, in the record with what was added, and so is
//	                explicit_hash_key
//	stream          is looked up there, too, where it is a template
//	data_keys       leaves out all other keys
//	skip_empty      leaves out the record if no key is left but what was added
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
// The package knows of streams no more than their names, and of requests
// nothing. The options come as values; whoever reads their texts fills in an
// [Options].
package record

import (
	"bytes"
	"slices"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/plugins"
	"fluent-bit-kinesis/plugins/events"
	"fluent-bit-kinesis/plugins/msgjson"
	"fluent-bit-kinesis/plugins/msgpack"
)

// Options are what records are to be like, in the order in which they apply.
type Options struct {
	TimeKey       string              // "" adds no time
	TimeFormat    *plugins.TimeFormat // of the time; set where TimeKey is
	TagKey        string              // "" adds no tag
	MetadataKey   string              // "" adds no metadata
	GroupKey      string              // "" adds nothing of a group
	PartitionKey  KeyPath             // empty for random keys
	HashKey       KeyPath             // explicit, of the record; empty for the partition key's
	DataKeys      []string            // empty for all
	SkipEmpty     bool
	ReplaceDots   string // "" leaves dots alone
	LogKey        string // "" sends the whole record
	AppendNewline bool
	Lines         bool     // with AppendNewline: data ends in one newline, and is compressed by Seal alone
	MaximumSize   int      // of data and partition key, in bytes
	Stream        Template // that makes the names of streams; empty where all records go to one
}

// picks tells whether members of a record are told apart by their keys.
func (o *Options) picks() bool {
	adds := o.TimeKey != "" || o.TagKey != "" || o.MetadataKey != "" || o.GroupKey != ""
	return adds || len(o.PartitionKey) > 0 || len(o.HashKey) > 0 || len(o.DataKeys) > 0 || o.LogKey != "" || len(o.Stream) > 0
}

// dots is what stands for dots in keys; nil leaves them alone.
func (o *Options) dots() []byte {
	if o.ReplaceDots == "" {
		return nil
	}
	return []byte(o.ReplaceDots)
}

// A Record is an event as it goes to the stream. Its bytes are valid until the
// encoder's next record.
type Record struct {
	Data      []byte
	Key       []byte // partition key: UTF-8, 1 to 256 characters
	Random    bool   // the key is not the record's own
	Truncated bool

	Placed bool              // it has an explicit hash key
	At     aggregate.HashKey // that one
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
	hashes  *hashKeys // nil without explicit hash keys
	added   added
	streams *streamNames

	logAdded *addition // that log_key names, if it does

	streamName  []byte // of the record at hand
	streamKnown bool

	data    []byte // of the record at hand
	written []byte // the key at hand, dots replaced
	packed  []byte // the record at hand, compressed
	scratch []byte // the record at hand, cut to be compressed
}

// What the values are noted for that are looked up in a record.
const (
	forPartitionKey = msgjson.Note1
	forLog          = msgjson.Note2
	forHashKey      = msgjson.Note3
)

// NewEncoder returns an encoder of records under the options.
func NewEncoder(options Options) *Encoder {
	e := &Encoder{options: options, added: newAdded(&options)}
	e.keys = newPartitionKeys(&options, &e.added)
	e.streams = newStreamNames(&options, &e.added)
	if len(options.HashKey) > 0 {
		e.hashes = newHashKeys(&options, &e.added)
	}
	if options.LogKey != "" {
		e.logAdded = e.added.writtenAs([]byte(options.LogKey))
	}
	json := msgjson.Options{ReplaceDots: options.dots(), Numbered: len(e.streams.keys)}
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
	if e.added.named(key) != nil {
		return 0 // what is added takes its place
	}
	if len(o.PartitionKey) > 0 && string(key) == o.PartitionKey[0] {
		p |= forPartitionKey
	}
	if len(o.HashKey) > 0 && string(key) == o.HashKey[0] {
		p |= forHashKey
	}
	p |= e.streams.pick(key)
	if len(o.DataKeys) > 0 && !slices.ContainsFunc(o.DataKeys, func(wanted string) bool { return string(key) == wanted }) {
		return p
	}
	written := e.asWritten(key)
	switch {
	case e.added.writtenAs(written) != nil:
	case o.LogKey == "":
		p |= msgjson.Write
	case string(written) == o.LogKey:
		p |= forLog | msgjson.Mark
	default:
		p |= msgjson.Mark
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

// Begin readies the encoder for the events of a chunk with this tag.
func (e *Encoder) Begin(tag string) {
	e.added.begin(tag)
	if len(e.options.Stream) > 0 {
		e.streams.begin(tag)
	}
}

// End lets go of the chunk, which is not to be touched any more.
func (e *Encoder) End() { e.added.end() }

// Encode makes the record of the event, and returns how long the event's body is.
// Where the error has a reason of DropOf it costs the record, and after ErrEmpty
// there is none: both leave the length good. After any other the chunk cannot be
// read on.
func (e *Encoder) Encode(event *events.Reader) (r Record, n int, err error) {
	body := event.Body()
	data, n, err := e.json.AppendRecord(e.data[:0], body)
	e.data = data
	if err != nil {
		return r, n, err
	}
	if e.options.SkipEmpty && e.empty() {
		return r, n, ErrEmpty
	}
	if e.added.any() {
		e.added.set(event)
	}
	r.Key, r.Random = e.keys.of(e.json, body)
	if e.hashes != nil {
		r.At, r.Placed = e.hashes.of(e.json, body)
	}
	if len(e.options.Stream) > 0 {
		e.streamName, e.streamKnown = e.streams.of(e.json, body)
	}
	if e.options.LogKey != "" {
		err = e.logValue(body)
	} else if e.added.any() {
		e.data, err = e.added.appendTo(e.data)
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

// empty tells whether nothing is left of the fields of the record at hand.
func (e *Encoder) empty() bool {
	if e.options.LogKey != "" {
		return !e.json.Marked()
	}
	return len(e.data) == len("{}")
}

// StreamName is the name of the stream that the last record is for, by the
// template. It is valid until the next record, and not always a name that a stream
// can have; see [IsStreamName]. ok is false where the record has no value for a word
// of the template, or an empty one.
func (e *Encoder) StreamName() (name []byte, ok bool) { return e.streamName, e.streamKnown }

// logValue makes the data of the value of log_key alone.
func (e *Encoder) logValue(body []byte) error {
	if e.logAdded != nil {
		return e.logAddition(e.logAdded)
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

// logAddition makes the data of what is added alone.
func (e *Encoder) logAddition(m *addition) error {
	if !m.exists() {
		return errNoLogKey
	}
	if m.value == nil {
		e.data = append(e.data[:0], m.text...)
		return nil
	}
	text, err := e.added.asJSON(m)
	e.data = append(e.data[:0], text...)
	return err
}

// maxKept is what a buffer may keep for the next record, in bytes: more than
// nearly all records need.
const maxKept = 64 << 10

// Memory is what the encoder's buffers take, in bytes.
func (e *Encoder) Memory() int {
	return cap(e.data) + cap(e.written) + cap(e.packed) + cap(e.scratch) + cap(e.keys.key)
}

// Trim gives up buffers that a record of unusual size has made large.
func (e *Encoder) Trim() {
	for _, buffer := range []*[]byte{&e.data, &e.written, &e.packed, &e.scratch, &e.keys.key} {
		if cap(*buffer) > maxKept {
			*buffer = nil
		}
	}
	e.added.trim()
}
