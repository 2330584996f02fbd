package pace

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestShardsAreCountedOverSeveralAnswers(t *testing.T) {
	var n Named
	now := time.Unix(1000, 0)
	for _, answer := range []struct {
		after time.Duration
		names []string
		count int
	}{
		{0, []string{"a", "b", "c"}, 3},
		{10 * time.Millisecond, []string{"b", "d"}, 4},
		{10 * time.Millisecond, nil, 4},
		{namedFor, []string{"b", "d"}, 2}, // a and c have been merged
		{2 * namedFor, []string{"e", "f"}, 2},
	} {
		now = now.Add(answer.after)
		require.Equal(t, answer.count, n.Count(now, slices.Values(answer.names)), "%v", answer.names)
	}
}
