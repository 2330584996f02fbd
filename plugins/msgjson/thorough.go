package msgjson

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"slices"
)

// A member of a map that is written without a shape, by where its text is in
// the output: `,"key":` and then the value.
type member struct {
	start, value int
	repeated     bool // a later member has the same key
}

// mapThorough appends a map of n members, the first of which is at pos. It
// writes them all, and takes out again those whose key comes once more. Its
// cost is linear in the size of the map, so that it is safe for maps of any
// size, and of any making.
func (e *Encoder) mapThorough(dst, src []byte, pos, n, depth int) (out []byte, next int, err error) {
	start, first := len(dst), len(e.members)
	for range n {
		if dst, pos, err = e.memberThorough(dst, src, pos, depth); err != nil {
			return dst, pos, err
		}
	}
	dst = e.withoutRepeated(dst, first)
	e.members = e.members[:first]
	return closeMap(dst, start), pos, nil
}

// memberThorough appends the member at pos, and pushes it, if it is to be
// written at all.
func (e *Encoder) memberThorough(dst, src []byte, pos, depth int) (out []byte, next int, err error) {
	start := len(dst)
	dst, pos, key, err := e.appendKey(dst, src, pos, depth)
	if err != nil {
		return dst, pos, err
	}
	pick := e.pick(key, depth)
	value, from := len(dst), pos
	if pick&Write == 0 {
		dst = dst[:start]
		pos, err = skipWithin(src, pos, depth)
	} else {
		dst, pos, err = e.value(dst, src, pos, depth, nil)
		e.members = append(e.members, member{start: start, value: value})
	}
	if err == nil {
		e.notes.take(pick, from, pos)
		e.number(pick, from, pos)
	}
	return dst, pos, err
}

// withoutRepeated takes those of the members from first on whose key comes
// again out of dst, which they end.
func (e *Encoder) withoutRepeated(dst []byte, first int) []byte {
	members := e.members[first:]
	if !e.markRepeated(dst, members) {
		return dst
	}
	end := members[0].start
	for i, m := range members {
		next := len(dst)
		if i+1 < len(members) {
			next = members[i+1].start
		}
		if !m.repeated {
			end += copy(dst[end:], dst[m.start:next])
		}
	}
	return dst[:end]
}

// markRepeated marks those of the members whose key comes again, and tells
// whether there are any. It finds them by an open-addressed table of members,
// by the hash of their keys' text.
func (e *Encoder) markRepeated(dst []byte, members []member) (any bool) {
	if len(members) < 2 {
		return false
	}
	size := 1 << bits.Len(uint(2*len(members)))
	e.table = slices.Grow(e.table[:0], size)
	table := e.table[:size]
	clear(table)
	for i, m := range members {
		text := dst[m.start:m.value]
		slot := maphash.Bytes(e.seed, text) & uint64(size-1)
		for ; table[slot] != 0; slot = (slot + 1) & uint64(size-1) {
			other := &members[table[slot]-1]
			if bytes.Equal(dst[other.start:other.value], text) {
				other.repeated, any = true, true
				break
			}
		}
		table[slot] = uint32(i + 1)
	}
	return any
}
