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
	l := batchList{freeList: freeList[*batch]{most: 10}, bytes: 1000}
	of := func(size int) *batch { return &batch{body: make([]byte, 0, size)} }
	l.put(of(600))
	l.put(of(600)) // too much
	l.put(of(400))
	l.put(of(1)) // too much
	require.Len(t, l.items, 2)
	require.Zero(t, l.bytes)

	b, ok := l.get()
	require.True(t, ok)
	require.Equal(t, 400, cap(b.body))
	b.body = make([]byte, 0, 401) // it has grown meanwhile
	l.put(b)
	require.Len(t, l.items, 1)
	require.Equal(t, 400, l.bytes)
	b.body = b.body[:0:300]
	l.put(b)
	require.Equal(t, 100, l.bytes)
	for range 2 {
		_, ok = l.get()
		require.True(t, ok)
	}
	_, ok = l.get()
	require.False(t, ok)
	require.Equal(t, 1000, l.bytes)
}

func TestBatchListIsForManyWorkers(t *testing.T) {
	l := batchList{freeList: freeList[*batch]{most: 4}, bytes: 1000}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				b, ok := l.get()
				if !ok {
					b = &batch{}
				}
				if len(b.body) != 0 {
					t.Error("a batch that is in use")
				}
				b.body = append(b.body, make([]byte, i%300)...)
				b.body = b.body[:0]
				l.put(b)
			}
		})
	}
	wg.Wait()
	kept := 0
	for _, b := range l.items {
		kept += cap(b.body)
	}
	require.Equal(t, 1000, l.bytes+kept)
}

func TestBatchesThatArePutAreEmpty(t *testing.T) {
	o := outputOf(t, instantStream)
	b := o.getBatch()
	b.addAll([]putRecord{{make([]byte, 100), "k"}})
	b.stripes.set(1)
	b.close()
	o.putBatch(b)
	again := o.getBatch()
	require.Same(t, b, again)
	requireSameBatch(t, newBatch(o.free.wire, o.free.head), again)
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
