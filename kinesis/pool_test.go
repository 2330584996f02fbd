package kinesis

import (
	"sync"
	"testing"
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

func TestBatchesThatArePutAreEmpty(t *testing.T) {
	d := outputOf(t, instantStream).d
	b := d.getBatch()
	b.addAll([]putRecord{{Data: make([]byte, 100), PartitionKey: "k"}})
	b.body.Close()
	d.putBatch(b)
	again := d.getBatch()
	require.Same(t, b, again)
	requireSameBatch(t, emptyBatch(), again)
}

func TestAggregatesThatArePutAreEmptyAndBoundedInTheirMemory(t *testing.T) {
	d := outputOf(t, instantStream).d
	s := &shard{}
	for range 20 {
		a := newOpenAggregate()
		a.add([]byte("k"), make([]byte, 500_000), stripeSet(1), &flush{}, 1)
		a.shard, a.random = s, true
		d.putAggregate(a)
	}
	require.LessOrEqual(t, d.aggregates.kept, mostKeptAggregates)
	require.Greater(t, d.aggregates.kept, mostKeptAggregates-600_000)
	a := d.getAggregate(nil)
	require.Zero(t, a.writer.Count())
	require.Empty(t, a.events.ordinals)
	require.Equal(t, stripes{}, a.stripes)
	require.Nil(t, a.shard)
	require.False(t, a.random)
}

func TestDeliveriesThatAreUsedAgainStartAnew(t *testing.T) {
	o := outputOf(t, instantStream, "experimental_concurrency", "1", "experimental_concurrency_retries", "2")
	dl := o.d.newDelivery(&rest{})
	require.Equal(t, 2, dl.attempts)
	require.True(t, dl.cannotHandBack)
	dl.attempts, dl.isolating, dl.tried = 0, true, true
	dl.refusals, dl.held, dl.own, dl.last = 9, true, time.Now().Add(-time.Hour), errInternal
	dl.getBatch()
	o.retrying.Add(1)
	dl.end()
	require.Zero(t, o.retrying.Load())

	began := time.Now().Add(-time.Minute)
	again := o.d.newDelivery(&rest{began: began})
	require.Same(t, dl, again)
	require.Equal(t, began, again.began)
	require.Zero(t, again.own, "or it is given up for what another had accepted long ago")
	require.Zero(t, again.refusals)
	require.False(t, again.held)
	require.NoError(t, again.last)
	require.Equal(t, 2, again.attempts)
	require.False(t, again.isolating)
	require.False(t, again.tried)
	require.Empty(t, again.batches)
}
