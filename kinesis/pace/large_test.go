package pace

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// throttledPacer has a rate.
func throttledPacer(t *testing.T) *Pacer {
	t.Helper()
	p := New(Options{Requests: 10, Bytes: 1 << 30})
	p.Learn(Outcome{Accepted: Amount{100, 100}, Refused: Amount{900, 900}})
	require.True(t, p.Throttled())
	return p
}

func waitFor(t *testing.T, p *Pacer, a Amount) time.Duration {
	t.Helper()
	begin := time.Now()
	require.Positive(t, p.Enter(t.Context(), Ask{Amount: a, Whole: true}))
	p.Leave(0)
	return time.Since(begin)
}

func TestWhatIsGivenBackHasCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large, small := Amount{1, 10 << 20}, Amount{1, 100}
		kept, returned := throttledPacer(t), throttledPacer(t)
		for _, p := range []*Pacer{kept, returned} {
			waitFor(t, p, large)
		}
		returned.GiveBack(large)
		require.Zero(t, waitFor(t, returned, small))
		require.Greater(t, waitFor(t, kept, small), time.Second)
		New(Options{Requests: 1}).GiveBack(large) // there is no rate: nothing was taken
	})
}

func TestHoldHasOthersWaitWhereThereIsARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := throttledPacer(t)
		require.True(t, p.Hold(0))
		require.InDelta(t, mostDebt, waitFor(t, p, Amount{1, 100}), float64(time.Millisecond))
		free := New(Options{Requests: 10, Bytes: 1 << 30})
		require.False(t, free.Hold(0))
		require.Zero(t, waitFor(t, free, Amount{1, 100}))
	})
}

func TestHoldHasThoseWaitThatAreForAShardThatIsFullByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Options{Requests: 10, Bytes: 1 << 30})
		require.True(t, p.Shards().Learn(Share{Shard: "a", First: 10, Last: 20, Alone: true, Outcome: Outcome{Refused: Amount{100, 100}}}))
		require.False(t, p.Hold(30), "of another shard")
		require.True(t, p.Hold(15))
		begin := time.Now()
		require.Positive(t, p.Shards().Enter(t.Context(), "a", Ask{Amount: Amount{1, 100}}))
		require.InDelta(t, mostDebt, time.Since(begin), float64(time.Millisecond))
	})
}
