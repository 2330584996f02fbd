package kinesis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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

func TestABatchForSomeEntriesHoldsLittleMoreMemoryThanTheyTake(t *testing.T) {
	d := outputOf(t, instantStream).d
	full := d.getBatch()
	full.addAll([]putRecord{{Data: make([]byte, 500_000), PartitionKey: "k"}})
	room := full.body.Capacity()
	d.putBatch(full)

	small := d.getBatchFor(1000)
	require.Equal(t, leastRoom, small.body.Capacity())
	require.Same(t, full, d.getBatchFor(room/2), "for what nearly fills it")
	d.putBatch(full)
	d.putBatch(small)
	require.Same(t, full, d.getBatch(), "for what may become large")
	require.Same(t, small, d.getBatchFor(2000))
}

func TestWhatIsCutOffOfALargeBatchDoesNotHoldItsMemory(t *testing.T) {
	d := outputOf(t, instantStream).d
	b := d.getBatch()
	records := make([]putRecord, 100)
	for i := range records {
		records[i] = putRecord{Data: make([]byte, 10_000), PartitionKey: "k"}
	}
	b.addAll(records)
	few, most := d.deal(b, func(i int) bool { return i >= 2 })
	require.Len(t, few.entries, 2)
	require.Len(t, most.entries, 98)
	require.Less(t, few.body.Capacity(), 40_000)
	room := most.body.Capacity()
	require.Less(t, room, 98*15_500)
	require.Equal(t, room, cap(most.body.Close()), "it has not grown, nor does it when it is closed")
}
