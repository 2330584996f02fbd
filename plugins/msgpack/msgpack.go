// Package msgpack reads msgpack where it lies: it says where a value ends, and
// views what is in it, without a copy.
//
// Its functions take the bytes and a position in them, and return the position
// behind what they have read, so that a walk needs no object:
//
//	n, pos, err := msgpack.MapHeader(src, pos)
//	for range n {
//		key, value, ok := msgpack.StringAt(src, pos)
//		...
//		pos, err = msgpack.Skip(src, value)
//	}
//
// They take any bytes at all. What is announced and not there is an error, and
// nothing is ever sized by it. Values that make up nearly all of a log record
// are read here; the rest goes through the library tinylib/msgp.
package msgpack

import "errors"

// ErrShort says that a value goes on behind the end of the bytes.
var ErrShort = errors.New("msgpack value is cut off")

// The byte that a value begins with tells its type, and of a small one the
// length or the number as well. These are the others, where a type or a run of
// types begins or ends:
// https://github.com/msgpack/msgpack/blob/master/spec.md#formats.
const (
	LeadNil     = 0xc0
	leadNever   = 0xc1
	LeadFalse   = 0xc2
	LeadTrue    = 0xc3
	leadBin8    = 0xc4
	leadBin32   = 0xc6
	leadExt8    = 0xc7
	leadExt32   = 0xc9
	LeadFloat32 = 0xca
	LeadFloat64 = 0xcb
	LeadUint8   = 0xcc
	LeadUint64  = 0xcf
	LeadInt8    = 0xd0
	LeadInt64   = 0xd3
	leadFixExt  = 0xd4
	leadFixExtN = 0xd8
	leadStr8    = 0xd9
	leadStr32   = 0xdb
	leadArray16 = 0xdc
	leadArray32 = 0xdd
	leadMap16   = 0xde
	leadMap32   = 0xdf
)

// IsFixStr tells whether a str begins with the byte that has its length there.
func IsFixStr(c byte) bool { return c&0xe0 == 0xa0 }

// IsFixInt tells whether the byte is an integer by itself.
func IsFixInt(c byte) bool { return c < 0x80 || c >= 0xe0 }

func isFixMap(c byte) bool   { return c&0xf0 == 0x80 }
func isFixArray(c byte) bool { return c&0xf0 == 0x90 }

// IsMap tells whether a map begins with the byte.
func IsMap(c byte) bool { return isFixMap(c) || c == leadMap16 || c == leadMap32 }

// IsArray tells whether an array begins with the byte.
func IsArray(c byte) bool { return isFixArray(c) || c == leadArray16 || c == leadArray32 }

// IsText tells whether a str or a bin begins with the byte.
func IsText(c byte) bool {
	return IsFixStr(c) || c >= leadStr8 && c <= leadStr32 || IsBinary(c)
}

// IsBinary tells whether a bin begins with the byte.
func IsBinary(c byte) bool { return c >= leadBin8 && c <= leadBin32 }

// IsExt tells whether an ext value begins with the byte.
func IsExt(c byte) bool {
	return c >= leadExt8 && c <= leadExt32 || c >= leadFixExt && c <= leadFixExtN
}
