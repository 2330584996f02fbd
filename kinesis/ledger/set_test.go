package ledger

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func setOf(ordinals ...uint32) (s Set) {
	for _, r := range appendRuns(nil, ordinals) {
		s.addRun(r)
	}
	return s
}

// ordinalsOf is what is in a set.
func ordinalsOf(s Set) (ordinals []uint32) {
	for i := range 64 * len(s) {
		if s.Has(i) {
			ordinals = append(ordinals, uint32(i))
		}
	}
	return ordinals
}

func TestSetHasWhatWasAdded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var s, other Set
		model := map[uint32]bool{}
		for range random.IntN(20) {
			ordinal, more := random.Uint32N(2000), random.Uint32N(200)
			switch random.IntN(3) {
			case 0:
				s.addAll(setOf(ordinal))
				more = 0
			case 1:
				s.addRun(run{ordinal, ordinal + more})
			default:
				other = nil
				other.addRun(run{ordinal, ordinal + more})
				s.addAll(other)
			}
			for i := ordinal; i <= ordinal+more; i++ {
				model[i] = true
			}
		}
		for ordinal := range 2300 {
			require.Equal(t, model[uint32(ordinal)], s.Has(ordinal))
		}
		var again Set
		end := -2
		for _, r := range s.runs() {
			require.Greater(t, int(r.first), end+1, "runs do not touch")
			end = int(r.last)
			again.addRun(r)
		}
		require.Equal(t, ordinalsOf(s), ordinalsOf(again))
	}
	require.False(t, Set(nil).Has(0))
	require.False(t, Set(nil).Has(1<<40))
}

func TestAllButHasAllOthers(t *testing.T) {
	for _, n := range []int{0, 1, 2, 63, 64, 65, 127, 128, 1000} {
		var without, want []uint32
		for i := range uint32(n) {
			if i%7 == 3 {
				without = append(without, i)
			} else {
				want = append(want, i)
			}
		}
		require.Equal(t, want, ordinalsOf(AllBut(n, without)), "%d", n)
	}
}

func TestOrdinalsAreSortedIntoRuns(t *testing.T) {
	for _, test := range []struct {
		ordinals []uint32
		want     []run
	}{
		{nil, nil},
		{[]uint32{0}, []run{{0, 0}}},
		{[]uint32{5, 6, 7}, []run{{5, 7}}},
		{[]uint32{9, 4, 1, 3}, []run{{1, 1}, {3, 4}, {9, 9}}},
		{[]uint32{2, 2, 3, 3}, []run{{2, 3}}},
		{[]uint32{1<<32 - 1, 1<<32 - 2}, []run{{1<<32 - 2, 1<<32 - 1}}},
	} {
		require.Equal(t, test.want, appendRuns(nil, test.ordinals))
		if len(test.ordinals) > 0 && test.ordinals[0] < 100 {
			require.Equal(t, test.want, setOf(test.ordinals...).runs())
		}
	}
}
