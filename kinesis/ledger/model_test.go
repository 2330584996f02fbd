package ledger

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A model is what a ledger is to know, kept in the plainest way.
type model struct {
	entries []*modelEntry // in the order in which they began
}

type modelEntry struct {
	real  *Entry
	id    int
	done  map[uint32]bool
	noted bool // something has landed, so that it is in the file
	waits bool
}

// inFile is what the next process is to find.
func (m *model) inFile() map[uint64]opened {
	found := map[uint64]opened{}
	for _, e := range m.entries {
		if e.noted {
			found[e.real.number] = opened{idOfNumber(e.id), slices.Sorted(maps.Keys(e.done))}
		}
	}
	return found
}

// TestALedgerIsAsItsModelWhereverItIsKilled does at random what flushes do, cuts
// the file at random as a kill within a write would, and goes on with what is
// left.
func TestALedgerIsAsItsModelWhereverItIsKilled(t *testing.T) {
	for seed := range uint64(25) {
		random := rand.New(rand.NewPCG(seed, 7))
		path := pathIn(t)
		l, _ := openAt(t, path)
		m := &model{}
		for range 12 { // processes
			l.journal.least = int64(200 + random.IntN(3000))
			var before map[uint64]opened
			var size int64
			for range random.IntN(40) {
				before, size = m.inFile(), sizeOf(t, path)
				m.step(t, random, l)
			}
			l.Close()
			after := m.inFile()
			require.Equal(t, after, contents(afterKill(t, path)), "seed %d", seed)
			if grown := sizeOf(t, path); before != nil && grown > size && random.IntN(2) == 0 {
				require.NoError(t, os.Truncate(path, size+random.Int64N(grown-size)))
			}
			l, _ = openAt(t, path)
			m.restart(t, l, before, after)
		}
		l.Close()
	}
}

// step is one thing that a flush does.
func (m *model) step(t *testing.T, random *rand.Rand, l *Ledger) {
	t.Helper()
	away := slices.DeleteFunc(slices.Clone(m.entries), func(e *modelEntry) bool { return e.waits })
	switch kind := random.IntN(10); {
	case kind < 2 || len(away) == 0:
		m.offer(t, random.IntN(5), l)
	case kind < 7:
		var landings []Landing
		for _, i := range random.Perm(len(away))[:1+random.IntN(min(3, len(away)))] {
			ordinals := land(random, away[i])
			landings = append(landings, Landing{away[i].real, ordinals})
		}
		l.Note(landings)
	case kind < 8:
		e := away[random.IntN(len(away))]
		e.waits = true
		l.Return(e.real, nil)
		m.entries = append(slices.DeleteFunc(m.entries, func(other *modelEntry) bool { return other == e }), e)
	default:
		e := away[random.IntN(len(away))]
		l.End(e.real)
		m.entries = slices.DeleteFunc(m.entries, func(other *modelEntry) bool { return other == e })
	}
}

// offer has a chunk come, which may be known.
func (m *model) offer(t *testing.T, id int, l *Ledger) {
	t.Helper()
	real, done := l.Take(idOfNumber(id))
	at := slices.IndexFunc(m.entries, func(e *modelEntry) bool { return e.waits && e.id == id })
	if at < 0 {
		require.Nil(t, real)
		m.entries = append(m.entries, &modelEntry{real: l.Begin(idOfNumber(id)), id: id, done: map[uint32]bool{}})
		return
	}
	e := m.entries[at]
	require.Same(t, e.real, real)
	require.Equal(t, slices.Sorted(maps.Keys(e.done)), ordinalsOf(done))
	e.waits = false
}

// land has events of an entry land that had not.
func land(random *rand.Rand, e *modelEntry) (ordinals []uint32) {
	e.noted = true
	first, step := random.Uint32N(300), 1+random.Uint32N(3)
	for i := range 1 + random.Uint32N(50) {
		if ordinal := first + i*step; !e.done[ordinal] {
			e.done[ordinal] = true
			ordinals = append(ordinals, ordinal)
		}
	}
	random.Shuffle(len(ordinals), func(i, j int) { ordinals[i], ordinals[j] = ordinals[j], ordinals[i] })
	return ordinals
}

// restart makes the model one of the next process, which has what stood in the
// file before the last step, or after it, or something between.
func (m *model) restart(t *testing.T, l *Ledger, before, after map[uint64]opened) {
	t.Helper()
	found := contents(l)
	for number, e := range found {
		b, wasThere := before[number]
		a, isThere := after[number]
		require.True(t, wasThere || isThere, "an entry of no flush")
		for _, ordinal := range e.done {
			require.True(t, slices.Contains(b.done, ordinal) || slices.Contains(a.done, ordinal), "an event that did not land")
		}
		if wasThere {
			require.Subset(t, e.done, b.done, "an event that landed long before is not known")
			require.Equal(t, b.id, e.id)
		}
	}
	for number := range before {
		_, isThere := after[number]
		_, isFound := found[number]
		require.True(t, isFound || !isThere, "an entry is lost")
	}
	m.entries = nil
	for at := l.oldest.Front(); at != nil; at = at.Next() {
		real := at.Value.(*Entry)
		e := &modelEntry{real: real, done: map[uint32]bool{}, noted: true, waits: true}
		for e.id = 0; idOfNumber(e.id) != real.id; e.id++ {
		}
		for _, ordinal := range ordinalsOf(real.done) {
			e.done[ordinal] = true
		}
		m.entries = append(m.entries, e)
	}
	// Entries of one chunk are spent in the order in which they began.
	slices.SortFunc(m.entries, func(a, b *modelEntry) int { return int(a.real.number) - int(b.real.number) })
}
