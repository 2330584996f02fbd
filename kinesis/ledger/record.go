package ledger

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// magic begins the file.
const magic = "kinesis ledger 1\n"

// The kinds of records.
const (
	begun  = 1
	landed = 2
	ended  = 3
)

const (
	frame       = 8        // bytes before what is in a record
	mostRecord  = 1 << 20  // bytes in a record: more are a broken length
	splitRecord = 32 << 10 // bytes from which on the events go on in another record

	// mostOrdinal bounds what a broken record can have a set grow to. It is far
	// beyond the events of a chunk; those above it would be sent again.
	mostOrdinal = 1<<23 - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A record is one of the file.
type record struct {
	kind   byte
	number uint64
	id     ID
	at     time.Time
	events []byte // runs
}

// appendEntry appends all that is known of an entry.
func appendEntry(dst []byte, e *Entry) []byte {
	start := len(dst)
	dst = appendHead(dst, begun, e)
	dst = binary.LittleEndian.AppendUint64(dst, e.id.Lo)
	dst = binary.LittleEndian.AppendUint64(dst, e.id.Hi)
	return appendEvents(appendTime(dst, e), start, e, e.done.runs())
}

// appendLanded appends events that have landed of an entry.
func appendLanded(dst []byte, e *Entry, runs []run) []byte {
	start := len(dst)
	return appendEvents(appendTime(appendHead(dst, landed, e), e), start, e, runs)
}

// appendEnded appends that an entry is done with.
func appendEnded(dst []byte, e *Entry) []byte {
	start := len(dst)
	return seal(appendHead(dst, ended, e), start)
}

func appendHead(dst []byte, kind byte, e *Entry) []byte {
	dst = append(dst, make([]byte, frame)...)
	return binary.AppendUvarint(append(dst, kind), e.number)
}

func appendTime(dst []byte, e *Entry) []byte {
	return binary.AppendUvarint(dst, uint64(max(0, e.at.Unix())))
}

// appendEvents appends runs to the record that begins at start, and to as many
// more as it takes.
func appendEvents(dst []byte, start int, e *Entry, runs []run) []byte {
	from := uint32(0)
	for _, r := range runs {
		if r.last > mostOrdinal {
			break
		}
		if len(dst)-start > splitRecord {
			dst = seal(dst, start)
			start, from = len(dst), 0
			dst = appendTime(appendHead(dst, landed, e), e)
		}
		dst = binary.AppendUvarint(dst, uint64(r.first-from))
		dst = binary.AppendUvarint(dst, uint64(r.last-r.first))
		from = r.last + 1
	}
	return seal(dst, start)
}

// seal fills in the length and the checksum of the record that begins at start.
func seal(dst []byte, start int) []byte {
	content := dst[start+frame:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(content)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(content, castagnoli))
	return dst
}

// parse reads what is in a record. It is false where that is none.
func parse(content []byte) (r record, ok bool) {
	if len(content) == 0 {
		return r, false
	}
	r.kind = content[0]
	rest := content[1:]
	if r.number, rest, ok = varint(rest); !ok {
		return r, false
	}
	if r.kind == ended {
		return r, len(rest) == 0
	}
	if r.kind == begun {
		if len(rest) < 16 {
			return r, false
		}
		r.id.Lo, r.id.Hi = binary.LittleEndian.Uint64(rest), binary.LittleEndian.Uint64(rest[8:])
		rest = rest[16:]
	}
	seconds, rest, ok := varint(rest)
	r.at, r.events = time.Unix(int64(seconds), 0), rest
	return r, ok && (r.kind == begun || r.kind == landed) && r.add(nil)
}

// add puts the events of a record into a set, where there is one. It is false
// where they are no runs.
func (r *record) add(into *Set) bool {
	next := uint64(0)
	for rest := r.events; len(rest) > 0; {
		gap, after, ok := varint(rest)
		if !ok || gap > mostOrdinal {
			return false
		}
		more, after, ok := varint(after)
		if !ok || more > mostOrdinal || next+gap+more > mostOrdinal {
			return false
		}
		first := next + gap
		if into != nil {
			into.addRun(run{uint32(first), uint32(first + more)})
		}
		next, rest = first+more+1, after
	}
	return true
}

func varint(from []byte) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(from)
	if size <= 0 {
		return 0, nil, false
	}
	return n, from[size:], true
}
