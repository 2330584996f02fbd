package record

import (
	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/plugins/msgjson"
	"fluent-bit-kinesis/plugins/msgpack"
)

// hashKeys finds the explicit hash key of each record: the value that
// explicit_hash_key names. It is owned by one goroutine at a time.
type hashKeys struct {
	path   KeyPath
	added  *addition // that the path begins with, if it does
	digits []byte    // of the number at hand
}

func newHashKeys(o *Options, a *added) *hashKeys {
	return &hashKeys{path: o.HashKey, added: a.named([]byte(o.HashKey[0]))}
}

// of is the hash key of the record that json has just encoded from body, and for
// which the additions are set; ok is false where the record has none.
func (h *hashKeys) of(json *msgjson.Encoder, body []byte) (key aggregate.HashKey, ok bool) {
	value, ok := h.first(json, body)
	if ok {
		value, ok = h.path.within(value)
	}
	switch {
	case ok:
		return h.ofValue(json, value)
	case h.added != nil && h.added.value == nil && len(h.path) == 1:
		return aggregate.DecimalHashKey(h.added.text)
	}
	return key, false
}

// first is the value of the path's first key, as msgpack; ok is false where there is
// none, or it is a text that is added.
func (h *hashKeys) first(json *msgjson.Encoder, body []byte) (value []byte, ok bool) {
	if h.added != nil {
		return h.added.value, h.added.value != nil
	}
	return json.Noted(forHashKey, body)
}

// ofValue is the hash key that a value is: a decimal number below 2^128, as a text or
// as an integer.
func (h *hashKeys) ofValue(json *msgjson.Encoder, value []byte) (key aggregate.HashKey, ok bool) {
	if text, isText := msgpack.Text(value); isText {
		return aggregate.DecimalHashKey(text)
	}
	if !msgpack.IsInteger(value) {
		return key, false
	}
	digits, err := json.AppendValue(h.digits[:0], value)
	h.digits = digits
	if err != nil {
		return key, false
	}
	return aggregate.DecimalHashKey(digits)
}
