//go:build e2e

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// randomKey is how the partition key of a record without one looks.
var randomKey = regexp.MustCompile(`^[A-Za-z0-9]{8}$`)

// identity is what tells records apart: by their data alone where the partition
// keys are random.
func (x *setting) identity(key, data string) string {
	if x.keyed() {
		return key + " | " + data
	}
	return data
}

// numbers is the events' numbers by the identity of the record that each makes.
func (x *setting) numbers(t *testing.T, sent []event) map[string]int {
	t.Helper()
	numbers := make(map[string]int, len(sent))
	for i := range sent {
		numbers[x.identity(sent[i].Kubernetes.Pod, x.data(t, &sent[i]))] = sent[i].N
	}
	require.Len(t, numbers, len(sent), "each event makes another record")
	return numbers
}

// requireOnce requires that what was read is the records of the events, each
// once. It returns the number of the event of each.
func (x *setting) requireOnce(t *testing.T, sent []event, read []found) []int {
	t.Helper()
	numbers := x.numbers(t, sent)
	left := make(map[int]string, len(numbers))
	for id, n := range numbers {
		left[n] = id
	}
	var strange, again, lost mistakes
	order := make([]int, 0, len(read))
	for i := range read {
		id := x.identity(read[i].Key, string(read[i].Data))
		n, known := numbers[id]
		order = append(order, n)
		if !known {
			strange.add(id)
			continue
		}
		if _, open := left[n]; !open {
			again.add(id)
		}
		delete(left, n)
	}
	for _, id := range left {
		lost.add(id)
	}
	if len(strange)+len(again)+len(lost) > 0 {
		require.FailNowf(t, "not the records that were sent", "of %d\n%d are missing%s\n%d are there again%s\n%d are none of these records%s",
			len(sent), len(lost), lost, len(again), again, len(strange), strange)
	}
	return order
}

// mistakes are the records that are not as they should be in one way.
type mistakes []string

func (m *mistakes) add(id string) { *m = append(*m, id) }

// String shows the first few.
func (m mistakes) String() string {
	var b strings.Builder
	for _, id := range m[:min(len(m), 3)] {
		fmt.Fprintf(&b, "\n\t%.300q", id)
	}
	return b.String()
}

// requireKeys requires of each record that it lies on a shard where the KCL
// keeps it, under a key as it was asked for.
func (x *setting) requireKeys(t *testing.T, read []found) {
	t.Helper()
	for i := range read {
		r := &read[i]
		require.False(t, r.Misplaced, "key %q with hash key %q does not belong to %s", r.Key, r.HashKey, r.Shard)
		if !x.keyed() {
			require.Regexp(t, randomKey, r.Key)
		}
		if !x.asks("aggregation") {
			require.Empty(t, r.HashKey, "of key %q", r.Key)
		}
	}
}

// requirePacked requires that the records travel in aggregates, or joined, many in
// each, where that is asked for, and otherwise one by one.
func (x *setting) requirePacked(t *testing.T, sent []event, read []found, order []int) {
	t.Helper()
	together := map[string]bool{}
	for i := range read {
		r := &read[i]
		together[r.Shard+r.Sequence] = true
		if r.Aggregated {
			require.Equal(t, x.options["aggregation_compression"] != "", r.Compressed, "record %d", order[i])
		}
		if x.asks("aggregation") && x.options["compression"] == "" {
			require.Equal(t, !sent[order[i]].long(), r.Aggregated, "record %d", order[i])
		}
	}
	switch {
	case x.asks("aggregation"), x.asks("simple_aggregation") && !x.keyed():
		require.Less(t, len(together), len(read)/10, "Kinesis records")
		return
	case x.asks("simple_aggregation"): // a pod has two or three lines in a chunk
		require.Less(t, len(together), len(read)/2, "Kinesis records")
		return
	}
	require.Len(t, together, len(read), "Kinesis records")
}

// requireOrder requires that the records of a partition key lie on one shard,
// and those of one chunk in their order.
func requireOrder(t *testing.T, read []found, order []int) {
	t.Helper()
	type train struct {
		key   string
		chunk int
	}
	shards := map[string]string{}
	last := map[train]int{}
	for i := range read {
		key, n := read[i].Key, order[i]
		if shard, seen := shards[key]; seen {
			require.Equal(t, shard, read[i].Shard, "the shard of key %q", key)
		}
		shards[key] = read[i].Shard
		at := train{key, n / perChunk}
		if before, seen := last[at]; seen {
			require.Less(t, before, n, "a record arrived behind a later one of its chunk and key %q", key)
		}
		last[at] = n
	}
}
