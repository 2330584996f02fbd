package kinesis

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

// landingShard is the shard that all records of a fakeStream come to rest on,
// unless it has others.
const landingShard = "shardId-000000000000"

// withShardMap makes an instance that foresees one of these shards for each
// record, and has each travel alone.
func withShardMap(t *testing.T, log *logText, s *fakeStream, open []service.Shard) *Output {
	t.Helper()
	o := outputLogging(t, log, s, configOf(t, "partition_key", "key", "data_keys", "n", "delivery_timeout", "30",
		"aggregation", "on", "aggregation_shard_map", "on", "skip_aggregation_record_size", "1"))
	o.d.shards = newShardWatch(o.log, func(context.Context) ([]service.Shard, error) { return open, nil })
	return o
}

// What is tried again keeps the shard map that it was packed by.
func TestRecordsOfAShardMapComeThroughPartialRefusals(t *testing.T) {
	const n, none = 40, -1
	for name, test := range map[string]struct {
		refusals int // in a row: of each ten records one more comes through every time, at last all
		invalid  int // record that the stream takes in no request
	}{
		"once":           {1, none},
		"twice in a row": {2, none},
		"nine in a row":  {9, none},
		"of each half that is left without an invalid record": {1, 17},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := &fakeStream{t: t}, &logText{}
				refused := map[int]int{}
				s.refuse = func(r putRecord) string {
					if n := r.n(t); refused[n] < min(n%10, test.refusals) {
						refused[n]++
						return throttledCode
					}
					return ""
				}
				s.fail = func(_ context.Context, records []putRecord) error {
					if slices.ContainsFunc(records, func(r putRecord) bool { return r.n(t) == test.invalid }) {
						return failed(service.Invalid)
					}
					return nil
				}
				open := evenShards(1, "")
				open[0].ID = landingShard
				o := withShardMap(t, log, s, open)
				require.Equal(t, OK, o.Flush(keyed(n, 7), "tag"))
				require.Equal(t, slices.DeleteFunc(upTo(n), func(n int) bool { return n == test.invalid }), s.numbers(), "each once")
				require.NotContains(t, log.String(), "internal error")
				require.NotNil(t, o.d.shards.get(), "each came to rest where it was foreseen")
			})
		})
	}
}

func TestARecordThatComesToRestElsewhereIsNoticedInEachAttempt(t *testing.T) {
	for name, refusals := range map[string]int{"the first": 0, "the second": 1, "the third": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open := evenShards(2, "")
				open[0].ID = landingShard
				s := &fakeStream{t: t}
				refused := map[int]int{}
				s.refuse = func(r putRecord) string { // those that come to rest elsewhere
					if n := r.n(t); newShardMap(open).of([]byte(r.PartitionKey)).index != 0 && refused[n] < refusals {
						refused[n]++
						return throttledCode
					}
					return ""
				}
				o := withShardMap(t, &logText{}, s, open)
				before := o.d.shards.get()
				require.Equal(t, OK, o.Flush(keyed(40, 7), "tag"))
				require.Equal(t, upTo(40), s.numbers())
				require.NotNil(t, before)
				require.Nil(t, o.d.shards.get(), "the map is given up")
			})
		})
	}
}
