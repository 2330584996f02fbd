package pace

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAGateBoundsRequestsAndBytes(t *testing.T) {
	for name, test := range map[string]struct {
		requests, bytes int
		sizes           []int
		most            int // in flight at a time
	}{
		"by their number":                        {3, 1000, []int{1, 1, 1, 1, 1}, 3},
		"by their bytes":                         {10, 100, []int{40, 40, 40, 40}, 2},
		"one that is larger than all goes alone": {10, 100, []int{500, 1, 1}, 2},
		"to the byte":                            {10, 100, []int{50, 50, 1}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGate(test.requests, test.bytes)
				most := 0
				var mu sync.Mutex
				var all sync.WaitGroup
				for _, size := range test.sizes {
					all.Go(func() {
						require.True(t, g.Enter(t.Context(), size))
						mu.Lock()
						requests, bytes := g.InFlight()
						most = max(most, requests)
						mu.Unlock()
						require.True(t, requests == 1 || bytes <= test.bytes)
						time.Sleep(time.Second)
						g.Leave(size)
					})
					synctest.Wait() // so that they come in this order
				}
				all.Wait()
				require.Equal(t, test.most, most)
				requests, bytes := g.InFlight()
				require.Zero(t, requests)
				require.Zero(t, bytes)
			})
		})
	}
}

func TestAGateLetsInInTheOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(2, 100)
		begin := time.Now()
		sizes := []int{60, 60, 10, 90, 10}
		in := make([]time.Duration, len(sizes))
		var all sync.WaitGroup
		for i, size := range sizes {
			all.Go(func() {
				require.True(t, g.Enter(t.Context(), size))
				in[i] = time.Since(begin)
				time.Sleep(time.Second)
				g.Leave(size)
			})
			synctest.Wait()
		}
		all.Wait()
		require.Equal(t, []time.Duration{0, time.Second, time.Second, 2 * time.Second, 2 * time.Second}, in,
			"a small one does not overtake a large one")
	})
}

func TestWhoeverGivesUpAtAGateHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(1, 100)
		require.True(t, g.Enter(t.Context(), 1))
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { require.False(t, g.Enter(ctx, 1)) })
		synctest.Wait()
		in := false
		all.Go(func() { in = g.Enter(t.Context(), 1) })
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.False(t, in)
		g.Leave(1)
		all.Wait()
		require.True(t, in)
	})
}

func TestAGateIsEmptyAfterAnyComingAndGoing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		g := NewGate(5, 300)
		var all sync.WaitGroup
		for range 500 {
			size, patience, stay := random.IntN(200), time.Duration(random.IntN(500)), time.Duration(random.IntN(20))
			time.Sleep(time.Duration(random.IntN(5)))
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if g.Enter(ctx, size) {
					time.Sleep(stay)
					g.Leave(size)
				}
			})
		}
		all.Wait()
		requests, bytes := g.InFlight()
		require.Zero(t, requests)
		require.Zero(t, bytes)
		require.Empty(t, g.waiting)
	})
}
