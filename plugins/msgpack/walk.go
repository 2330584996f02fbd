package msgpack

import "github.com/tinylib/msgp/msgp"

// Skip returns the position behind the msgpack value at pos.
func Skip(src []byte, pos int) (next int, err error) {
	next, _, err = Walk(src, pos)
	return next, err
}

// Walk goes to the position behind the msgpack value at pos, and counts the
// maps and arrays on the way. It counts the values still owed instead of
// recursing, so no depth of nesting troubles it.
func Walk(src []byte, pos int) (next, nested int, err error) {
	for owed := 1; owed > 0; owed-- {
		if pos >= len(src) {
			return pos, nested, ErrShort
		}
		c := src[pos]
		switch {
		case IsFixStr(c):
			pos += 1 + int(c&0x1f)
			continue
		case IsFixInt(c), c >= LeadNil && c <= LeadTrue && c != leadNever:
			pos++
			continue
		case !IsMap(c) && !IsArray(c):
			if pos, err = skipScalar(src, pos); err != nil {
				return pos, nested, err
			}
			continue
		}
		n := 0
		if n, pos, err = Elements(src, pos); err != nil {
			return pos, nested, err
		}
		nested++
		owed += n
		if owed-1 > len(src)-pos { // each takes a byte at least
			return pos, nested, ErrShort
		}
	}
	if pos > len(src) {
		return len(src), nested, ErrShort
	}
	return pos, nested, nil
}

// skipScalar is Skip for any value but maps and arrays.
func skipScalar(src []byte, pos int) (next int, err error) {
	switch c := src[pos]; {
	case IsText(c):
		_, next, ok := StringAt(src, pos)
		if !ok {
			return pos, ErrShort
		}
		return next, nil
	case IsExt(c):
		_, _, next, err = ExtAt(src, pos)
		return next, err
	default:
		rest, err := msgp.Skip(src[pos:])
		return len(src) - len(rest), err
	}
}
