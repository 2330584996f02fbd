package record

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"unicode/utf8"

	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins/msgjson"
	"fluent-bit-kinesis/plugins/msgpack"
)

// partitionKeys finds the partition key of each record: the value that
// partition_key names, or a random one. It is owned by one goroutine at a
// time.
type partitionKeys struct {
	path   KeyPath   // of the option; empty where it is not set
	added  *addition // that the path begins with, if it does
	random *rand.Rand
	key    []byte // the key at hand

	// The last value of the path's first key that has another below it, and the
	// key that it led to. The records of a pod have the same.
	seen  []byte // at most maxSeenValue bytes; empty where none is kept
	found []byte
}

const maxSeenValue = 4 << 10

func newPartitionKeys(o *Options, a *added) *partitionKeys {
	p := &partitionKeys{path: o.PartitionKey, random: newRandom()}
	if len(p.path) > 0 {
		p.added = a.named([]byte(p.path[0]))
	}
	return p
}

// of is the key of the record that json has just encoded from body, and for which
// the additions are set. It is valid until the next call. random tells that it is
// not the record's own.
func (p *partitionKeys) of(json *msgjson.Encoder, body []byte) (key []byte, random bool) {
	if len(p.path) > 0 {
		if key := p.fromRecord(json, body); len(key) > 0 {
			return key, false
		}
	}
	p.key = appendRandomKey(p.key[:0], p.random)
	return p.key, true
}

// fromRecord is the value that the option's path leads to; empty where there is none
// that can be a key.
func (p *partitionKeys) fromRecord(json *msgjson.Encoder, body []byte) []byte {
	if p.added != nil {
		return p.fromAddition(json)
	}
	value, ok := json.Noted(forPartitionKey, body)
	if !ok {
		return nil
	}
	if len(p.path) == 1 {
		return p.ofValue(json, value)
	}
	return p.within(json, value)
}

// fromAddition is the key that the path leads to in what is added: to a text, or
// into a map.
func (p *partitionKeys) fromAddition(json *msgjson.Encoder) []byte {
	switch m := p.added; {
	case m.value == nil && len(p.path) == 1:
		return p.ofText(m.text)
	case m.value != nil && len(p.path) > 1:
		return p.within(json, m.value)
	}
	return nil
}

// within is the key that the rest of the path leads to in the value of its first
// key.
func (p *partitionKeys) within(json *msgjson.Encoder, value []byte) []byte {
	if len(p.seen) == 0 || !bytes.Equal(value, p.seen) {
		found := p.lookup(json, value)
		p.seen, p.found = p.seen[:0], append(p.found[:0], found...)
		if len(value) <= maxSeenValue {
			p.seen = append(p.seen, value...)
		}
	}
	return p.found
}

// lookup is the key that the rest of the path leads to in a value.
func (p *partitionKeys) lookup(json *msgjson.Encoder, value []byte) []byte {
	value, ok := p.path.within(value)
	if !ok {
		return nil
	}
	return p.ofValue(json, value)
}

// ofValue is the key that a value is; empty where it can be none.
func (p *partitionKeys) ofValue(json *msgjson.Encoder, value []byte) []byte {
	if text, ok := msgpack.Text(value); ok {
		if p.added != nil && msgpack.IsBinary(value[0]) {
			return p.ofBinary(text)
		}
		return p.ofText(text)
	}
	if !msgpack.IsScalar(value) {
		return nil
	}
	return p.ofScalar(json, value)
}

func (p *partitionKeys) ofText(text []byte) []byte {
	text = text[:min(len(text), wire.MaxKeyRunes*utf8.UTFMax)] // what is behind cannot be among its characters
	p.key = msgjson.AppendValidUTF8(p.key[:0], text)
	return p.cut()
}

// ofBinary is the digits that bytes in what is added are written as.
func (p *partitionKeys) ofBinary(value []byte) []byte {
	p.key = hex.AppendEncode(p.key[:0], value[:min(len(value), wire.MaxKeyRunes)])
	return p.cut()
}

// ofScalar is the value's JSON; where that is a string, the inside of it, and
// where it is null, as for NaN, none.
func (p *partitionKeys) ofScalar(json *msgjson.Encoder, value []byte) []byte {
	text, err := json.AppendValue(p.key[:0], value)
	p.key = text
	if err != nil || string(text) == "null" {
		return nil
	}
	p.key = bytes.Trim(text, `"`)
	return p.cut()
}

// cut brings the key at hand within the service's limit of characters.
func (p *partitionKeys) cut() []byte {
	if len(p.key) <= wire.MaxKeyRunes {
		return p.key
	}
	end := 0
	for range wire.MaxKeyRunes {
		if end == len(p.key) {
			break
		}
		_, size := utf8.DecodeRune(p.key[end:])
		end += size
	}
	return p.key[:end]
}
