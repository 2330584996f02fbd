package kinesis

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// An event of a model: its ordinal, and the flush that it is of.
type event struct {
	of      *flush
	ordinal uint32
}

// randomEvents are events of some flushes, in runs.
func randomEvents(random *rand.Rand, flushes []*flush, n int) (model []event) {
	of := flushes[0]
	for i := range n {
		if random.IntN(3) == 0 {
			of = flushes[random.IntN(len(flushes))]
		}
		model = append(model, event{of, uint32(i)})
	}
	return model
}

// list takes events apart.
func (e *carried) list(first, last int) (all []event) {
	for f, ordinals := range e.span(first, last) {
		for _, ordinal := range ordinals {
			all = append(all, event{f, ordinal})
		}
	}
	return all
}

func TestEventsKeepWhoseTheyAre(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 10))
	flushes := []*flush{{}, {}, {}}
	for range 200 {
		model := randomEvents(random, flushes, 1+random.IntN(40))
		var e carried
		runs := 0
		for i, x := range model {
			e.add(x.of, x.ordinal)
			if i == 0 || model[i-1].of != x.of {
				runs++
			}
		}
		require.Equal(t, runs, e.flushes())
		for range 20 {
			first := random.IntN(len(model) + 1)
			last := first + random.IntN(len(model)+1-first)
			require.True(t, slices.Equal(model[first:last], e.list(first, last)))

			var part carried // what is copied goes on as one run where it is of one flush
			part.add(flushes[0], 99)
			part.addSpan(&e, first, last)
			require.True(t, slices.Equal(append([]event{{flushes[0], 99}}, model[first:last]...), part.list(0, len(part.ordinals))))
			for i := 1; i < len(part.owners); i++ {
				require.NotSame(t, part.owners[i-1].flush, part.owners[i].flush)
			}
		}
		e.reset()
		require.Empty(t, e.list(0, 0))
		require.Zero(t, e.flushes())
	}
}

func TestASpanEndsWhereItsReaderDoes(t *testing.T) {
	var e carried
	e.add(&flush{}, 1, 2)
	e.add(&flush{}, 3)
	for _, ordinals := range e.span(0, 3) {
		require.Equal(t, []uint32{1, 2}, ordinals)
		break
	}
}

func TestEventsSettleWithTheFlushesThatTheyAreOf(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 11))
	why := errors.New("why")
	for range 100 {
		flushes := []*flush{{}, {}, {}}
		model := randomEvents(random, flushes, 1+random.IntN(60))
		var accepted, refused carried
		left := map[*flush][]uint32{}
		for _, x := range model {
			x.of.unsettled.Add(1)
			if random.IntN(2) == 0 {
				accepted.add(x.of, x.ordinal)
				continue
			}
			refused.add(x.of, x.ordinal)
			left[x.of] = append(left[x.of], x.ordinal)
		}
		half := len(accepted.ordinals) / 2
		accepted.settle(0, half)
		refused.refuse(why)
		accepted.settle(half, len(accepted.ordinals))
		for _, f := range flushes {
			f.unsettled.Wait() // it panics where one was settled twice
			require.Equal(t, left[f], f.refused)
			if len(left[f]) > 0 {
				require.Equal(t, why, f.err)
			} else {
				require.NoError(t, f.err)
			}
		}
	}
}
