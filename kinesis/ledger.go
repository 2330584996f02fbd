package kinesis

import (
	"errors"
	"fmt"
	"strings"

	"fluent-bit-kinesis/kinesis/ledger"
	"fluent-bit-kinesis/kinesis/wire"
)

// openLedger is the ledger of an instance: in the file that it is to be kept in,
// or where that cannot be had, in memory alone. The error is that of a file that
// another instance has.
func (s *shared) openLedger() error {
	path := s.config.LedgerFile
	if path == "" {
		s.ledger = ledger.New(&s.counts.LedgerLost)
		return nil
	}
	l, err := ledger.Open(path, &s.counts.LedgerLost, s.ledgerFileFails)
	switch {
	case errors.Is(err, ledger.ErrInUse):
		return fmt.Errorf("ledger_file = %q: %w: each needs a file of its own", path, err)
	case err != nil:
		s.log.Warnf("ledger_file = %q cannot be used, so what the stream has of chunks is not known across restarts: %v", path, err)
		l = ledger.New(&s.counts.LedgerLost)
	case l.Waiting() > 0:
		s.counts.LedgerRead.Store(int64(l.Waiting()))
		s.log.Infof("ledger_file: the stream has parts of %d chunks that were not finished", l.Waiting())
	}
	s.ledger = l
	return nil
}

// ledgerFileFails says it where the file cannot be written any more, and without
// an error where it can again.
func (s *shared) ledgerFileFails(err error) {
	if err == nil {
		s.log.Infof("ledger_file = %q is written again", s.config.LedgerFile)
		return
	}
	s.log.Warnf("ledger_file = %q cannot be written, so until it can what the stream has of chunks is not known across restarts: %v",
		s.config.LedgerFile, err)
}

// ledgerScope tells streams apart, as far as options do: by the name, the region,
// the endpoint, and the account, which is in the ARN of the stream or of a role.
// Where in doubt it is another stream: what is sent twice can be found, and what
// another one has is lost.
func (c *Config) ledgerScope() string {
	return strings.Join([]string{c.Region, c.Stream, c.Endpoint, c.accountOf()}, "\x00")
}

// recall finds what the stream has of a chunk that was offered before.
func (f *flush) recall(chunk []byte, tag string) {
	if f.o.ledger.Empty() {
		if f.o.ledger.Journaled() { // whoever notes what has landed may come when the chunk is gone
			f.identify(chunk, tag)
		}
		return
	}
	f.identify(chunk, tag)
	f.entry, f.done = f.o.ledger.Take(f.id)
	if f.entry != nil {
		f.o.counts.LedgerKnown.Add(1)
	}
}

// identify takes the chunk's ID. It is the stream's, too: another one has nothing
// of the chunk.
func (f *flush) identify(chunk []byte, tag string) {
	if !f.identified {
		f.id, f.identified = ledger.IDOf(f.o.scope, tag, chunk), true
	}
}

// ledgerEntry is the entry of the flush, which is made where there is none and it
// is wanted; nil once the flush has left it.
func (f *flush) ledgerEntry(wanted bool) *ledger.Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.entry == nil && wanted && !f.panicked {
		f.entry = f.o.ledger.Begin(f.id)
	}
	return f.entry
}

// remember has the ledger know which of the chunk's records are not to be sent
// again, where it is to come back, and forget the chunk where it is not.
func (f *flush) remember(chunk []byte, tag string, comesBack bool) {
	switch {
	case comesBack && (f.entry != nil || len(f.refused) < f.events):
		f.identify(chunk, tag)
		f.o.ledger.Return(f.ledgerEntry(true), ledger.AllBut(f.events, f.refused))
	case !comesBack && f.entry != nil:
		f.o.ledger.End(f.entry)
	}
	f.entry, f.done = nil, nil
}

// disown has the ledger forget the chunk of a flush that panicked: Fluent Bit
// drops it, and the same bytes later are another chunk. What it had in full may
// land all the same, and is not noted any more.
func (f *flush) disown() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.panicked = true
	if f.entry != nil {
		f.o.ledger.End(f.entry)
		f.entry = nil
	}
}

// worthNoting is how many events a chunk has at least to be noted where one answer
// settles all of them. The flush ends a moment later: if the process is killed
// within that moment they are sent twice, as they are if it is killed before Fluent
// Bit has put the chunk away. To write that a small chunk has landed, and then that
// it has ended, would cost more than the rest of the journal. A chunk that the file
// has already is noted in any case, for its end is written, too.
const worthNoting = 256

// note writes into the ledger's file which events an answer has settled: those of
// the entries that were accepted, and without results all. It is to be called
// before the flushes hear of it, so that it is there when they end.
func (dl *delivery) note(b *batch, results []wire.Result) {
	l := dl.d.ledger
	if !l.Journaled() {
		return
	}
	n := &dl.noting
	if results == nil {
		n.add(b, 0, len(b.events.ordinals))
	}
	for i := range results {
		if e := &b.entries[i]; results[i].Code == "" {
			n.add(b, int(e.first), int(e.last))
		}
	}
	if landed := n.landings(); len(landed) > 0 {
		l.Note(landed)
	}
	n.reset()
}

// A noting gathers the events of an answer by the flushes that they are of.
type noting struct {
	flushes  []*flush
	ordinals [][]uint32 // by flush; kept beyond flushes for their memory
	landed   []ledger.Landing
}

// add adds the events of a batch from first up to last.
func (n *noting) add(b *batch, first, last int) {
	for f, ordinals := range b.events.span(first, last) {
		i := n.of(f)
		n.ordinals[i] = append(n.ordinals[i], ordinals...)
	}
}

// of is the place of a flush, which is often the one that was added to last.
func (n *noting) of(f *flush) int {
	for i := len(n.flushes) - 1; i >= 0; i-- {
		if n.flushes[i] == f {
			return i
		}
	}
	n.flushes = append(n.flushes, f)
	if len(n.ordinals) < len(n.flushes) {
		n.ordinals = append(n.ordinals, nil)
	}
	return len(n.flushes) - 1
}

// landings is what is worth noting.
func (n *noting) landings() []ledger.Landing {
	for i, f := range n.flushes {
		ordinals := n.ordinals[i]
		worth := len(ordinals) != f.whole || f.whole >= worthNoting
		if e := f.ledgerEntry(worth); e != nil {
			n.landed = append(n.landed, ledger.Landing{Entry: e, Ordinals: ordinals})
		}
	}
	return n.landed
}

// mostKeptOrdinals is how many events of a flush the memory is kept for: those of
// a request, and more where aggregates hold some.
const mostKeptOrdinals = 4096

func (n *noting) reset() {
	for i := range n.flushes {
		if cap(n.ordinals[i]) > mostKeptOrdinals {
			n.ordinals[i] = nil
		}
		n.ordinals[i] = n.ordinals[i][:0]
	}
	clear(n.flushes) // what is kept for its memory must not keep flushes alive
	n.flushes = n.flushes[:0]
	clear(n.landed)
	n.landed = n.landed[:0]
}
