package msgpack

import "github.com/tinylib/msgp/msgp"

// Elements reads how many values follow the header of the map or array at pos
// as its own.
func Elements(src []byte, pos int) (n, next int, err error) {
	if IsMap(src[pos]) {
		n, next, err = MapHeader(src, pos)
		return 2 * n, next, err
	}
	return ArrayHeader(src, pos)
}

// MapHeader reads the number of members of the map at pos. A number that the
// remaining bytes cannot hold is an error, so that nothing is sized by it.
func MapHeader(src []byte, pos int) (n, next int, err error) {
	if pos < len(src) && isFixMap(src[pos]) {
		return int(src[pos] & 0x0f), pos + 1, nil
	}
	count, rest, err := msgp.ReadMapHeaderBytes(src[pos:])
	if err != nil {
		return 0, pos, err
	}
	if int64(count)*2 > int64(len(rest)) {
		return 0, pos, ErrShort
	}
	return int(count), len(src) - len(rest), nil
}

// ArrayHeader reads the number of elements of the array at pos, under the
// same bound as MapHeader.
func ArrayHeader(src []byte, pos int) (n, next int, err error) {
	if pos < len(src) && isFixArray(src[pos]) {
		return int(src[pos] & 0x0f), pos + 1, nil
	}
	count, rest, err := msgp.ReadArrayHeaderBytes(src[pos:])
	if err != nil {
		return 0, pos, err
	}
	if int64(count) > int64(len(rest)) {
		return 0, pos, ErrShort
	}
	return int(count), len(src) - len(rest), nil
}
