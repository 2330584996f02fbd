package aggregate

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// field is one field of a protobuf message.
type field struct {
	tag   uint64 // number<<3 | wire type
	value uint64 // of a varint
	bytes []byte // of a delimited field: a view
}

var (
	errTruncated = errors.New("a field runs past the end")
	errVarint    = errors.New("a number takes more than 64 bits")
)

// nextField reads the field that msg begins with, and returns the rest.
func nextField(msg []byte) (f field, rest []byte, err error) {
	f.tag, rest, err = nextVarint(msg)
	if err != nil {
		return field{}, nil, err
	}
	const highestNumber = 1<<29 - 1
	if number := f.tag >> 3; number == 0 || number > highestNumber {
		return field{}, nil, fmt.Errorf("field number %d: want 1 to %d", number, highestNumber)
	}

	switch wire := f.tag & 7; wire {
	case wireVarint:
		f.value, rest, err = nextVarint(rest)
	case wireBytes:
		f.bytes, rest, err = nextDelimited(rest)
	case wireFixed64:
		rest, err = skip(rest, 8)
	case wireFixed32:
		rest, err = skip(rest, 4)
	default:
		err = fmt.Errorf("wire type %d", wire)
	}
	if err != nil {
		return field{}, nil, err
	}
	return f, rest, nil
}

func nextVarint(b []byte) (v uint64, rest []byte, err error) {
	v, n := binary.Uvarint(b)
	switch {
	case n > 0:
		return v, b[n:], nil
	case n == 0:
		return 0, nil, errTruncated
	default:
		return 0, nil, errVarint
	}
}

func nextDelimited(b []byte) (value, rest []byte, err error) {
	n, b, err := nextVarint(b)
	if err != nil {
		return nil, nil, err
	}
	if n > uint64(len(b)) {
		return nil, nil, errTruncated
	}
	return b[:n:n], b[n:], nil
}

func skip(b []byte, n int) (rest []byte, err error) {
	if n > len(b) {
		return nil, errTruncated
	}
	return b[n:], nil
}
