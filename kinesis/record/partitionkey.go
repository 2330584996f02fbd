package record

import (
	"bytes"
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
	path    KeyPath // of the option; empty where it is not set
	timeKey string
	random  *rand.Rand
	key     []byte // the key at hand

	// The last value of the path's first key that has another below it, and the
	// key that it led to. The records of a pod have the same.
	seen  []byte // at most maxSeenValue bytes; empty where none is kept
	found []byte
}

const maxSeenValue = 4 << 10

func newPartitionKeys(o *Options) *partitionKeys {
	return &partitionKeys{path: o.PartitionKey, timeKey: o.TimeKey, random: newRandom()}
}

// of is the key of the record that json has just encoded from body. It is
// valid until the next call. random tells that it is not the record's own.
func (p *partitionKeys) of(json *msgjson.Encoder, body []byte, at *timeMember) (key []byte, random bool) {
	if len(p.path) > 0 {
		if key := p.fromRecord(json, body, at); len(key) > 0 {
			return key, false
		}
	}
	p.key = appendRandomKey(p.key[:0], p.random)
	return p.key, true
}

// fromRecord is the value that the option's path leads to; empty where there is none
// that can be a key.
func (p *partitionKeys) fromRecord(json *msgjson.Encoder, body []byte, at *timeMember) []byte {
	if p.timeKey != "" && p.path[0] == p.timeKey {
		if len(p.path) > 1 {
			return nil
		}
		p.key = append(p.key[:0], at.text...)
		return p.cut()
	}
	value, ok := json.Noted(forPartitionKey, body)
	if !ok {
		return nil
	}
	if len(p.path) == 1 {
		return p.ofValue(json, value)
	}
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
	for _, name := range p.path[1:] {
		var ok bool
		if value, ok = msgjson.Member(value, name); !ok {
			return nil
		}
	}
	return p.ofValue(json, value)
}

// ofValue is the key that a value is; empty where it can be none.
func (p *partitionKeys) ofValue(json *msgjson.Encoder, value []byte) []byte {
	if text, ok := msgpack.Text(value); ok {
		text = text[:min(len(text), wire.MaxKeyRunes*utf8.UTFMax)] // what is behind cannot be among its characters
		p.key = msgjson.AppendValidUTF8(p.key[:0], text)
		return p.cut()
	}
	if !msgpack.IsScalar(value) {
		return nil
	}
	return p.ofScalar(json, value)
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
