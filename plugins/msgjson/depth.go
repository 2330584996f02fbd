package msgjson

import (
	"errors"

	"fluent-bit-kinesis/plugins/msgpack"
)

// MaxDepth is how many levels of maps and arrays a record may have, its own
// map counted as the first.
const MaxDepth = 128

// ErrTooDeep says that a record is nested deeper than MaxDepth, or that its
// keys are within keys (see Encoder.oddKey). Only that record is lost: where it
// ends is known.
var ErrTooDeep = errors.New("nested deeper than 128 levels")

// skipWithin goes behind a value inside a record, with depth maps and arrays
// around it. It is ErrTooDeep where an encoder would find it nested so. The
// texts of keys within keys, which an encoder bounds as well, are not made.
func skipWithin(src []byte, pos, depth int) (next int, err error) {
	next, nested, err := msgpack.Walk(src, pos)
	if err == nil && depth+nested > MaxDepth {
		return descend(src, pos, depth)
	}
	return next, err
}

// descend goes down into the value at pos, to MaxDepth at most.
func descend(src []byte, pos, depth int) (next int, err error) {
	if pos >= len(src) {
		return pos, msgpack.ErrShort
	}
	if c := src[pos]; !msgpack.IsMap(c) && !msgpack.IsArray(c) {
		return msgpack.Skip(src, pos)
	}
	if depth >= MaxDepth {
		return pos, ErrTooDeep
	}
	n, pos, err := msgpack.Elements(src, pos)
	for ; n > 0 && err == nil; n-- {
		pos, err = descend(src, pos, depth+1)
	}
	return pos, err
}
