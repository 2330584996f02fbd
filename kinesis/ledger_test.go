package kinesis

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func setOf(ordinals ...uint32) (s ordinalSet) {
	for _, o := range ordinals {
		s.add(o)
	}
	return s
}

func ledgerOf() (*ledger, *atomic.Int64) {
	var lost atomic.Int64
	return newLedger(&lost), &lost
}

func idOfNumber(i int) chunkID { return idOf("tag", []byte(strconv.Itoa(i))) }

func TestOrdinalSetHasWhatWasAdded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		var s ordinalSet
		model := map[int]bool{}
		for range random.IntN(50) {
			ordinal := random.IntN(5000)
			s.add(uint32(ordinal))
			model[ordinal] = true
		}
		for ordinal := range 5100 {
			if s.has(ordinal) != model[ordinal] {
				t.Fatalf("%d in the set: %v", ordinal, s.has(ordinal))
			}
		}
	}
	require.False(t, ordinalSet(nil).has(0))
}

func TestChunkIDTellsTagsAndBytesApart(t *testing.T) {
	ids := map[chunkID]bool{}
	for _, chunk := range [][2]string{{"", ""}, {"a", ""}, {"", "a"}, {"a", "b"}, {"ab", ""}, {"", "ab"}, {"b", "a"}, {"a", "b\x00"}} {
		id := idOf(chunk[0], []byte(chunk[1]))
		require.Equal(t, id, idOf(chunk[0], []byte(chunk[1])))
		require.False(t, ids[id])
		ids[id] = true
	}
}

func TestLedgerSpendsAnEntry(t *testing.T) {
	l, lost := ledgerOf()
	require.True(t, l.empty())
	_, ok := l.take(idOfNumber(1))
	require.False(t, ok)

	l.remember(idOfNumber(1), setOf(3, 70))
	require.False(t, l.empty())
	_, ok = l.take(idOfNumber(2))
	require.False(t, ok)
	left, ok := l.take(idOfNumber(1))
	require.True(t, ok)
	require.Equal(t, setOf(3, 70), left)
	require.True(t, l.empty())
	_, ok = l.take(idOfNumber(1))
	require.False(t, ok, "an entry is spent once")
	require.Zero(t, lost.Load())
	require.Zero(t, l.bytes)
	require.Empty(t, l.byID)
}

func TestLedgerKeepsAnEntryForEachOfTwoChunksThatAreTheSame(t *testing.T) {
	l, _ := ledgerOf()
	for i := range uint32(3) {
		l.remember(idOfNumber(1), setOf(i))
	}
	for i := range uint32(3) {
		left, ok := l.take(idOfNumber(1))
		require.True(t, ok)
		require.Equal(t, setOf(i), left, "the oldest first")
	}
	require.True(t, l.empty())
}

func TestLedgerIsBoundedInEntries(t *testing.T) {
	l, lost := ledgerOf()
	for i := range ledgerEntries + 3 {
		l.remember(idOfNumber(i), setOf(uint32(i%64)))
	}
	require.Equal(t, ledgerEntries, l.oldest.Len())
	require.EqualValues(t, 3, lost.Load())
	for i := range ledgerEntries + 3 {
		_, ok := l.take(idOfNumber(i))
		require.Equal(t, i >= 3, ok, "the oldest have left")
	}
	require.True(t, l.empty())
	require.Zero(t, l.bytes)
}

func TestLedgerIsBoundedInBytes(t *testing.T) {
	l, lost := ledgerOf()
	const ordinal = 512<<10*8 - 1 // a set of half a mebibyte
	for i := range 20 {
		l.remember(idOfNumber(i), setOf(ordinal))
		require.LessOrEqual(t, l.bytes, ledgerBytes)
	}
	require.EqualValues(t, 5, lost.Load())
	_, ok := l.take(idOfNumber(4))
	require.False(t, ok)
	_, ok = l.take(idOfNumber(5))
	require.True(t, ok)

	huge := setOf(9 << 20 * 8)
	l.remember(idOfNumber(100), huge)
	left, ok := l.take(idOfNumber(100))
	require.True(t, ok, "one entry is kept, whatever its size")
	require.Len(t, left, len(huge))
	require.True(t, l.empty())
	require.EqualValues(t, 19, lost.Load())
}

func TestLedgerIsBoundedInAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lost := ledgerOf()
		l.remember(idOfNumber(1), setOf(1))
		time.Sleep(ledgerAge / 2)
		l.remember(idOfNumber(2), setOf(2))
		time.Sleep(ledgerAge/2 + time.Second)
		l.remember(idOfNumber(3), setOf(3))
		require.EqualValues(t, 1, lost.Load())
		for i := 1; i <= 3; i++ {
			_, ok := l.take(idOfNumber(i))
			require.Equal(t, i > 1, ok)
		}
	})
}

// An entry whose chunk Fluent Bit gave up on is not to be spent on another one
// that comes much later.
func TestLedgerDoesNotSpendAnEntryBeyondItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lost := ledgerOf()
		l.remember(idOfNumber(1), setOf(1))
		time.Sleep(ledgerAge + time.Second)
		_, ok := l.take(idOfNumber(1))
		require.False(t, ok)
		require.EqualValues(t, 1, lost.Load())
		require.True(t, l.empty())
	})
}

// The oldest may be one of several entries of a chunk.
func TestLedgerLosesTheOldestOfSeveralEntriesOfAChunk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, lost := ledgerOf()
		l.remember(idOfNumber(1), setOf(1))
		time.Sleep(ledgerAge + time.Second)
		l.remember(idOfNumber(1), setOf(2))
		require.EqualValues(t, 1, lost.Load())
		left, ok := l.take(idOfNumber(1))
		require.True(t, ok)
		require.Equal(t, setOf(2), left)
		require.True(t, l.empty())
		require.Empty(t, l.byID)
	})
}

func TestLedgerIsForManyWorkers(t *testing.T) {
	l, lost := ledgerOf()
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				id := idOfNumber(worker*1000 + i)
				l.remember(id, setOf(uint32(i)))
				if _, ok := l.take(id); !ok || l.empty() && l.used.Load() < 0 {
					t.Error("an entry is not there")
				}
			}
		})
	}
	wg.Wait()
	require.True(t, l.empty())
	require.Zero(t, l.bytes)
	require.Zero(t, lost.Load())
}

// An entry must still be there when Fluent Bit offers its chunk again, which it
// does after at most scheduler.cap, 2000 s by default, and after the time that
// other chunks take before this one: see "Scheduling and retries" in
// https://docs.fluentbit.io/manual/administration/scheduling-and-retries.
func TestLedgerOutlivesTheLongestWaitOfTheScheduler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const schedulerCap, others = 2000 * time.Second, 10 * time.Minute
		s := &fakeStream{t: t, refuse: func(r putRecord) string {
			if r.n(t) == 1 {
				return throttledCode
			}
			return ""
		}}
		o := outputOf(t, s, "delivery_timeout", "0")
		require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
		s.refuse = nil
		time.Sleep(schedulerCap + others)
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		require.Equal(t, upTo(3), s.numbers(), "each once")
		require.Zero(t, o.Counts().LedgerLost)
	})
}
