package ledger

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a ledger. A chunk of 2 MB takes about half a kilobyte. Fluent Bit
// offers a chunk again after at most scheduler.cap, which is 2000 s by default.
const (
	MaxEntries = 8192
	MaxBytes   = 8 << 20
	MaxAge     = 6 * time.Hour
)

// A Ledger remembers chunks. It is safe for concurrent use.
type Ledger struct {
	lost    *atomic.Int64 // counts the entries that left unspent
	waiting atomic.Int32  // entries for chunks to come back, to be read without the lock

	mu     sync.Mutex      // guards the following
	bytes  int             // of the entries that wait
	oldest *list.List      // of the *Entry that wait
	byID   map[ID][]*Entry // that wait, in the order in which they came
	last   uint64          // number of the entry that began last

	journal *journal            // nil in memory alone
	noted   map[*Entry]struct{} // entries that the journal has, and that were not ended
}

// An Entry is one offer of a chunk, and after it those that follow until the
// chunk is done with. Its fields are the ledger's.
type Entry struct {
	id     ID
	number uint64
	done   Set       // events that need nothing more
	at     time.Time // of the last that became of it
	noted  bool      // the journal has it
	ended  bool

	// While it waits:
	place *list.Element
	size  int // as it counts
}

// New is a ledger in memory alone. lost counts the entries that have to leave
// before their chunks come back.
func New(lost *atomic.Int64) *Ledger {
	return &Ledger{lost: lost, oldest: list.New(), byID: map[ID][]*Entry{}}
}

// Empty tells, without waiting for anyone, that no chunk is to come back. It
// saves the hashing of chunks while all goes well.
func (l *Ledger) Empty() bool { return l.waiting.Load() == 0 }

// Waiting is how many chunks are to come back.
func (l *Ledger) Waiting() int { return int(l.waiting.Load()) }

// Journaled tells whether the ledger is to be told of what lands.
func (l *Ledger) Journaled() bool { return l.journal != nil }

// Begin makes an entry for an offer of a chunk.
func (l *Ledger) Begin(id ID) *Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	return &Entry{id: id, number: l.last}
}

// Take spends the entry of a chunk that has come back, the oldest of them, and
// tells what need not be sent again. The entry is nil where there is none.
func (l *Ledger) Take(id ID) (e *Entry, done Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.shed(now, 1)
	l.write(now)
	same := l.byID[id]
	if len(same) == 0 {
		return nil, nil
	}
	e = same[0]
	l.remove(e)
	return e, slices.Clone(e.done) // while that of the entry grows with what lands
}

// A Landing is events of an entry's chunk that need nothing more, for they are
// on the stream or were dropped for good.
type Landing struct {
	Entry    *Entry
	Ordinals []uint32 // which Note may sort
}

// Note writes down what has landed. When it returns, that outlives the process.
// It is for ledgers that are Journaled.
func (l *Ledger) Note(landings []Landing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	j := l.journal
	for _, x := range landings {
		e := x.Entry
		if e.ended { // its flush panicked
			continue
		}
		j.runs = appendRuns(j.runs[:0], x.Ordinals)
		for _, r := range j.runs {
			e.done.addRun(r)
		}
		e.at = now
		if e.noted {
			j.buffer = appendLanded(j.buffer, e, j.runs)
			continue
		}
		e.noted = true
		l.noted[e] = struct{}{}
		j.buffer = appendEntry(j.buffer, e)
	}
	l.write(now)
}

// Return keeps an entry until the chunk comes back. done is events that need
// nothing more then, beside those that were noted.
func (l *Ledger) Return(e *Entry, done Set) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	e.done.addAll(done)
	e.at = now
	if e.noted {
		l.journal.buffer = appendLanded(l.journal.buffer, e, nil) // its age begins anew there, too
	}
	l.keep(e)
	l.shed(now, 1)
	l.write(now)
}

// End forgets the entry of a chunk that is done with: the same bytes are another
// chunk from here on.
func (l *Ledger) End(e *Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(e)
	l.write(time.Now())
}

// keep puts an entry to those that wait. The caller holds mu.
func (l *Ledger) keep(e *Entry) {
	e.size = e.bytes()
	l.bytes += e.size
	e.place = l.oldest.PushBack(e)
	l.byID[e.id] = append(l.byID[e.id], e)
	l.waiting.Store(int32(l.oldest.Len()))
}

// bytes is about what an entry takes.
func (e *Entry) bytes() int { return 128 + 8*len(e.done) }

// shed lets go of the oldest entries, as far as the bounds ask; times is for
// bounds of so many times the size. The caller holds mu, and writes afterwards.
func (l *Ledger) shed(now time.Time, times int) {
	for l.oldest.Len() > 0 && l.overfull(now, times) {
		e := l.oldest.Front().Value.(*Entry)
		l.remove(e)
		l.end(e)
		l.lost.Add(1)
	}
}

func (l *Ledger) overfull(now time.Time, times int) bool {
	if l.oldest.Front().Value.(*Entry).aged(now) {
		return true
	}
	return l.oldest.Len() > 1 && (l.oldest.Len() > times*MaxEntries || l.bytes > times*MaxBytes)
}

func (e *Entry) aged(now time.Time) bool { return now.Sub(e.at) > MaxAge }

// remove takes an entry from those that wait. The caller holds mu.
func (l *Ledger) remove(e *Entry) {
	l.oldest.Remove(e.place)
	l.bytes -= e.size
	same := l.byID[e.id]
	at := slices.Index(same, e)
	if same = slices.Delete(same, at, at+1); len(same) == 0 {
		delete(l.byID, e.id)
	} else {
		l.byID[e.id] = same
	}
	l.waiting.Store(int32(l.oldest.Len()))
}

// end forgets an entry that does not wait. The caller holds mu, and writes
// afterwards.
func (l *Ledger) end(e *Entry) {
	e.done, e.ended = nil, true
	if e.noted {
		e.noted = false
		delete(l.noted, e)
		l.journal.buffer = appendEnded(l.journal.buffer, e)
	}
}
