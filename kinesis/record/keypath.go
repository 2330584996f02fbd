package record

import (
	"strings"

	"fluent-bit-kinesis/plugins/msgjson"
)

// A KeyPath leads to a value in a record: the key at the top level, the key in
// the map that stands there, and so on.
type KeyPath []string

// Arrow stands between the keys of a path where it is written: a->b->c.
const Arrow = "->"

// String returns the path as it is written in an option.
func (p KeyPath) String() string { return strings.Join(p, Arrow) }

// within is what the keys after the first lead to in the value of the first, as
// msgpack. ok is false where the way does not lead on.
func (p KeyPath) within(value []byte) (within []byte, ok bool) {
	for _, name := range p[1:] {
		if value, ok = msgjson.Member(value, name); !ok {
			return nil, false
		}
	}
	return value, true
}
