package msgjson

import (
	"bytes"

	"fluent-bit-kinesis/plugins/msgpack"
)

// A shape stands for all maps whose keys so far were these, in this order;
// the next key leads to another shape. Log records come in few shapes, so what
// depends on keys alone is found out once per shape instead of once per
// record: how a key is written, whether it is wanted, and that it repeats none
// before it.
type shape struct {
	parent *shape
	key    []byte // the last key, as msgpack
	text   []byte // the last key as it is written: `,"key":`; nil where it repeats one before it
	pick   Pick
	next   []*shape // by one more key, the last one met first; at most maxShapeNext
	below  *shape   // of maps that are the value of the last key, whatever came before it
	memo   *memo    // at the begin of a map: the last one of its place, if it is worth it
}

// Bounds on what is remembered. Records beyond them are encoded without
// shapes, more slowly.
const (
	maxShapes    = 4096 // in all; some 300 bytes each
	maxShapeKeys = 128  // of one map
	maxShapeNext = 32
	maxKeySize   = 128 // of a key as msgpack, in bytes

	// When so many keys have been met that there was no room to remember, the
	// records are no longer those that the shapes were learned from.
	missesToForget = 100_000
)

func (e *Encoder) forget() {
	e.known, e.alike = &shape{}, &shape{}
	e.shapes, e.misses, e.memos = 0, 0, 0
	e.places = map[place]*shape{}
}

// A place is where maps stand: as the value of a key, as msgpack, of the maps
// that begin with a shape. Optional keys before it are no other place: the
// maps there are the same, and to learn them anew for each would fill memory
// with their shapes.
type place struct {
	in  *shape
	key string
}

// below is what the shapes of the maps begin with that are the value of the
// key, in maps that so far had the shape seen.
func (e *Encoder) below(seen *shape, key []byte) *shape {
	for seen.parent != nil {
		seen = seen.parent
	}
	at := place{seen, string(key)}
	if e.places[at] == nil {
		e.places[at] = &shape{}
	}
	return e.places[at]
}

// follow returns the shape that the key at pos leads to, nil where there is
// none that can be used. msgpack is self-delimiting: an equal prefix is an equal
// key.
func (e *Encoder) follow(seen *shape, src []byte, pos, depth int) *shape {
	rest := src[pos:]
	for i, next := range seen.next {
		if !bytes.HasPrefix(rest, next.key) {
			continue
		}
		if i > 0 { // it is likely to come again
			seen.next[i], seen.next[0] = seen.next[0], next
		}
		if next.text == nil {
			return nil
		}
		return next
	}
	return e.learn(seen, src, pos, depth)
}

// learn adds the shape that the key at pos leads to. nil is returned where a
// bound is reached, the key is not one to be remembered, or its text is that
// of a key before it.
func (e *Encoder) learn(seen *shape, src []byte, pos, depth int) *shape {
	if e.shapes >= maxShapes || len(seen.next) >= maxShapeNext {
		e.misses++
		return nil
	}
	if next, nested, err := msgpack.Walk(src, pos); err != nil || nested > 0 || next-pos > maxKeySize {
		return nil
	}
	text, next, raw, err := e.appendKey(nil, src, pos, depth)
	if err != nil {
		return nil
	}
	key := bytes.Clone(src[pos:next])
	child := &shape{parent: seen, key: key, text: text, pick: e.pick(raw, depth), below: e.below(seen, key)}
	e.shapes++
	seen.next = append(seen.next, child)
	for s := seen; s.parent != nil; s = s.parent {
		if child.pick&s.pick&Write != 0 && bytes.Equal(s.text, text) {
			child.text = nil
			return nil
		}
	}
	return child
}
