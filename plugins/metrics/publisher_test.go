package metrics_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins/metrics"
)

func TestWhatChangesIsPublishedWithinTheIntervalAndNothingWhileIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var value, published, times atomic.Int64
		p := metrics.NewPublisher(func() { published.Store(value.Load()); times.Add(1) })
		require.EqualValues(t, 1, times.Load(), "at the start")
		time.Sleep(time.Hour)
		require.EqualValues(t, 1, times.Load(), "nothing has changed")

		for i := range int64(1000) { // ten seconds of work
			value.Store(i)
			p.Changed()
			time.Sleep(10 * time.Millisecond)
			require.LessOrEqual(t, i-published.Load(), int64(metrics.PublishInterval/(10*time.Millisecond)))
		}
		time.Sleep(metrics.PublishInterval)
		require.EqualValues(t, 999, published.Load(), "the last value")
		require.InDelta(t, 20, times.Load(), 2)

		was := times.Load()
		time.Sleep(time.Hour)
		require.Equal(t, was, times.Load(), "nothing has changed since")
		p.Close()
	})
}

func TestAfterCloseNothingIsPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := 0
		p := metrics.NewPublisher(func() { times++ })
		p.Changed()
		p.Close()
		p.Changed()
		p.Close()
		time.Sleep(time.Minute)
		require.Equal(t, 1, times)
	})
}

func TestNothingIsPublishedTwiceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value := 0 // the race detector sees who else is there
		p := metrics.NewPublisher(func() { value++ })
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for range 100 {
					p.Changed()
					time.Sleep(time.Millisecond)
				}
			})
		}
		workers.Wait()
		p.Close()
		require.LessOrEqual(t, value, 3)
	})
}

func TestAPublisherThatIsNoneTakesChanges(t *testing.T) {
	var none *metrics.Publisher
	none.Changed()
	none.Close()
}
