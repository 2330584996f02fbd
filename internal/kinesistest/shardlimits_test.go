package kinesistest_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// putLimited sends records and returns how many were refused, and the shards that the
// others lie on.
func putLimited(t *testing.T, s *kinesistest.Server, entries []wireEntry) (refused int, shards map[string]int) {
	t.Helper()
	body, err := json.Marshal(wire{StreamName: "logs", Records: entries})
	require.NoError(t, err)
	status, members := postJSON(t, s, "PutRecords", string(body))
	require.Equal(t, 200, status, "%v", members)
	shards = map[string]int{}
	for _, result := range members["Records"].([]any) {
		r := result.(map[string]any)
		if r["ErrorCode"] == nil {
			shards[r["ShardId"].(string)]++
			continue
		}
		require.Equal(t, "ProvisionedThroughputExceededException", r["ErrorCode"])
		require.Equal(t, "Rate exceeded for shard shardId-000000000001 in stream logs under account 000000000000.", r["ErrorMessage"])
		require.NotContains(t, r, "ShardId")
		refused++
	}
	require.EqualValues(t, refused, members["FailedRecordCount"])
	return refused, shards
}

// inSecondHalf is an entry for the second of two shards, key included of so many
// bytes.
func inSecondHalf(size int) wireEntry {
	e, hash := entryOf("k", size-1), "340282366920938463463374607431768211455"
	e.ExplicitHashKey = &hash
	return e
}

func TestAShardTakesItsShareOfASecondAndNoMore(t *testing.T) {
	now := time.Unix(1_790_000_000, 900_000_000)
	s := kinesistest.Run(t, kinesistest.Options{
		ShardLimits: true, Now: func() time.Time { return now },
		SkipSignatures: true, PlainHTTP: true, Discard: true, Streams: map[string]int{"logs": 2},
	})
	const second = "shardId-000000000001"
	for _, x := range []struct {
		name    string
		after   time.Duration
		entries []wireEntry
		refused int
	}{
		{"half of the records of a second", 0, repeat(500, inSecondHalf(10)), 0},
		{"and the other half", 50 * time.Millisecond, repeat(500, inSecondHalf(10)), 0},
		{"and more", 0, repeat(100, inSecondHalf(10)), 100},
		{"as many as all again when the next begins", 50 * time.Millisecond, repeat(500, inSecondHalf(10)), 0},
		{"of bytes a quarter at a time", time.Second, repeat(5, inSecondHalf(mib/4)), 1},
		{"what was not used is gone", 10 * time.Second, repeat(5, inSecondHalf(mib/4)), 1},
		{"where a large one does not fit, a small one may", time.Second,
			[]wireEntry{inSecondHalf(mib - 100), inSecondHalf(101), inSecondHalf(100), inSecondHalf(1)}, 2},
	} {
		now = now.Add(x.after)
		refused, shards := putLimited(t, s, x.entries)
		require.Equal(t, x.refused, refused, x.name)
		taken := map[string]int{}
		if n := len(x.entries) - refused; n > 0 {
			taken[second] = n
		}
		require.Equal(t, taken, shards, x.name)
	}
	refused, shards := putLimited(t, s, repeat(500, hashed("0")))
	require.Zero(t, refused, "the other shard has its own share")
	require.Equal(t, map[string]int{"shardId-000000000000": 500}, shards)
}
