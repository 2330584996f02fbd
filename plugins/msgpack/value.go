package msgpack

import (
	"encoding/binary"
	"fmt"
)

// Text views the bytes of a str or bin. ok is false for any other type.
func Text(value []byte) (text []byte, ok bool) {
	text, _, ok = StringAt(value, 0)
	return text, ok
}

// IsScalar tells whether the value is a number, a boolean or an ext value: no
// nil, no text, no map and no array.
func IsScalar(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	switch c := value[0]; {
	case IsFixInt(c), c == LeadFalse, c == LeadTrue:
		return true
	case c >= leadExt8 && c <= leadFixExtN:
		return true // ext, float, uint, int
	}
	return false
}

// IsInteger tells whether the value is an integer, of any size and sign.
func IsInteger(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	c := value[0]
	return IsFixInt(c) || c >= LeadUint8 && c <= LeadInt64
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

// StringAt views the bytes of the str or bin at pos. ok is false where the
// value is of another type, or cut off.
func StringAt(src []byte, pos int) (s []byte, next int, ok bool) {
	if pos >= len(src) {
		return nil, pos, false
	}
	var start, end int
	switch c := src[pos]; {
	case IsFixStr(c):
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

// ExtAt views the payload of the ext value at pos.
func ExtAt(src []byte, pos int) (typ int8, payload []byte, next int, err error) {
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
		return 0, nil, pos, ErrShort
	}
	return int8(src[start]), src[start+1 : end], end, nil
}
