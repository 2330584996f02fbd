package msgjson

import (
	"bytes"

	"fluent-bit-kinesis/plugins/msgpack"
)

// appendKey appends the key at pos as `,"key":`. raw is its text before dots
// are replaced; it is valid until the next call.
func (e *Encoder) appendKey(dst, src []byte, pos, depth int) (out []byte, next int, raw []byte, err error) {
	raw, next, ok := msgpack.StringAt(src, pos)
	if !ok {
		if raw, next, err = e.oddKey(src, pos, depth); err != nil {
			return dst, pos, nil, err
		}
	}
	return append(AppendString(append(dst, ','), e.withoutDots(raw)), ':'), next, raw, nil
}

// withoutDots is the text of a key under ReplaceDots, valid until the next
// call.
func (e *Encoder) withoutDots(key []byte) []byte {
	if e.options.ReplaceDots == nil || bytes.IndexByte(key, '.') < 0 {
		return key
	}
	e.dotless = AppendDotless(e.dotless[:0], key, e.options.ReplaceDots)
	return e.dotless
}

// AppendDotless appends the key with text in the place of every '.'.
func AppendDotless[T string | []byte](dst, key []byte, text T) []byte {
	for dot := bytes.IndexByte(key, '.'); dot >= 0; dot = bytes.IndexByte(key, '.') {
		dst = append(append(dst, key[:dot]...), text...)
		key = key[dot+1:]
	}
	return append(dst, key...)
}

// maxKeysAround bounds how deep keys may be in keys. Each key is a JSON string
// in that of the key around it, where every quote and backslash takes another
// backslash: the text grows by the power of two.
const maxKeysAround = 4

// oddKey is the text of a key that is not a string: its JSON, and for a value
// that JSON has as a string the inside of it. A key that is a map or an array
// comes while what e has is in use for the map around it: hence another
// Encoder. That one leaves dots alone, for all of its text is a key.
func (e *Encoder) oddKey(src []byte, pos, depth int) (raw []byte, next int, err error) {
	inner := e
	if pos < len(src) && (msgpack.IsMap(src[pos]) || msgpack.IsArray(src[pos])) {
		if e.keysAround >= maxKeysAround {
			return nil, pos, ErrTooDeep
		}
		inner = &Encoder{seed: e.seed, keysAround: e.keysAround + 1}
	}
	raw, next, err = inner.value(e.odd[:0], src, pos, depth, nil)
	e.odd = raw
	if n := len(raw); err == nil && raw[0] == '"' {
		raw = raw[1 : n-1] // an event time or base64: nothing in it is escaped
	}
	return raw, next, err
}
