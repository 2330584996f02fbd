package kinesis

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFreeListKeepsNoMoreThanItsMost(t *testing.T) {
	l := freeList[int]{most: 2}
	_, ok := l.get()
	require.False(t, ok)
	for i := range 3 {
		l.put(i)
	}
	for _, want := range []int{1, 0} {
		got, ok := l.get()
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	_, ok = l.get()
	require.False(t, ok)
}

func TestFreeListKeepsNothingAliveThatIsLent(t *testing.T) {
	l := freeList[*batch]{most: 2}
	l.put(&batch{})
	_, ok := l.get()
	require.True(t, ok)
	require.Nil(t, l.items[:1][0])
}

// sized is a list of numbers that take as many bytes.
func sized(most, bytes int) freeList[*int] {
	return freeList[*int]{most: most, bytes: bytes, size: func(n *int) int { return *n }}
}

func TestFreeListIsBoundedInBytes(t *testing.T) {
	l := sized(10, 30)
	large, other, small, tiny := 20, 20, 10, 1
	l.put(&large)
	l.put(&other) // too much
	l.put(&small)
	l.put(&tiny) // too much
	require.Equal(t, []*int{&large, &small}, l.items)
	require.Equal(t, 30, l.kept)

	item, ok := l.get()
	require.True(t, ok)
	require.Same(t, &small, item)
	*item = 11 // it has grown meanwhile
	l.put(item)
	require.Len(t, l.items, 1)
	require.Equal(t, 20, l.kept)
	l.put(&tiny)
	for range 2 {
		_, ok = l.get()
		require.True(t, ok)
	}
	_, ok = l.get()
	require.False(t, ok)
	require.Zero(t, l.kept)
}

func TestFreeListIsForManyWorkers(t *testing.T) {
	const bytes = 40_000
	l := sized(4, bytes)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				item, ok := l.get()
				if !ok {
					item = new(int)
				}
				*item = 30 * (i % 300)
				l.put(item)
			}
		})
	}
	wg.Wait()
	kept := 0
	for _, item := range l.items {
		kept += *item
	}
	require.Equal(t, kept, l.kept)
	require.LessOrEqual(t, kept, bytes)
}

func TestFreeListFindsAnItemByItsMemory(t *testing.T) {
	l := sized(10, 1000)
	for _, n := range []int{20, 50, 10, 50, 30} {
		l.put(&n)
	}
	for _, test := range []struct{ least, most, want int }{{15, 60, 20}, {15, 60, 30}, {1, 9, 0}, {15, 40, 0}, {40, 40, 0}, {1, 100, 10}} {
		item, ok := l.within(test.least, test.most)
		require.Equal(t, test.want > 0, ok)
		if ok {
			require.Equal(t, test.want, *item)
		}
	}
	small := 40
	l.put(&small)
	for _, want := range []int{50, 50, 40} {
		item, ok := l.largest()
		require.True(t, ok)
		require.Equal(t, want, *item)
	}
	_, ok := l.largest()
	require.False(t, ok)
	require.Zero(t, l.kept)
}

func TestFreeListLetsGoWhatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := sized(10, 1000)
		l.unused = time.Minute
		items := []int{1, 2, 3, 4, 5}
		for i := range items {
			l.put(&items[i])
		}
		take := func() {
			for range 2 { // as many as are needed at a time
				a, _ := l.get()
				b, _ := l.within(3, 3)
				l.put(b)
				l.put(a)
				time.Sleep(time.Minute/2 + time.Second)
			}
		}
		take()
		take()
		require.Len(t, l.items, 5, "it has not been looked for long enough")
		for range 3 {
			take()
			require.Len(t, l.items, 2)
			require.Equal(t, 8, l.kept)
		}
	})
}
