package kinesistest_test

import (
	"crypto/md5"
	"fmt"
	"math/big"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// shardOf routes with big numbers, over the ranges as the API reports them.
func shardOf(t *testing.T, shards []*kinesis.Shard, key string, hash *string) string {
	t.Helper()
	sum := md5.Sum([]byte(key))
	at := new(big.Int).SetBytes(sum[:])
	if hash != nil {
		at.SetString(*hash, 10)
	}
	var found []string
	for _, shard := range shards {
		var start, end big.Int
		start.SetString(*shard.HashKeyRange.StartingHashKey, 10)
		end.SetString(*shard.HashKeyRange.EndingHashKey, 10)
		if shard.SequenceNumberRange.EndingSequenceNumber == nil && start.Cmp(at) <= 0 && at.Cmp(&end) <= 0 {
			found = append(found, *shard.ShardId)
		}
	}
	require.Len(t, found, 1, "open shards cover each hash key once")
	return found[0]
}

func listShards(t *testing.T, c *kinesis.Kinesis, stream string) []*kinesis.Shard {
	t.Helper()
	out, err := c.ListShards(&kinesis.ListShardsInput{StreamName: &stream})
	require.NoError(t, err)
	return out.Shards
}

func TestRecordsGoWhereTheirHashLies(t *testing.T) {
	for _, shards := range []int{1, 3, 4, 64} {
		t.Run(fmt.Sprintf("%d shards", shards), func(t *testing.T) {
			s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": shards}})
			c := sdk(t, s)
			list := entries(500)
			edges := []string{"0", "1", "340282366920938463463374607431768211455",
				"170141183460469231731687303715884105727", "170141183460469231731687303715884105728"}
			for i := range list[:100] {
				list[i].ExplicitHashKey = aws.String(edges[i%len(edges)])
			}
			out, err := put(c, "logs", list...)
			require.NoError(t, err)

			described := listShards(t, c, "logs")
			require.Len(t, described, shards)
			records := s.Records("logs")
			require.Len(t, records, len(list))
			for i, e := range list {
				want := shardOf(t, described, *e.PartitionKey, e.ExplicitHashKey)
				require.Equal(t, want, *out.Records[i].ShardId)
				require.Equal(t, want, records[i].ShardID)
				require.Equal(t, *out.Records[i].SequenceNumber, records[i].SequenceNumber())
				require.Equal(t, e.Data, records[i].Data)
				require.Equal(t, *e.PartitionKey, records[i].PartitionKey)
				require.Equal(t, aws.StringValue(e.ExplicitHashKey), records[i].ExplicitHashKey)
			}
			var total int64
			for _, shard := range s.Shards("logs") {
				total += shard.Records
			}
			require.Equal(t, int64(500), total)
		})
	}
}

func TestHashKeysAreTheNumbersThatTheySay(t *testing.T) {
	for _, text := range []string{"0", "1", "10", "18446744073709551615", "18446744073709551616",
		"340282366920938463463374607431768211455"} {
		h, err := kinesistest.ParseHashKey(text)
		require.NoError(t, err)
		require.Equal(t, text, h.String())
	}
	for _, text := range []string{"", "00", "+1", " 1", "1e3", "340282366920938463463374607431768211456",
		"999999999999999999999999999999999999999"} {
		_, err := kinesistest.ParseHashKey(text)
		require.Error(t, err, text)
	}
	sum := md5.Sum([]byte("key"))
	require.Equal(t, new(big.Int).SetBytes(sum[:]).String(), kinesistest.HashOf("key").String())
}

// requireWhole checks that the open shards cover the hash space in order, and
// that parents are as the lineage of the service has them.
func requireWhole(t *testing.T, shards []kinesistest.Shard) (open int) {
	t.Helper()
	byID := map[string]kinesistest.Shard{}
	covered := new(big.Int)
	for _, s := range shards {
		byID[s.ID] = s
		if parent, ok := byID[s.Parent]; ok {
			require.True(t, parent.Closed)
			require.True(t, parent.Holds(s.Start) || s.Holds(parent.Start), "a parent's range meets its child's")
		} else {
			require.Empty(t, s.Parent)
		}
		if s.Closed {
			continue
		}
		open++
		start, _ := new(big.Int).SetString(s.Start.String(), 10)
		end, _ := new(big.Int).SetString(s.End.String(), 10)
		covered.Add(covered, end.Sub(end, start).Add(end, big.NewInt(1)))
		for _, other := range shards {
			if other.ID != s.ID && !other.Closed {
				require.False(t, s.Holds(other.Start), "no hash key has two shards")
			}
		}
	}
	require.Equal(t, new(big.Int).Lsh(big.NewInt(1), 128), covered, "each hash key has a shard")
	return open
}

func TestReshardingToAnyNumber(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 4}})
	c := sdk(t, s)
	sent := 0
	for _, target := range []int{4, 8, 5, 64, 1, 3, 7, 2} {
		require.NoError(t, s.Reshard("logs", target))
		require.Equal(t, target, requireWhole(t, s.Shards("logs")))
		_, err := put(c, "logs", entries(50)...)
		require.NoError(t, err)
		sent += 50

		open := map[string]kinesistest.Shard{}
		for _, shard := range s.Shards("logs") {
			if !shard.Closed {
				open[shard.ID] = shard
			}
		}
		records := s.Records("logs")
		require.Len(t, records, sent)
		for _, r := range records[sent-50:] {
			require.Contains(t, open, r.ShardID)
			shard := open[r.ShardID]
			require.True(t, shard.Holds(kinesistest.HashOf(r.PartitionKey)))
		}
	}
	require.Len(t, s.Shards("logs")[:4], 4)
	require.Error(t, s.Reshard("logs", 0))
	require.Error(t, s.Reshard("nope", 1))
}

func TestReshardingToTheSameNumberChangesNothing(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 4}})
	require.NoError(t, s.Reshard("logs", 4))
	require.Len(t, s.Shards("logs"), 4)
}

func TestSplittingAndMergingThroughTheAPI(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 2}})
	c := sdk(t, s)
	name := aws.String("logs")

	_, err := c.SplitShard(&kinesis.SplitShardInput{StreamName: name, ShardToSplit: aws.String("shardId-000000000000"), NewStartingHashKey: aws.String("1000")})
	require.NoError(t, err)
	shards := s.Shards("logs")
	require.Len(t, shards, 4)
	require.True(t, shards[0].Closed)
	require.Equal(t, []string{"shardId-000000000000", "0", "999"}, []string{shards[2].Parent, shards[2].Start.String(), shards[2].End.String()})
	require.Equal(t, []string{"shardId-000000000000", "1000", shards[0].End.String()}, []string{shards[3].Parent, shards[3].Start.String(), shards[3].End.String()})

	_, err = c.MergeShards(&kinesis.MergeShardsInput{StreamName: name, ShardToMerge: aws.String("shardId-000000000003"), AdjacentShardToMerge: aws.String("shardId-000000000001")})
	require.NoError(t, err)
	merged := s.Shards("logs")[4]
	require.Equal(t, []string{"shardId-000000000003", "shardId-000000000001"}, []string{merged.Parent, merged.AdjacentParent})
	requireWhole(t, s.Shards("logs"))

	for _, wrong := range []struct {
		name, code string
		call       func() error
	}{
		{"splitting a closed shard", "ResourceInUseException", func() error {
			return s.SplitShard("logs", "shardId-000000000000", kinesistest.HashKey{Lo: 5})
		}},
		{"splitting at a shard's own start", "InvalidArgumentException", func() error {
			return s.SplitShard("logs", merged.ID, merged.Start)
		}},
		{"splitting beyond a shard", "InvalidArgumentException", func() error {
			return s.SplitShard("logs", merged.ID, kinesistest.HashKey{Lo: 5})
		}},
		{"splitting a shard that is not there", "ResourceNotFoundException", func() error {
			return s.SplitShard("logs", "shardId-000000000099", merged.Start)
		}},
		{"merging a shard with itself", "InvalidArgumentException", func() error {
			return s.MergeShards("logs", merged.ID, merged.ID)
		}},
		{"merging in the wrong order", "InvalidArgumentException", func() error {
			return s.MergeShards("logs", merged.ID, "shardId-000000000002")
		}},
		{"merging a closed shard", "ResourceInUseException", func() error {
			return s.MergeShards("logs", "shardId-000000000001", merged.ID)
		}},
	} {
		t.Run(wrong.name, func(t *testing.T) {
			var e kinesistest.Error
			require.ErrorAs(t, wrong.call(), &e)
			require.Equal(t, wrong.code, e.Code)
		})
	}

	out, err := c.UpdateShardCount(&kinesis.UpdateShardCountInput{StreamName: name, TargetShardCount: aws.Int64(4), ScalingType: aws.String("UNIFORM_SCALING")})
	require.NoError(t, err)
	require.Equal(t, []int64{2, 4}, []int64{*out.CurrentShardCount, *out.TargetShardCount})
	require.Equal(t, 4, requireWhole(t, s.Shards("logs")))
}
