package aggregate

import (
	"crypto/md5"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A Writer packs user records into one aggregate after the other, in a buffer
// that it reuses. The zero Writer is ready for use; one goroutine at a time may
// own it.
//
// The size of the closed aggregate is known before each record is added
// ([Writer.SizeWith]), so that a limit is kept by arithmetic:
//
//	if w.Count() > 0 && w.SizeWith(key, len(data))+len(w.PartitionKey()) > limit {
//		put(w.PartitionKey(), w.Close())
//		w.Reset()
//	}
//	w.Add(key, data)
//
// User records whose key is not the aggregate's get the hash of that one as their
// explicit hash key; after [Writer.Place], all get the hash key given there. The
// bytes are a function of that and of the records added alone, and are those that a
// protobuf library makes of the same message.
type Writer struct {
	// An aggregate begins with the magic and the tables, which grow with
	// each record, and goes on with the records, which are most of it. So
	// the records are appended behind room left free in buf, and Close sets
	// the rest in front of them.
	buf   []byte // free room, then the records field in wire format
	room  int    // bytes at the front of buf that are free
	count int    // records in buf

	keys keyTable

	// The explicit hash key table has one entry at most: the hash key that the
	// aggregate is put under.
	hashKey     []byte // the entry in wire format; empty until first asked for
	hashKeyUsed bool   // a record refers to it, so that it is part of the aggregate

	placed   bool // the hash key is not the hash of the aggregate's key
	placedAt HashKey
}

// sparedRoom is what makeRoom adds to the room asked for, so that it is not
// asked again for each aggregate with a few keys more than any before.
const sparedRoom = 4 << 10

// Reset empties the Writer for the next aggregate. What PartitionKey and Close
// returned is overwritten from here on.
func (w *Writer) Reset() {
	w.buf = w.buf[:w.room]
	w.count = 0
	w.keys.reset()
	w.hashKey = w.hashKey[:0]
	w.hashKeyUsed = false
	w.placed = false
}

// Place says, before the first record, that the aggregate is put under an explicit
// hash key: all of its records then carry that one. It holds until the next Reset.
func (w *Writer) Place(at HashKey) {
	w.placed, w.placedAt = true, at
	w.hashKey = w.hashKey[:0]
}

// Placed returns the explicit hash key that the aggregate is to be put under; ok is
// false where there is none.
func (w *Writer) Placed() (at HashKey, ok bool) { return w.placedAt, w.placed }

// Count returns the number of user records in the aggregate.
func (w *Writer) Count() int { return w.count }

// PartitionKey returns the key that the aggregate is to be put under, with an
// explicit hash key only after [Writer.Place]: that of its first record. It is nil
// if there is none yet, and valid until the next Reset.
func (w *Writer) PartitionKey() []byte {
	if w.count == 0 {
		return nil
	}
	return w.keys.key(0)
}

// Len returns the number of bytes that Close would return now: [Overhead] if
// there are no records. The partition key that the aggregate is put under is
// not part of it, though it counts towards the limits of Kinesis.
func (w *Writer) Len() int {
	size := Overhead + len(w.keys.wire) + len(w.buf) - w.room
	if w.hashKeyUsed {
		size += len(w.hashKey)
	}
	return size
}

// SizeWith returns what Len would be after Add of a record with this key and
// this many bytes of data.
func (w *Writer) SizeWith(key []byte, dataLen int) int {
	position, found := w.keys.find(key)
	size := w.Len()
	if !found {
		size += delimitedLen(len(key))
	}
	foreign := w.isForeign(position)
	if foreign && !w.hashKeyUsed {
		size += len(w.aggregateHashKey())
	}
	return size + delimitedLen(recordLen(position, foreign, dataLen))
}

// Add appends a user record. The key is the record's own, UTF-8 text of 1 to 256
// characters as Kinesis asks; the data may be empty. Neither is kept.
func (w *Writer) Add(key, data []byte) {
	position, found := w.keys.find(key)
	if !found {
		w.keys.add(key)
	}
	foreign := w.isForeign(position)
	if foreign && !w.hashKeyUsed {
		w.aggregateHashKey()
		w.hashKeyUsed = true
	}

	b := append(w.buf, tagRecord)
	b = binary.AppendUvarint(b, uint64(recordLen(position, foreign, len(data))))
	b = append(b, tagPartitionKeyIndex)
	b = binary.AppendUvarint(b, uint64(position))
	if foreign {
		b = append(b, tagExplicitHashKeyIndex, 0)
	}
	b = append(b, tagData)
	b = binary.AppendUvarint(b, uint64(len(data)))
	w.buf = append(b, data...)
	w.count++
}

// Close completes the aggregate and returns its bytes, which are valid until the
// next Add or Reset. The Writer is as it was before, so that Close may be called
// again. An aggregate without records is no use to anybody: consumers take it
// for a plain record.
func (w *Writer) Close() []byte {
	head := len(magic) + len(w.keys.wire)
	if w.hashKeyUsed {
		head += len(w.hashKey)
	}
	w.makeRoom(head)

	start := w.room - head
	at := start + copy(w.buf[start:], magic)
	at += copy(w.buf[at:], w.keys.wire)
	if w.hashKeyUsed {
		copy(w.buf[at:], w.hashKey)
	}

	sum := md5.Sum(w.buf[start+len(magic):])
	closed := append(w.buf, sum[:]...)
	w.buf = closed[:len(w.buf)]
	return slices.Clip(closed[start:])
}

// makeRoom sees to n free bytes before the records. It moves the records if need
// be, and keeps the room for the aggregates that follow.
func (w *Writer) makeRoom(n int) {
	if n <= w.room {
		return
	}
	more := n + sparedRoom - w.room
	w.buf = slices.Insert(w.buf, 0, make([]byte, more)...)
	w.room += more
}

// isForeign tells whether a record whose key has this position in the table is
// to carry an explicit hash key. Only the first key, under which the aggregate
// is put, is known to hash as the aggregate does, unless that has been placed by
// another hash key; comparing keys, not hashes, saves an MD5 for each record.
func (w *Writer) isForeign(position int) bool { return position != 0 || w.placed }

// aggregateHashKey returns the only entry of the explicit hash key table, made
// when it is first asked for: most aggregates have one key and need none.
func (w *Writer) aggregateHashKey() []byte {
	if len(w.hashKey) == 0 {
		at := w.placedAt
		if !w.placed {
			at = HashOf(w.keys.key(0))
		}
		w.hashKey = append(w.hashKey, tagExplicitHashKey, 0)
		w.hashKey = at.Append(w.hashKey)
		w.hashKey[1] = byte(len(w.hashKey) - 2) // at most 39
	}
	return w.hashKey
}

// recordLen is the length of a record's message: its fields without the tag and
// the length that go before them.
func recordLen(position int, foreign bool, dataLen int) int {
	n := 1 + uvarintLen(position) + delimitedLen(dataLen)
	if foreign {
		n += 2 // the tag, and 0: the table has one entry
	}
	return n
}

// delimitedLen is the length of a field of n bytes with its tag and length.
func delimitedLen(n int) int { return 1 + uvarintLen(n) + n }

// uvarintLen is the number of bytes binary.AppendUvarint takes for n: one for
// each seven bits, and one for 0.
func uvarintLen(n int) int { return (bits.Len64(uint64(n)|1) + 6) / 7 }
