package kinesis

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zeebo/xxh3"
)

// Bounds of a ledger. A chunk of 2 MB takes about half a kilobyte. Fluent Bit
// offers a chunk again after at most scheduler.cap, which is 2000 s by default.
const (
	ledgerEntries = 8192
	ledgerBytes   = 8 << 20
	ledgerAge     = 6 * time.Hour
)

// A chunkID tells chunks apart by their tag and bytes. Fluent Bit gives them
// no name, but offers the same bytes under the same tag again.
type chunkID = xxh3.Uint128

func idOf(tag string, chunk []byte) chunkID {
	h := xxh3.New()
	_, _ = h.WriteString(tag)
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(chunk)
	return h.Sum128()
}

// An ordinalSet holds a bit for each event of a chunk.
type ordinalSet []uint64

func (s *ordinalSet) add(ordinal uint32) {
	for int(ordinal/64) >= len(*s) {
		*s = append(*s, 0)
	}
	(*s)[ordinal/64] |= 1 << (ordinal % 64)
}

func (s ordinalSet) has(ordinal int) bool {
	return ordinal/64 < len(s) && s[ordinal/64]&(1<<(ordinal%64)) != 0
}

// A ledger remembers, of each chunk that went back to Fluent Bit, which of its
// records are still to be sent: all others the stream holds already, or they
// were dropped for good. An entry is spent when its chunk comes back, so that
// the count comes out right even where two chunks are the same to the byte.
// The oldest entries leave when it is full; their chunks are then sent whole,
// which means duplicates and no lost record. It is safe for concurrent use.
type ledger struct {
	lost *atomic.Int64 // counts the entries that left unspent

	used atomic.Int32 // number of entries, to be read without the lock

	mu     sync.Mutex // guards the following
	bytes  int
	oldest *list.List // of *ledgerEntry
	byID   map[chunkID][]*list.Element
}

type ledgerEntry struct {
	id   chunkID
	left ordinalSet
	at   time.Time
}

func (e *ledgerEntry) size() int { return 128 + 8*len(e.left) }

func newLedger(lost *atomic.Int64) *ledger {
	return &ledger{lost: lost, oldest: list.New(), byID: map[chunkID][]*list.Element{}}
}

// empty tells, without waiting for anyone, that no chunk is remembered. It
// saves the hashing of chunks while all goes well.
func (l *ledger) empty() bool { return l.used.Load() == 0 }

// remember notes which events of a chunk are still to be sent.
func (l *ledger) remember(id chunkID, left ordinalSet) {
	entry := &ledgerEntry{id: id, left: left, at: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byID[id] = append(l.byID[id], l.oldest.PushBack(entry))
	l.bytes += entry.size()
	l.used.Store(int32(l.oldest.Len()))
	l.shed(entry.at)
}

// take spends the entry of a chunk. ok is false where there is none: all of
// the chunk is to be sent.
func (l *ledger) take(id chunkID) (left ordinalSet, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shed(time.Now())
	same := l.byID[id]
	if len(same) == 0 {
		return nil, false
	}
	left = same[0].Value.(*ledgerEntry).left
	l.remove(same[0])
	return left, true
}

// shed lets go of the oldest entries, as far as the bounds ask. The caller holds mu.
func (l *ledger) shed(now time.Time) {
	for l.oldest.Len() > 0 && l.overfull(now) {
		l.remove(l.oldest.Front())
		l.lost.Add(1)
	}
}

func (l *ledger) overfull(now time.Time) bool {
	if now.Sub(l.oldest.Front().Value.(*ledgerEntry).at) > ledgerAge {
		return true
	}
	return l.oldest.Len() > 1 && (l.oldest.Len() > ledgerEntries || l.bytes > ledgerBytes)
}

// remove takes an entry out. The caller holds mu.
func (l *ledger) remove(element *list.Element) {
	entry := l.oldest.Remove(element).(*ledgerEntry)
	l.bytes -= entry.size()
	same := l.byID[entry.id][1:] // entries of one id are in the order of their age
	if len(same) == 0 {
		delete(l.byID, entry.id)
	} else {
		l.byID[entry.id] = same
	}
	l.used.Store(int32(l.oldest.Len()))
}
