package ledger

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"time"
)

// replay reads a journal behind its first line and keeps the entries that were
// not ended. good is how many bytes of it are whole records; what follows is the
// broken tail. The error is one of reading.
func (l *Ledger) replay(from io.Reader, now time.Time) (good int64, err error) {
	in := bufio.NewReaderSize(from, 64<<10)
	open := map[uint64]*Entry{}
	var content []byte
	for {
		if content, err = readRecord(in, content); err != nil {
			break
		}
		r, ok := parse(content)
		if !ok {
			break
		}
		l.apply(r, open, now)
		good += int64(frame + len(content))
	}
	l.sortByAge()
	l.shed(now, 1)
	for _, same := range l.byID {
		slices.SortFunc(same, byNumber)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errBroken) {
		return good, nil
	}
	return good, err
}

// sortByAge puts the entries that wait into the order of their ages. The file has
// them in the order in which they were written, which is another one where the
// clock was set back.
func (l *Ledger) sortByAge() {
	var entries []*Entry
	for at := l.oldest.Front(); at != nil; at = at.Next() {
		entries = append(entries, at.Value.(*Entry))
	}
	slices.SortStableFunc(entries, func(a, b *Entry) int { return a.at.Compare(b.at) })
	for _, e := range entries {
		l.oldest.MoveToBack(e.place)
	}
}

// apply does what a record says. Records of entries that are not known have been
// outlived by their entry, which the bounds had leave.
func (l *Ledger) apply(r record, open map[uint64]*Entry, now time.Time) {
	l.last = max(l.last, r.number)
	e := open[r.number]
	switch {
	case r.kind == begun && e == nil:
		e = &Entry{id: r.id, number: r.number, noted: true}
		open[r.number] = e
		l.noted[e] = struct{}{}
		l.keep(e)
	case e == nil || !e.noted:
		return
	}
	if r.kind == ended {
		delete(open, r.number)
		delete(l.noted, e)
		l.remove(e)
		return
	}
	e.at = r.at
	if e.at.After(now) { // the clock was set back
		e.at = now
	}
	r.add(&e.done)
	l.bytes += e.bytes() - e.size
	e.size = e.bytes()
	l.oldest.MoveToBack(e.place)
	l.shed(time.Time{}, 2) // without regard to age, and the end of some may follow
}

var errBroken = errors.New("broken record")

// readRecord reads the next record, into buffer where it fits, and returns what
// is in it.
func readRecord(in *bufio.Reader, buffer []byte) ([]byte, error) {
	var head [frame]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return buffer, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length == 0 || length > mostRecord {
		return buffer, errBroken
	}
	if cap(buffer) < int(length) {
		buffer = make([]byte, length)
	}
	buffer = buffer[:length]
	if _, err := io.ReadFull(in, buffer); err != nil {
		return buffer, err
	}
	if crc32.Checksum(buffer, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return buffer, errBroken
	}
	return buffer, nil
}
