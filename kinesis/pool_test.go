package kinesis

import (
	"sync"
	"testing"

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

func TestBatchListIsBoundedInTheBytesOfBodies(t *testing.T) {
	grown := func(b *batch, size int) *batch {
		b.add(make([]byte, size), []byte("k"), unknownShard)
		b.reset()
		return b
	}
	large, other, small := grown(emptyBatch(), 20_000), grown(emptyBatch(), 20_000), grown(emptyBatch(), 10_000)
	bytes := large.Capacity() + small.Capacity()
	l := batchList{freeList: freeList[*batch]{most: 10}, bytes: bytes}
	l.put(large)
	l.put(other) // too much
	l.put(small)
	l.put(emptyBatch()) // too much
	require.Len(t, l.items, 2)
	require.Zero(t, l.bytes)

	b, ok := l.get()
	require.True(t, ok)
	require.Same(t, small, b)
	room := b.Capacity()
	require.Greater(t, grown(b, 20_000).Capacity(), room) // it has grown meanwhile
	l.put(b)
	require.Len(t, l.items, 1)
	require.Equal(t, room, l.bytes)
	b = emptyBatch()
	l.put(b)
	require.Equal(t, room-b.Capacity(), l.bytes)
	for range 2 {
		_, ok = l.get()
		require.True(t, ok)
	}
	_, ok = l.get()
	require.False(t, ok)
	require.Equal(t, bytes, l.bytes)
}

func TestBatchListIsForManyWorkers(t *testing.T) {
	const bytes = 40_000
	l := batchList{freeList: freeList[*batch]{most: 4}, bytes: bytes}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				b, ok := l.get()
				if !ok {
					b = emptyBatch()
				}
				if b.Len() != 0 {
					t.Error("a batch that is in use")
				}
				b.add(make([]byte, 30*(i%300)), []byte("k"), unknownShard)
				b.reset()
				l.put(b)
			}
		})
	}
	wg.Wait()
	kept := 0
	for _, b := range l.items {
		kept += b.Capacity()
	}
	require.Equal(t, bytes, l.bytes+kept)
}

func TestBatchesThatArePutAreEmpty(t *testing.T) {
	o := outputOf(t, instantStream)
	b := o.getBatch()
	b.addAll([]putRecord{{make([]byte, 100), "k"}})
	b.stripes.set(1)
	b.Close()
	o.putBatch(b)
	again := o.getBatch()
	require.Same(t, b, again)
	requireSameBatch(t, newBatch(o.free.format, o.free.head), again)
}

func TestDeliveriesThatAreUsedAgainStartAnew(t *testing.T) {
	o := outputOf(t, instantStream, "request_retries", "7", "experimental_concurrency", "1", "experimental_concurrency_retries", "2")
	d := o.newDelivery(true)
	require.Equal(t, 2, d.attempts)
	require.True(t, d.lastOffer)
	d.left, d.err, d.attempts = append(d.left, 1, 2), errRefused, 0
	d.tried = true
	o.retrying.Add(1)
	o.endDelivery(d)
	require.Zero(t, o.retrying.Load())

	again := o.newDelivery(false)
	require.Same(t, d, again)
	require.Empty(t, again.left)
	require.NoError(t, again.err)
	require.Equal(t, 7, again.attempts)
	require.False(t, again.lastOffer)
	require.False(t, again.tried)
}
