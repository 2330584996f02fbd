package aggregate

import (
	"bytes"
	"encoding/binary"
)

// SizeWithAll returns at least what Len would be after AddAll of these records,
// and little more: it does not look at each of them, and counts keys that both
// have twice.
func (w *Writer) SizeWithAll(records *Writer) int {
	// What a record may grow by: a larger position in the table of keys, an
	// explicit hash key, and the longer lengths that come of them.
	grown := uvarintLen(len(w.keys.keys)+len(records.keys.keys)) - 1 + 2 + 1
	size := w.Len() + records.Len() - Overhead + grown*records.count
	if !w.hashKeyUsed {
		size += longestHashKey
	}
	return size
}

// longestHashKey is the entry of the explicit hash key table at its longest, in
// wire format.
const longestHashKey = 2 + 39

// AddAll appends the records of another Writer, which stays as it is. Each keeps
// its own key. Where there are none yet, the hash key that the other one has been
// placed by is taken on; else theirs becomes that of this Writer.
func (w *Writer) AddAll(records *Writer) {
	w.follow(records)
	for key, data := range records.all {
		w.Add(key, data)
	}
}

// AddAllUnderFirstKey appends the records of another Writer, which stays as it is.
// Those under its first key take on that of this Writer, where it has one; each of
// the others keeps its own.
func (w *Writer) AddAllUnderFirstKey(records *Writer) {
	if w.count == 0 {
		w.AddAll(records)
		return
	}
	first := records.PartitionKey()
	for key, data := range records.all {
		if bytes.Equal(key, first) {
			key = w.keys.key(0)
		}
		w.Add(key, data)
	}
}

// AddAllUnderOneKey appends the records of another Writer, which stays as it is.
// All of both must have been added under one key each: the records take on that
// of this Writer, and are copied as they stand, or as near to that as where each is
// placed allows.
func (w *Writer) AddAllUnderOneKey(records *Writer) {
	if w.count == 0 {
		w.AddAll(records)
		return
	}
	if w.placed != records.placed { // those that are placed carry a hash key
		for _, data := range records.all {
			w.Add(w.keys.key(0), data)
		}
		return
	}
	w.buf = append(w.buf, records.buf[records.room:]...)
	w.count += records.count
}

// follow places an aggregate without records as another one is.
func (w *Writer) follow(records *Writer) {
	if at, placed := records.Placed(); placed && w.count == 0 {
		w.Place(at)
	}
}

// all yields the key and the data of each record, in order. Both are views.
func (w *Writer) all(yield func(key, data []byte) bool) {
	for b := w.buf[w.room:]; len(b) > 0; {
		length, n := binary.Uvarint(b[1:]) // behind the tag
		record := b[1+n : 1+n+int(length)]
		b = b[1+n+int(length):]

		position, n := binary.Uvarint(record[1:])
		record = record[1+n:]
		if record[0] == tagExplicitHashKeyIndex {
			record = record[2:]
		}
		_, n = binary.Uvarint(record[1:])
		if !yield(w.keys.key(int(position)), record[1+n:]) {
			return
		}
	}
}
