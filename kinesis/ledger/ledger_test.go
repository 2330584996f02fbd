package ledger

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func inMemory() (*Ledger, *atomic.Int64) {
	var lost atomic.Int64
	return New(&lost), &lost
}

func idOfNumber(i int) ID { return IDOf("stream", "tag", []byte(strconv.Itoa(i))) }

// returned is a chunk that was offered and went back.
func (l *Ledger) returned(i int, done Set) {
	l.Return(l.Begin(idOfNumber(i)), done)
}

func TestIDTellsScopesTagsAndBytesApart(t *testing.T) {
	ids := map[ID]bool{}
	for _, x := range [][3]string{
		{"", "", ""}, {"", "a", ""}, {"", "", "a"}, {"", "a", "b"}, {"", "ab", ""}, {"", "", "ab"}, {"", "b", "a"}, {"", "a", "b\x00"},
		{"a", "", ""}, {"a", "b", ""}, {"ab", "", ""}, {"b", "a", ""}, {"a", "", "b"},
	} {
		id := IDOf(x[0], x[1], []byte(x[2]))
		require.Equal(t, id, IDOf(x[0], x[1], []byte(x[2])))
		require.False(t, ids[id], "%q", x)
		ids[id] = true
	}
}

// The file has IDs of other builds and other processors.
func TestIDIsTheSameEverywhere(t *testing.T) {
	require.Equal(t, ID{Hi: 0xdcdd141c0d866829, Lo: 0x55010374c556830d}, IDOf("us-west-2\x00logs", "app.log", make([]byte, 5000)))
}

func TestLedgerSpendsAnEntry(t *testing.T) {
	l, lost := inMemory()
	require.True(t, l.Empty())
	e, _ := l.Take(idOfNumber(1))
	require.Nil(t, e)

	l.returned(1, setOf(3, 70))
	require.False(t, l.Empty())
	require.Equal(t, 1, l.Waiting())
	e, _ = l.Take(idOfNumber(2))
	require.Nil(t, e)
	e, done := l.Take(idOfNumber(1))
	require.NotNil(t, e)
	require.Equal(t, setOf(3, 70), done)
	require.True(t, l.Empty())
	e, _ = l.Take(idOfNumber(1))
	require.Nil(t, e, "an entry is spent once")
	require.Zero(t, lost.Load())
	requireNothingLeft(t, l)
}

// requireNothingLeft requires that the ledger takes up nothing.
func requireNothingLeft(t *testing.T, l *Ledger) {
	t.Helper()
	require.True(t, l.Empty())
	require.Zero(t, l.bytes)
	require.Empty(t, l.byID)
	require.Zero(t, l.oldest.Len())
	require.Empty(t, l.noted)
}

func TestLedgerAddsUpWhatLandsOverManyOffers(t *testing.T) {
	l, _ := inMemory()
	l.returned(1, setOf(1))
	e, _ := l.Take(idOfNumber(1))
	l.Return(e, setOf(100))
	e, done := l.Take(idOfNumber(1))
	require.Equal(t, []uint32{1, 100}, ordinalsOf(done))
	l.End(e)
	requireNothingLeft(t, l)
}

func TestLedgerKeepsAnEntryForEachOfTwoChunksThatAreTheSame(t *testing.T) {
	l, _ := inMemory()
	for i := range uint32(3) {
		l.returned(1, setOf(i))
	}
	for i := range uint32(3) {
		_, done := l.Take(idOfNumber(1))
		require.Equal(t, setOf(i), done, "the oldest first")
	}
	requireNothingLeft(t, l)
}

func TestLedgerIsBoundedInEntries(t *testing.T) {
	l, lost := inMemory()
	for i := range MaxEntries + 3 {
		l.returned(i, setOf(uint32(i%64)))
	}
	require.Equal(t, MaxEntries, l.oldest.Len())
	require.EqualValues(t, 3, lost.Load())
	for i := range MaxEntries + 3 {
		e, _ := l.Take(idOfNumber(i))
		require.Equal(t, i >= 3, e != nil, "the oldest have left")
	}
	requireNothingLeft(t, l)
}

func TestLedgerIsBoundedInBytes(t *testing.T) {
	l, lost := inMemory()
	const ordinal = 512<<10*8 - 1 // a set of half a mebibyte
	for i := range 20 {
		l.returned(i, setOf(ordinal))
		require.LessOrEqual(t, l.bytes, MaxBytes)
	}
	require.EqualValues(t, 5, lost.Load())
	e, _ := l.Take(idOfNumber(4))
	require.Nil(t, e)
	e, _ = l.Take(idOfNumber(5))
	require.NotNil(t, e)

	huge := setOf(9 << 20 * 8)
	l.returned(100, huge)
	_, done := l.Take(idOfNumber(100))
	require.Len(t, done, len(huge), "one entry is kept, whatever its size")
	require.EqualValues(t, 19, lost.Load())
	requireNothingLeft(t, l)
}

func TestLedgerIsBoundedInAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lost := inMemory()
		l.returned(1, setOf(1))
		time.Sleep(MaxAge / 2)
		l.returned(2, setOf(2))
		time.Sleep(MaxAge/2 + time.Second)
		l.returned(3, setOf(3))
		require.EqualValues(t, 1, lost.Load())
		for i := 1; i <= 3; i++ {
			e, _ := l.Take(idOfNumber(i))
			require.Equal(t, i > 1, e != nil)
		}
	})
}

// An entry whose chunk Fluent Bit gave up on is not to be spent on another one
// that comes much later.
func TestLedgerDoesNotSpendAnEntryBeyondItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lost := inMemory()
		l.returned(1, setOf(1))
		time.Sleep(MaxAge + time.Second)
		e, _ := l.Take(idOfNumber(1))
		require.Nil(t, e)
		require.EqualValues(t, 1, lost.Load())
		requireNothingLeft(t, l)
	})
}

// The oldest may be one of several entries of a chunk.
func TestLedgerLosesTheOldestOfSeveralEntriesOfAChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lost := inMemory()
		l.returned(1, setOf(1))
		time.Sleep(MaxAge + time.Second)
		l.returned(1, setOf(2))
		require.EqualValues(t, 1, lost.Load())
		_, done := l.Take(idOfNumber(1))
		require.Equal(t, setOf(2), done)
		requireNothingLeft(t, l)
	})
}

func TestLedgerIsForManyWorkers(t *testing.T) {
	for _, kind := range []string{"in memory", "in a file"} {
		t.Run(kind, func(t *testing.T) {
			l, lost := inMemory()
			if kind == "in a file" {
				l, lost = openAt(t, pathIn(t))
				l.journal.least = 10_000 // and so be written anew often
			}
			var group sync.WaitGroup
			for worker := range 8 {
				group.Go(func() {
					for i := range 200 {
						id := idOfNumber(worker*1000 + i)
						e := l.Begin(id)
						if l.Journaled() {
							l.Note([]Landing{{e, []uint32{uint32(i)}}})
						}
						l.Return(e, setOf(uint32(i)))
						e, done := l.Take(id)
						if e == nil || !done.Has(i) {
							t.Error("an entry is not there")
							return
						}
						l.End(e)
					}
				})
			}
			group.Wait()
			require.Zero(t, lost.Load())
			requireNothingLeft(t, l)
		})
	}
}
