package record

import "strings"

// A KeyPath leads to a value in a record: the key at the top level, the key in
// the map that stands there, and so on.
type KeyPath []string

// Arrow stands between the keys of a path where it is written: a->b->c.
const Arrow = "->"

// String returns the path as it is written in an option.
func (p KeyPath) String() string { return strings.Join(p, Arrow) }
