package plugins

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tinylib/msgp/msgp"
)

// MaxDepth is how many levels of maps and arrays a record may have, its own
// map counted as the first.
const MaxDepth = 128

// ErrTooDeep says that a record is nested deeper than MaxDepth, or that its
// keys are within keys (see Encoder.oddKey). Only that record is lost: where it
// ends is known.
var ErrTooDeep = errors.New("nested deeper than 128 levels")

var errShort = errors.New("msgpack value is cut off")

// Lead bytes of msgpack values that are read in place, without the library:
// they make up nearly all of a log record. Everything else goes through msgp.
// See https://github.com/msgpack/msgpack/blob/master/spec.md#formats.
const (
	leadNil     = 0xc0
	leadNever   = 0xc1
	leadFalse   = 0xc2
	leadTrue    = 0xc3
	leadBin8    = 0xc4
	leadBin32   = 0xc6
	leadExt8    = 0xc7
	leadExt32   = 0xc9
	leadFloat32 = 0xca
	leadFloat64 = 0xcb
	leadUint8   = 0xcc
	leadUint64  = 0xcf
	leadInt8    = 0xd0
	leadInt64   = 0xd3
	leadFixExt  = 0xd4
	leadFixExtN = 0xd8
	leadStr8    = 0xd9
	leadStr32   = 0xdb
	leadArray16 = 0xdc
	leadArray32 = 0xdd
	leadMap16   = 0xde
	leadMap32   = 0xdf
)

func isFixStr(c byte) bool   { return c&0xe0 == 0xa0 }
func isFixMap(c byte) bool   { return c&0xf0 == 0x80 }
func isFixArray(c byte) bool { return c&0xf0 == 0x90 }
func isFixInt(c byte) bool   { return c < 0x80 || c >= 0xe0 }

func isMap(c byte) bool   { return isFixMap(c) || c == leadMap16 || c == leadMap32 }
func isArray(c byte) bool { return isFixArray(c) || c == leadArray16 || c == leadArray32 }
func isText(c byte) bool {
	return isFixStr(c) || c >= leadStr8 && c <= leadStr32 || c >= leadBin8 && c <= leadBin32
}
func isExt(c byte) bool {
	return c >= leadExt8 && c <= leadExt32 || c >= leadFixExt && c <= leadFixExtN
}

// skip returns the position behind the msgpack value at pos.
func skip(src []byte, pos int) (next int, err error) {
	next, _, err = walk(src, pos)
	return next, err
}

// walk goes to the position behind the msgpack value at pos, and counts the
// maps and arrays on the way. It counts the values still owed instead of
// recursing, so no depth of nesting troubles it.
func walk(src []byte, pos int) (next, nested int, err error) {
	for owed := 1; owed > 0; owed-- {
		if pos >= len(src) {
			return pos, nested, errShort
		}
		c := src[pos]
		switch {
		case isFixStr(c):
			pos += 1 + int(c&0x1f)
			continue
		case isFixInt(c), c >= leadNil && c <= leadTrue && c != leadNever:
			pos++
			continue
		case !isMap(c) && !isArray(c):
			if pos, err = skipScalar(src, pos); err != nil {
				return pos, nested, err
			}
			continue
		}
		n := 0
		if n, pos, err = elements(src, pos); err != nil {
			return pos, nested, err
		}
		nested++
		owed += n
		if owed-1 > len(src)-pos { // each takes a byte at least
			return pos, nested, errShort
		}
	}
	if pos > len(src) {
		return len(src), nested, errShort
	}
	return pos, nested, nil
}

// skipScalar is skip for any value but maps and arrays.
func skipScalar(src []byte, pos int) (next int, err error) {
	switch c := src[pos]; {
	case isText(c):
		_, next, ok := stringAt(src, pos)
		if !ok {
			return pos, errShort
		}
		return next, nil
	case isExt(c):
		_, _, next, err = extAt(src, pos)
		return next, err
	default:
		rest, err := msgp.Skip(src[pos:])
		return len(src) - len(rest), err
	}
}

// skipWithin is skip for a value inside a record, with depth maps and arrays
// around it. It is ErrTooDeep where an encoder would find it nested so. The
// texts of keys within keys, which an encoder bounds as well, are not made.
func skipWithin(src []byte, pos, depth int) (next int, err error) {
	next, nested, err := walk(src, pos)
	if err == nil && depth+nested > MaxDepth {
		return descend(src, pos, depth)
	}
	return next, err
}

// descend goes down into the value at pos, to MaxDepth at most.
func descend(src []byte, pos, depth int) (next int, err error) {
	if pos >= len(src) {
		return pos, errShort
	}
	if c := src[pos]; !isMap(c) && !isArray(c) {
		return skip(src, pos)
	}
	if depth >= MaxDepth {
		return pos, ErrTooDeep
	}
	n, pos, err := elements(src, pos)
	for ; n > 0 && err == nil; n-- {
		pos, err = descend(src, pos, depth+1)
	}
	return pos, err
}

// elements reads how many values follow the header of the map or array at pos
// as its own.
func elements(src []byte, pos int) (n, next int, err error) {
	if isMap(src[pos]) {
		n, next, err = mapHeader(src, pos)
		return 2 * n, next, err
	}
	return arrayHeader(src, pos)
}

// mapHeader reads the number of members of the map at pos. A number that the
// remaining bytes cannot hold is an error, so that nothing is sized by it.
func mapHeader(src []byte, pos int) (n, next int, err error) {
	if pos < len(src) && isFixMap(src[pos]) {
		return int(src[pos] & 0x0f), pos + 1, nil
	}
	count, rest, err := msgp.ReadMapHeaderBytes(src[pos:])
	if err != nil {
		return 0, pos, err
	}
	if int64(count)*2 > int64(len(rest)) {
		return 0, pos, errShort
	}
	return int(count), len(src) - len(rest), nil
}

// arrayHeader reads the number of elements of the array at pos, under the
// same bound as mapHeader.
func arrayHeader(src []byte, pos int) (n, next int, err error) {
	if pos < len(src) && isFixArray(src[pos]) {
		return int(src[pos] & 0x0f), pos + 1, nil
	}
	count, rest, err := msgp.ReadArrayHeaderBytes(src[pos:])
	if err != nil {
		return 0, pos, err
	}
	if int64(count) > int64(len(rest)) {
		return 0, pos, errShort
	}
	return int(count), len(src) - len(rest), nil
}

// spanAt is where the bytes lie whose number is in the width bytes at pos,
// big-endian. ok is false where src is too short for them, and for extra more.
func spanAt(src []byte, pos, width, extra int) (start, end int, ok bool) {
	start = pos + width
	if start > len(src) {
		return 0, 0, false
	}
	size := uint64(extra)
	switch width {
	case 1:
		size += uint64(src[pos])
	case 2:
		size += uint64(binary.BigEndian.Uint16(src[pos:]))
	default:
		size += uint64(binary.BigEndian.Uint32(src[pos:]))
	}
	if size > uint64(len(src)-start) {
		return 0, 0, false
	}
	return start, start + int(size), true
}

// stringAt views the bytes of the str or bin at pos. ok is false where the
// value is of another type, or cut off.
func stringAt(src []byte, pos int) (s []byte, next int, ok bool) {
	if pos >= len(src) {
		return nil, pos, false
	}
	var start, end int
	switch c := src[pos]; {
	case isFixStr(c):
		start = pos + 1
		end = start + int(c&0x1f)
		ok = end <= len(src)
	case c >= leadStr8 && c <= leadStr32:
		start, end, ok = spanAt(src, pos+1, 1<<(c-leadStr8), 0)
	case c >= leadBin8 && c <= leadBin32:
		start, end, ok = spanAt(src, pos+1, 1<<(c-leadBin8), 0)
	}
	if !ok {
		return nil, pos, false
	}
	return src[start:end], end, true
}

// extAt views the payload of the ext value at pos.
func extAt(src []byte, pos int) (typ int8, payload []byte, next int, err error) {
	var start, end int
	ok := false
	switch c := src[pos]; {
	case c >= leadFixExt && c <= leadFixExtN:
		start = pos + 1
		end = start + 1 + 1<<(c-leadFixExt)
		ok = end <= len(src)
	case c >= leadExt8 && c <= leadExt32:
		start, end, ok = spanAt(src, pos+1, 1<<(c-leadExt8), 1)
	default:
		return 0, nil, pos, fmt.Errorf("lead byte 0x%02x is not of an ext value", c)
	}
	if !ok {
		return 0, nil, pos, errShort
	}
	return int8(src[start]), src[start+1 : end], end, nil
}
