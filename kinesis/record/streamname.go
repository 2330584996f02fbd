package record

import (
	"bytes"
	"slices"
	"strings"

	"fluent-bit-kinesis/plugins/msgjson"
	"fluent-bit-kinesis/plugins/msgpack"
)

// streamNames makes the name of the stream of each record, by a template. It is
// owned by one goroutine at a time.
type streamNames struct {
	template Template // empty where all records go to one stream
	keys     []string // of the template; each value is noted under its number here
	words    []word   // of the template, part by part
	tag      string   // that the pieces of words are of
	name     []byte   // the name at hand
}

// A word is what a part of the template stands for.
type word struct {
	note  int       // the number of its key
	added *addition // that its key names, if it does
	piece string    // of the tag

	// The last value of the key, where the word is of one below it, and the text
	// that it led to. The records of a pod have the same.
	seen  []byte // at most maxSeenValue bytes; empty where none is kept
	found []byte
}

func newStreamNames(o *Options, a *added) *streamNames {
	s := &streamNames{template: o.Stream, keys: o.Stream.keys(), words: make([]word, len(o.Stream))}
	for i, p := range s.template {
		if p.kind == ofRecord {
			s.words[i].note, s.words[i].added = slices.Index(s.keys, p.key), a.named([]byte(p.key))
		}
	}
	s.cutTag("")
	return s
}

// pick is how a member of the record is noted for the template.
func (s *streamNames) pick(key []byte) (p msgjson.Pick) {
	for n, wanted := range s.keys {
		if string(key) == wanted {
			p |= msgjson.Numbered(n)
		}
	}
	return p
}

// begin readies the names for a chunk with this tag.
func (s *streamNames) begin(tag string) {
	if tag != s.tag {
		s.cutTag(tag)
	}
}

// cutTag cuts a tag into the pieces that words stand for.
func (s *streamNames) cutTag(tag string) {
	s.tag = tag
	for i, p := range s.template {
		if p.kind == ofTag {
			s.words[i].piece = pieceOf(tag, p.piece)
		}
	}
}

// pieceOf is a piece of a tag, which dots part; empty where there is none.
func pieceOf(tag string, n int) string {
	if n == wholeTag {
		return tag
	}
	for ; n > 0; n-- {
		var more bool
		if _, tag, more = strings.Cut(tag, "."); !more {
			return ""
		}
	}
	piece, _, _ := strings.Cut(tag, ".")
	return piece
}

// of is the name of the stream of the record that json has just encoded from
// body, and for which the additions are set. It is valid until the next call, and
// may be none that a stream can have; ok is false where the record lacks a part of
// it.
func (s *streamNames) of(json *msgjson.Encoder, body []byte) (name []byte, ok bool) {
	s.name = s.name[:0]
	for i := range s.template {
		p, before := &s.template[i], len(s.name)
		switch p.kind {
		case plainText:
			s.name = append(s.name, p.text...)
		case ofTag:
			s.name = appendStart(s.name, s.words[i].piece)
		default:
			s.appendValue(json, body, i)
		}
		if len(s.name) == before {
			return nil, false
		}
	}
	return s.name, true
}

// appendStart appends the start of a text: one that is longer can be in no name,
// and with one byte too many the name cannot be one either.
func appendStart[T string | []byte](dst []byte, text T) []byte {
	return append(dst, text[:min(len(text), MaxStreamName+1)]...)
}

// appendValue appends to the name what word i finds in the record, if anything.
func (s *streamNames) appendValue(json *msgjson.Encoder, body []byte, i int) {
	p, w := &s.template[i], &s.words[i]
	if m := w.added; m != nil && m.value == nil {
		if len(p.below) == 0 {
			s.name = appendStart(s.name, m.text)
		}
		return
	}
	value, ok := w.value(json, body)
	if !ok {
		return
	}
	if len(p.below) == 0 {
		s.name = appendText(s.name, json, value)
		return
	}
	if len(w.seen) == 0 || !bytes.Equal(value, w.seen) {
		w.found = w.found[:0]
		if below, ok := follow(value, p.below); ok {
			w.found = appendText(w.found, json, below)
		}
		w.seen = w.seen[:0]
		if len(value) <= maxSeenValue {
			w.seen = append(w.seen, value...)
		}
	}
	s.name = append(s.name, w.found...)
}

// value is that of the word's key, as msgpack.
func (w *word) value(json *msgjson.Encoder, body []byte) (value []byte, ok bool) {
	if w.added != nil {
		return w.added.value, true
	}
	return json.NotedAs(w.note, body)
}

// follow goes down from a value. ok is false where the way does not lead on.
func follow(value []byte, steps []step) (below []byte, ok bool) {
	for _, s := range steps {
		if s.index == byKey {
			value, ok = msgjson.Member(value, s.key)
		} else {
			value, ok = element(value, s.index)
		}
		if !ok {
			return nil, false
		}
	}
	return value, true
}

// element is an element of an array, counted from 0.
func element(value []byte, index int) (element []byte, ok bool) {
	n, pos, err := msgpack.ArrayHeader(value, 0)
	if err != nil || index >= n {
		return nil, false
	}
	for ; ; index-- {
		next, err := msgpack.Skip(value, pos)
		if err != nil {
			return nil, false
		}
		if index == 0 {
			return value[pos:next], true
		}
		pos = next
	}
}

// mostScalar is how many bytes of msgpack a number or a boolean has at most.
const mostScalar = 9

// appendText appends a string as it is, and a number or a boolean as JSON; nothing
// of what has no text.
func appendText(dst []byte, json *msgjson.Encoder, value []byte) []byte {
	if text, ok := msgpack.Text(value); ok {
		return appendStart(dst, text)
	}
	if len(value) > mostScalar || !msgpack.IsScalar(value) {
		return dst
	}
	text, err := json.AppendValue(dst, value)
	if err != nil || text[len(dst)] == '"' || text[len(dst)] == 'n' { // an ext value; NaN, which is null
		return dst
	}
	return text
}
