package kinesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/wire"
)

// restOf is a rest of these stripes: of an entry for each, and behind them of an
// aggregate for each. Ordinals are numbers from first on.
func (o *Output) restOf(f *flush, first uint32, entries, aggregates []int) *rest {
	r := &rest{}
	next := func() uint32 { first++; return first - 1 }
	for _, stripe := range entries {
		if r.batch == nil {
			r.batch = o.d.getBatch()
		}
		r.batch.add(recordOf("data", "k"+strconv.Itoa(stripe)), stripesOf(stripe), nil, f, next())
	}
	for _, stripe := range aggregates {
		a := o.d.getAggregate(nil)
		a.add([]byte("k"+strconv.Itoa(stripe)), []byte("data"), stripesOf(stripe), f, next())
		r.aggregates = append(r.aggregates, a)
	}
	return r
}

// listed is the stripe of each entry and of each aggregate with its ordinals, in
// order.
func (r *rest) listed() (all []string) {
	list := func(s stripes, e *carried, first, last int) {
		for m := range stripeCount {
			if s.has(uint8(m)) {
				all = append(all, fmt.Sprint(m, " ", e.ordinals[first:last]))
			}
		}
	}
	if r.batch != nil {
		for _, e := range r.batch.entries {
			list(e.stripes, &r.batch.events, int(e.first), int(e.last))
		}
	}
	for _, a := range r.aggregates {
		list(a.stripes, &a.events, 0, len(a.events.ordinals))
	}
	return all
}

// What may go is parted from what has to stay as the model says: entry by entry,
// whatever has a stripe in common with those that are busy, or with one before it
// that stays, stays.
func TestARestIsPartedByTheKeysThatAreBusy(t *testing.T) {
	random := rand.New(rand.NewPCG(12, 12))
	o := outputOf(t, &fakeStream{t: t}, "partition_key", "key", "aggregation", "on")
	some := func() (members []int) {
		for range random.IntN(8) {
			members = append(members, random.IntN(12))
		}
		return members
	}
	for range 500 {
		entries, aggregates := some(), some()
		r := o.restOf(&flush{}, 0, entries, aggregates)
		busy := stripesOf(some()...)
		var goes, stays []string
		blocked := busy
		var wantFree stripes
		for i, m := range append(slices.Clone(entries), aggregates...) {
			text := fmt.Sprint(m, " ", []int{i})
			if blocked.has(uint8(m)) {
				stays = append(stays, text)
				continue
			}
			goes = append(goes, text)
			wantFree.set(uint8(m))
		}
		free, any := r.free(busy)
		require.Equal(t, wantFree, free)
		require.Equal(t, len(goes) > 0, any)
		before := r.events()
		part := o.d.split(r, busy)
		require.Equal(t, goes, part.listed())
		require.Equal(t, stays, r.listed())
		require.Equal(t, before, part.events()+r.events())
		require.Equal(t, len(goes) == 0, part.empty())
		require.Equal(t, wantFree, part.stripes())
		require.False(t, part.stripes().meet(r.stripes()))
	}
}

// An aggregate of several keys that stays has those stay that come behind it and
// have another of its keys.
func TestWhatStaysHoldsWhatCameBehindIt(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t}, "partition_key", "key", "aggregation", "on")
	r := o.restOf(&flush{}, 0, nil, []int{1, 2, 3})
	r.aggregates[0].stripes.add(stripesOf(2))
	free, any := r.free(stripesOf(1))
	require.True(t, any)
	require.Equal(t, stripesOf(3), free)
	require.Equal(t, []string{"3 [2]"}, o.d.split(r, stripesOf(1)).listed())
	require.Equal(t, []string{"1 [0]", "2 [0]", "2 [1]"}, r.listed())
}

func TestARestFitsWhereTheRequestStaysWithinItsLimits(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t}, "aggregation", "on")
	sized := func(entries, size int) *rest {
		b := o.d.getBatch()
		for i := range entries {
			b.add(&record.Record{Data: make([]byte, size-1), Key: []byte("k")}, stripes{}, nil, nil, uint32(i))
		}
		return &rest{batch: b}
	}
	packed := o.restOf(nil, 0, nil, []int{1, 2})
	const grown = 2 * 8 // that two records may take more in other aggregates
	for name, test := range map[string]struct {
		to, other *rest
		want      bool
	}{
		"up to 500 entries":         {sized(300, 10), sized(200, 10), true},
		"not one more":              {sized(301, 10), sized(200, 10), false},
		"up to 5 MiB":               {sized(3, 1<<20), sized(2, 1<<20), true},
		"not a byte more":           {sized(5, 1<<20), sized(1, 2), false},
		"aggregates as entries":     {sized(498, 10), packed, true},
		"and not one entry more":    {sized(499, 10), packed, false},
		"aggregates by their size":  {sized(5, 1<<20), packed, false},
		"and by what they may grow": {sized(1, wire.MaxBytes-packed.bytes()-grown), packed, true},
		"which is not more":         {sized(1, wire.MaxBytes-packed.bytes()-grown+1), packed, false},
		"to aggregates alone":       {packed, sized(498, 10), true},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, test.to.fits(test.other))
		})
	}
}

func TestARestOvertakesWhereItsEntriesHaveKeysOfAggregates(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t}, "partition_key", "key", "aggregation", "on")
	for name, test := range map[string]struct {
		entries, aggregates []int // that have gathered
		others, packed      []int
		want                bool
	}{
		"an entry of a key that is in an aggregate":          {nil, []int{1, 2}, []int{2}, nil, true},
		"an entry of another key":                            {nil, []int{1, 2}, []int{3}, nil, false},
		"an entry of a key of an entry":                      {[]int{1}, nil, []int{1}, nil, false},
		"an aggregate of a key that is in an aggregate":      {nil, []int{1}, nil, []int{1}, false},
		"an aggregate of a key of an entry":                  {[]int{1}, nil, nil, []int{1}, false},
		"one of many entries has a key of one of aggregates": {[]int{5}, []int{1, 2, 3}, []int{7, 8, 3}, []int{9}, true},
	} {
		t.Run(name, func(t *testing.T) {
			g, r := o.restOf(nil, 0, test.entries, test.aggregates), o.restOf(nil, 0, test.others, test.packed)
			require.Equal(t, test.want, g.overtakes(r))
		})
	}
}

func TestARestThatIsRefusedGoesBackToAllItsFlushes(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t}, "aggregation", "on")
	f, g := &flush{}, &flush{}
	r := o.restOf(f, 0, []int{1, 2}, []int{3})
	r.aggregates = append(r.aggregates, o.restOf(g, 7, nil, []int{4}).aggregates...)
	require.Equal(t, 4, r.events())
	require.Equal(t, 4, r.entries())
	f.unsettled.Add(3)
	g.unsettled.Add(1)
	r.refuse(errInternal)
	f.unsettled.Wait()
	g.unsettled.Wait()
	require.Equal(t, []uint32{0, 1, 2}, f.refused)
	require.Equal(t, []uint32{7}, g.refused)
	require.Equal(t, errInternal, g.err)
	require.True(t, r.empty())
}

// Whatever joins, no aggregate and no request goes over its limit, and the
// records of all flushes are in few aggregates.
func TestWhatJoinsKeepsTheLimits(t *testing.T) {
	for name, w := range map[string]struct {
		most, records, size int // of an aggregate, a flush and a record
		keyed               bool
	}{
		"small aggregates":                      {1 << 10, 11, 40, false},
		"small aggregates by key":               {1 << 10, 11, 40, true},
		"aggregates that two flushes fill":      {4 << 10, 11, 180, true},
		"aggregates that none fits beside":      {2 << 10, 2, 900, true},
		"large aggregates":                      {1 << 20, 40, 2000, false},
		"large aggregates by key":               {1 << 20, 40, 2000, true},
		"keys that are larger than the records": {4 << 10, 30, 1, true},
	} {
		for _, compression := range []string{"none", "gzip"} {
			t.Run(name+", "+compression, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(13, 13))
					s := &fakeStream{t: t, latency: 25 * time.Millisecond, refuse: func(r putRecord) string {
						if size := len(r.Data) + len(r.PartitionKey); size > w.most {
							t.Errorf("an aggregate of %d bytes", size)
						}
						return ""
					}}
					options := []string{"data_keys", "n,pad", "aggregation", "on", "aggregation_maximum_record_size", strconv.Itoa(w.most), "skip_aggregation_record_size", strconv.Itoa(w.most - 1), "aggregation_compression", compression}
					if w.keyed {
						options = append(options, "partition_key", "key")
					}
					o := outputOf(t, s, options...)
					s.packed = o.config.AggregationCompression
					n, bytes := 0, 0
					for range 2 {
						var chunks [][]byte
						for range 32 {
							chunks = append(chunks, chunkOf(1+random.IntN(w.records), func(int) fields {
								key, pad := fmt.Sprintf("%064d", random.IntN(300)), fmt.Sprintf("%0*d", 1+random.IntN(w.size), 0)
								n++
								bytes += len(pad)
								return fields{kv("key", key), kv("n", n-1), kv("pad", pad)}
							}))
						}
						codes, _ := o.together(chunks...)
						require.Equal(t, allOK(32), codes)
					}
					require.Equal(t, upTo(n), s.userNumbers())
					require.LessOrEqual(t, len(s.requests), 2*32/2)
					for _, records := range s.requests {
						require.LessOrEqual(t, records, wire.MaxRecords)
					}
					requireIdle(t, o)
				})
			})
		}
	}
}

// Rests whose aggregates are for shards join shard by shard, and keep the order
// of a key that went from one to another.
func TestAggregatesMergeWithTheLastOfTheirShard(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t}, "partition_key", "key", "aggregation", "on")
	a, b := &shard{index: 0}, &shard{index: 1}
	of := func(s *shard, stripe int, ordinal uint32) *openAggregate {
		x := o.d.getAggregate(s)
		x.add([]byte("k"+strconv.Itoa(stripe)), []byte("data"), stripesOf(stripe), nil, ordinal)
		return x
	}
	g := &rest{aggregates: []*openAggregate{of(a, 1, 0), of(b, 2, 1)}}
	o.d.merge(g, of(a, 3, 2), stripes{})
	require.Equal(t, []string{"1 [0 2]", "3 [0 2]", "2 [1]"}, g.listed(), "none behind it has a key of it")
	o.d.merge(g, of(a, 2, 3), stripes{})
	require.Equal(t, []string{"1 [0 2]", "3 [0 2]", "2 [1]", "2 [3]"}, g.listed(), "it must not come before the one with its key")
	o.d.merge(g, of(a, 4, 4), stripesOf(4))
	require.Len(t, g.aggregates, 4, "the one does not wait for the keys that the other waits for")
	o.d.merge(g, of(a, 4, 5), stripesOf(4))
	require.Len(t, g.aggregates, 4, "both wait")
	o.d.config.AggregationMaximumRecordSize = 100
	o.d.merge(g, of(b, 2, 6), stripes{})
	require.Len(t, g.aggregates, 5, "it does not fit")
}

// What has stayed behind has waited for long. Whoever joins it has not, and is given
// the time in which others may join, too.
func TestWhoJoinsWhatStayedBehindIsGivenTimeForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outputOf(t, &fakeStream{t: t}, "partition_key", "key")
		d := o.d
		d.absorb(o.restOf(&flush{}, 0, []int{1}, nil))
		first := d.since
		time.Sleep(time.Second)
		d.absorb(o.restOf(&flush{}, 1, []int{2}, nil))
		require.Equal(t, first, d.since, "who joins others has no time of its own")
		d.parted = true
		d.absorb(o.restOf(&flush{}, 2, []int{3}, nil))
		require.Equal(t, time.Now(), d.since)
		require.False(t, d.parted)
		require.Equal(t, 3, d.gathered.events())
	})
}

// How long a delivery may take is counted from the first of its flushes, whoever
// joined whom, and of both parts where it was parted.
func TestARestBeganWithTheFirstOfItsFlushes(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t}, "partition_key", "key")
	at := time.Now()
	for _, order := range [][]time.Duration{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
		o.d.gathered = nil
		for i, later := range order {
			r := o.restOf(&flush{}, uint32(i), []int{i}, nil)
			r.began = at.Add(later * time.Second)
			o.d.absorb(r)
		}
		g := o.d.gathered
		require.Equal(t, at, g.began)
		part := o.d.split(g, stripesOf(1))
		require.Equal(t, []string{"1 [1]"}, g.listed())
		require.Equal(t, at, part.began)
	}
	o.d.gathered = nil
}
