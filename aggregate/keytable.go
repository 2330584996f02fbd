package aggregate

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// keyTable is the partition key table of an aggregate under construction: the
// distinct keys in order of first use, ready in wire format, and an index over
// them. The index is a hash table with open addressing over the very bytes of
// the wire format, so that a key is stored once and nothing is allocated once
// the table has seen its largest aggregate. A Go map would need a string for
// each new key.
type keyTable struct {
	wire  []byte    // tag, length, key: for each key
	keys  []keySpan // where each key lies in wire
	slots []uint32  // 1 + a position in keys, 0 where free; a power of two, at most half used
	last  int       // position of the key that was found or added last
}

type keySpan struct {
	start, end uint32
	hash       uint32
}

// keySeed makes the order of slots unforeseeable: the keys come from records,
// and so from anybody. It has no bearing on the bytes written.
var keySeed = maphash.MakeSeed()

const fewestSlots = 16

// reset empties the table and keeps its memory.
func (t *keyTable) reset() {
	t.wire = t.wire[:0]
	t.keys = t.keys[:0]
	t.last = 0
	clear(t.slots)
}

// key returns the bytes of the key at position i, a view into the table.
func (t *keyTable) key(i int) []byte {
	span := t.keys[i]
	return t.wire[span.start:span.end]
}

// find returns the key's position, or if it has none the one it would be added
// at. Runs of one key, the usual case, cost one comparison.
func (t *keyTable) find(key []byte) (position int, found bool) {
	if len(t.keys) == 0 {
		return 0, false
	}
	if bytes.Equal(t.key(t.last), key) {
		return t.last, true
	}
	hash := hashOf(key)
	mask := uint32(len(t.slots) - 1)
	for slot := hash & mask; t.slots[slot] != 0; slot = (slot + 1) & mask {
		i := int(t.slots[slot] - 1)
		if t.keys[i].hash == hash && bytes.Equal(t.key(i), key) {
			t.last = i
			return i, true
		}
	}
	return len(t.keys), false
}

// add appends a key that find did not find.
func (t *keyTable) add(key []byte) {
	t.wire = append(t.wire, tagPartitionKey)
	t.wire = binary.AppendUvarint(t.wire, uint64(len(key)))
	start := len(t.wire)
	t.wire = append(t.wire, key...)

	t.last = len(t.keys)
	t.keys = append(t.keys, keySpan{
		start: uint32(start),
		end:   uint32(len(t.wire)),
		hash:  hashOf(key),
	})
	if 2*len(t.keys) > len(t.slots) {
		t.grow()
		return
	}
	t.index(t.last)
}

// grow doubles the slots and indexes all keys anew.
func (t *keyTable) grow() {
	t.slots = make([]uint32, max(fewestSlots, 2*len(t.slots)))
	for i := range t.keys {
		t.index(i)
	}
}

// index gives the key at position i the first free slot from its hash on.
func (t *keyTable) index(i int) {
	mask := uint32(len(t.slots) - 1)
	slot := t.keys[i].hash & mask
	for t.slots[slot] != 0 {
		slot = (slot + 1) & mask
	}
	t.slots[slot] = uint32(i + 1)
}

func hashOf(key []byte) uint32 { return uint32(maphash.Bytes(keySeed, key)) }
