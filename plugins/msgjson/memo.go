package msgjson

import "bytes"

// A memo is the last map in some place of the records, and its JSON. Most of
// what a log record has beside its line, as that of its pod, is in such a map,
// and for all records of a chunk the same, for a chunk is of one tag.
type memo struct {
	value, text []byte
	depth       int // of the map: one that is deeper may be too deep
	misses      int // since it was there last
}

const (
	maxMemos    = 64 // in all
	maxMemoSize = 4 << 10

	// Where maps are never the same, to remember each would cost more than it
	// saves. The first other map is remembered at once: the next chunk may be
	// one of another pod.
	missesToMemorize = 8
)

// isAt tells whether the map is at pos once more. msgpack is self-delimiting: an
// equal prefix is an equal map.
func (m *memo) isAt(src []byte, pos, depth int) bool {
	return depth == m.depth && len(m.value) > 0 && bytes.HasPrefix(src[pos:], m.value)
}

// memorize remembers a map of the shapes that begin with seen, and its JSON.
func (e *Encoder) memorize(seen *shape, value, text []byte, depth int) {
	if seen.memo == nil {
		if e.memos >= maxMemos {
			return
		}
		e.memos++
		seen.memo = &memo{value: make([]byte, 0, maxMemoSize), text: make([]byte, 0, maxMemoSize)}
	}
	m := seen.memo
	if m.misses++; m.misses%missesToMemorize != 1 || len(value) > maxMemoSize || len(text) > maxMemoSize {
		return
	}
	m.value, m.text, m.depth = append(m.value[:0], value...), append(m.text[:0], text...), depth
}
