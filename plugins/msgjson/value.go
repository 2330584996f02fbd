package msgjson

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/tinylib/msgp/msgp"

	"fluent-bit-kinesis/plugins/msgpack"
)

// value appends the value at pos as JSON. depth is the number of maps and
// arrays around it; seen is what is known of maps at this place.
func (e *Encoder) value(dst, src []byte, pos, depth int, seen *shape) ([]byte, int, error) {
	if pos >= len(src) {
		return dst, pos, msgpack.ErrShort
	}
	c := src[pos]
	if msgpack.IsFixStr(c) {
		end := pos + 1 + int(c&0x1f)
		if end > len(src) {
			return dst, pos, msgpack.ErrShort
		}
		return appendString(dst, src, pos+1, end), end, nil
	}
	switch {
	case c < 0x80:
		return strconv.AppendUint(dst, uint64(c), 10), pos + 1, nil
	case msgpack.IsMap(c):
		return e.nestedMap(dst, src, pos, depth, seen)
	case msgpack.IsArray(c):
		return e.array(dst, src, pos, depth, seen)
	case msgpack.IsText(c):
		s, next, ok := msgpack.StringAt(src, pos)
		if !ok {
			return dst, pos, msgpack.ErrShort
		}
		if e.options.HexBinary && msgpack.IsBinary(c) {
			return append(hex.AppendEncode(append(dst, '"'), s), '"'), next, nil
		}
		return appendString(dst, src, next-len(s), next), next, nil
	case c == msgpack.LeadNil:
		return append(dst, "null"...), pos + 1, nil
	case c == msgpack.LeadFalse:
		return append(dst, "false"...), pos + 1, nil
	case c == msgpack.LeadTrue:
		return append(dst, "true"...), pos + 1, nil
	case msgpack.IsExt(c):
		return appendExt(dst, src, pos)
	default:
		return appendNumber(dst, src, pos)
	}
}

func (e *Encoder) nestedMap(dst, src []byte, pos, depth int, seen *shape) ([]byte, int, error) {
	if depth >= MaxDepth {
		return dst, pos, ErrTooDeep
	}
	if seen == nil {
		return e.mapAt(dst, src, pos, depth+1, nil)
	}
	if m := seen.memo; m != nil && m.isAt(src, pos, depth) {
		m.misses = 0
		return append(dst, m.text...), pos + len(m.value), nil
	}
	start := len(dst)
	dst, next, err := e.mapAt(dst, src, pos, depth+1, seen)
	if err == errThorough && depth == 1 { // in a member of the record, which is not worth the whole of it
		dst, next, err = e.mapAt(dst[:start], src, pos, depth+1, nil)
	}
	if err == nil {
		e.memorize(seen, src[pos:next], dst[start:], depth)
	}
	return dst, next, err
}

func (e *Encoder) array(dst, src []byte, pos, depth int, seen *shape) ([]byte, int, error) {
	if depth >= MaxDepth {
		return dst, pos, ErrTooDeep
	}
	n, pos, err := msgpack.ArrayHeader(src, pos)
	if err != nil {
		return dst, pos, err
	}
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, pos, err = e.value(dst, src, pos, depth+1, seen); err != nil {
			return dst, pos, err
		}
	}
	return append(dst, ']'), pos, nil
}

func appendNumber(dst, src []byte, pos int) ([]byte, int, error) {
	b := src[pos:]
	switch c := src[pos]; {
	case c >= msgpack.LeadUint8 && c <= msgpack.LeadUint64:
		u, rest, err := msgp.ReadUint64Bytes(b)
		if err != nil {
			return dst, pos, err
		}
		return strconv.AppendUint(dst, u, 10), len(src) - len(rest), nil
	case msgpack.IsFixInt(c) || c >= msgpack.LeadInt8 && c <= msgpack.LeadInt64:
		i, rest, err := msgp.ReadInt64Bytes(b)
		if err != nil {
			return dst, pos, err
		}
		return strconv.AppendInt(dst, i, 10), len(src) - len(rest), nil
	case c == msgpack.LeadFloat32:
		f, rest, err := msgp.ReadFloat32Bytes(b)
		if err != nil {
			return dst, pos, err
		}
		return appendFloat(dst, float64(f), 32), len(src) - len(rest), nil
	case c == msgpack.LeadFloat64:
		f, rest, err := msgp.ReadFloat64Bytes(b)
		if err != nil {
			return dst, pos, err
		}
		return appendFloat(dst, f, 64), len(src) - len(rest), nil
	default:
		return dst, pos, errors.New("0xc1 begins no msgpack value")
	}
}

// appendFloat writes the shortest decimal that reads back as f, a float of so
// many bits, in the notation that JavaScript, and so nearly every JSON writer,
// chooses for it: ECMA-262, Number::toString. NaN and the infinities have none:
// null.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	abs, tiny, huge := math.Abs(f), 1e-6, 1e21
	if bits == 32 {
		tiny, huge = float64(float32(tiny)), float64(float32(huge))
	}
	if abs == 0 || abs >= tiny && abs < huge {
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	if n := len(dst); dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-07 is e-7
		dst = dst[:n-1]
	}
	return dst
}

// appendExt writes an event time as RFC 3339 in UTC, with as many of the nine
// digits of its nanoseconds as it needs, and the payload of any other ext type
// as base64; both as strings.
func appendExt(dst, src []byte, pos int) ([]byte, int, error) {
	typ, payload, next, err := msgpack.ExtAt(src, pos)
	if err != nil {
		return dst, pos, err
	}
	dst = append(dst, '"')
	if msgpack.IsEventTime(typ, payload) {
		dst = time.Unix(msgpack.EventTime(payload)).UTC().AppendFormat(dst, time.RFC3339Nano)
	} else {
		dst = slices.Grow(dst, base64.StdEncoding.EncodedLen(len(payload))+1)
		dst = base64.StdEncoding.AppendEncode(dst, payload)
	}
	return append(dst, '"'), next, nil
}
