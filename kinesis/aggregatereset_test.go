package kinesis

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// strangers are n partition keys that need not wait for each other: no two are
// of one stripe.
func (o *Output) strangers(n int) (keys []string) {
	var taken stripes
	for i := 0; len(keys) < n; i++ {
		key := "k" + strconv.Itoa(i)
		if stripe := o.d.stripeOf([]byte(key)); !taken.has(stripe) {
			taken.set(stripe)
			keys = append(keys, key)
		}
	}
	return keys
}

// A record that travels alone must not overtake those of its key that are in
// the open aggregate, so it has that closed. One of another key does not, also
// where its key was in an aggregate before this one: many small aggregates are
// what aggregation is to avoid.
func TestARecordThatTravelsAloneClosesOnlyAnAggregateWithItsKey(t *testing.T) {
	type record struct{ key, size int }
	const a, b = 0, 1
	const small, half, alone = 100, 600, 800 // two of half do not fit into one aggregate
	for name, test := range map[string]struct {
		chunks     [][]record
		aggregates int64
	}{
		"its key is in it":                           {[][]record{{{a, small}, {a, alone}, {a, small}}}, 2},
		"another key is in it":                       {[][]record{{{b, small}, {a, alone}, {b, small}}}, 1},
		"its key was in the one before":              {[][]record{{{a, half}, {b, half}, {a, alone}, {b, small}}}, 2},
		"its key was in the one before and is in it": {[][]record{{{a, half}, {b, half}, {a, small}, {a, alone}, {b, small}}}, 3},
		"its key was in one of the chunk before":     {[][]record{{{a, small}}, {{b, small}, {a, alone}, {b, small}}}, 2},
		"its key was in one that was closed for it":  {[][]record{{{a, small}, {a, alone}, {b, small}, {a, alone}, {b, small}}}, 2},
		"its key was in one, and nothing is in this": {[][]record{{{a, small}, {a, alone}, {a, alone}, {a, alone}}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{t: t}
			o := outputOf(t, s, "partition_key", "key", "data_keys", "n,room", "aggregation", "on",
				"aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", strconv.Itoa(alone))
			keys, n := o.strangers(2), 0
			for _, chunk := range test.chunks {
				require.Equal(t, OK, o.Flush(chunkOf(len(chunk), func(i int) fields {
					body := fields{kv("key", keys[chunk[i].key]), kv("n", n), kv("room", strings.Repeat("x", chunk[i].size))}
					n++
					return body
				}), "tag"))
			}
			require.Equal(t, upTo(n), s.userNumbers())
			require.Equal(t, test.aggregates, o.Counts().Aggregates)
		})
	}
}

// Requests wait for those before them with a key in common, and not for those
// whose aggregates were once of such a key.
func TestAggregatesWithoutAKeyInCommonAreInFlightSideBySide(t *testing.T) {
	const latency, n = time.Second, 8
	for name, before := range map[string]int{"of new workers": 0, "after chunks of all their keys": 3} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: latency}
				o := outputOf(t, s, "partition_key", "key", "data_keys", "n", "aggregation", "on")
				keys := o.strangers(n)
				for range before {
					require.Equal(t, OK, o.Flush(chunkOf(n, func(i int) fields { return fields{kv("key", keys[i]), kv("n", i)} }), "tag"))
				}
				begin := time.Now()
				var workers sync.WaitGroup
				for _, key := range keys {
					workers.Go(func() {
						o.Flush(chunkOf(10, func(i int) fields { return fields{kv("key", key), kv("n", i)} }), "tag")
					})
				}
				workers.Wait()
				require.LessOrEqual(t, time.Since(begin), latency+mostAway, "none has waited for another's answer")
			})
		})
	}
}
