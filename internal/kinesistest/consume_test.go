package kinesistest_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// clock is a server's time that tests move.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(time.Now().UnixNano())
	return c
}

func (c *clock) now() time.Time       { return time.Unix(0, c.nanos.Load()) }
func (c *clock) move(d time.Duration) { c.nanos.Add(int64(d)) }

// iterate reads a shard from an iterator to its present end.
func iterate(t *testing.T, c *kinesis.Kinesis, in *kinesis.GetShardIteratorInput, limit int64) (data []string, end *kinesis.GetRecordsOutput) {
	t.Helper()
	at, err := c.GetShardIterator(in)
	require.NoError(t, err)
	next := at.ShardIterator
	for {
		end, err = c.GetRecords(&kinesis.GetRecordsInput{ShardIterator: next, Limit: aws.Int64(limit)})
		require.NoError(t, err)
		for _, r := range end.Records {
			data = append(data, string(r.Data))
		}
		next = end.NextShardIterator
		if next == nil || len(end.Records) == 0 {
			return data, end
		}
	}
}

func TestReadingAShardFromEachKindOfPlace(t *testing.T) {
	clock := newClock()
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Now: clock.now})
	c := sdk(t, s)
	var want []string
	for range 3 {
		clock.move(time.Second)
		list := entries(10)
		_, err := put(c, "logs", list...)
		require.NoError(t, err)
		for _, e := range list {
			want = append(want, string(e.Data))
		}
	}
	records := s.Records("logs")
	shard := func(kind string) *kinesis.GetShardIteratorInput {
		return &kinesis.GetShardIteratorInput{StreamName: aws.String("logs"), ShardId: aws.String("shardId-000000000000"), ShardIteratorType: aws.String(kind)}
	}
	sequence := func(kind string, i int) *kinesis.GetShardIteratorInput {
		return shard(kind).SetStartingSequenceNumber(records[i].SequenceNumber())
	}
	for _, c := range []struct {
		name string
		in   *kinesis.GetShardIteratorInput
		want []string
	}{
		{"from the oldest", shard("TRIM_HORIZON"), want},
		{"from the latest", shard("LATEST"), nil},
		{"at a sequence number", sequence("AT_SEQUENCE_NUMBER", 7), want[7:]},
		{"after a sequence number", sequence("AFTER_SEQUENCE_NUMBER", 7), want[8:]},
		{"after the last sequence number", sequence("AFTER_SEQUENCE_NUMBER", 29), nil},
		{"at a time", shard("AT_TIMESTAMP").SetTimestamp(records[10].Arrived.Truncate(time.Millisecond)), want[10:]},
		{"at a time before all", shard("AT_TIMESTAMP").SetTimestamp(records[0].Arrived.Add(-time.Hour)), want},
		{"at a time after all", shard("AT_TIMESTAMP").SetTimestamp(records[29].Arrived.Add(time.Hour)), nil},
	} {
		for _, limit := range []int64{1, 7, 10000} {
			got, end := iterate(t, sdk(t, s), c.in, limit)
			require.Equal(t, c.want, got, c.name)
			require.NotNil(t, end.NextShardIterator)
			require.Zero(t, *end.MillisBehindLatest)
		}
	}
}

func TestTheEndOfAClosedShardNamesItsChildren(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}})
	c := sdk(t, s)
	_, err := put(c, "logs", entries(5)...)
	require.NoError(t, err)
	require.NoError(t, s.Reshard("logs", 2))
	_, err = put(c, "logs", entries(5)...)
	require.NoError(t, err)
	data, end := iterate(t, c, &kinesis.GetShardIteratorInput{StreamName: aws.String("logs"),
		ShardId: aws.String("shardId-000000000000"), ShardIteratorType: aws.String("TRIM_HORIZON")}, 3)
	require.Len(t, data, 5)
	require.Nil(t, end.NextShardIterator)
	require.Len(t, end.ChildShards, 2)
	require.Equal(t, "shardId-000000000000", *end.ChildShards[0].ParentShards[0])
}

func TestIteratorsThatAreRefused(t *testing.T) {
	clock := newClock()
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Now: clock.now})
	c := sdk(t, s)
	in := &kinesis.GetShardIteratorInput{StreamName: aws.String("logs"), ShardId: aws.String("shardId-000000000000"), ShardIteratorType: aws.String("TRIM_HORIZON")}
	out, err := c.GetShardIterator(in)
	require.NoError(t, err)

	_, err = c.GetRecords(&kinesis.GetRecordsInput{ShardIterator: aws.String("rubbish")})
	requireCode(t, err, "InvalidArgumentException")
	_, err = c.GetRecords(&kinesis.GetRecordsInput{ShardIterator: out.ShardIterator, Limit: aws.Int64(10001)})
	requireCode(t, err, "ValidationException")
	clock.move(4*time.Minute + 59*time.Second)
	signAt(c, clock.now())
	_, err = c.GetRecords(&kinesis.GetRecordsInput{ShardIterator: out.ShardIterator})
	require.NoError(t, err)
	clock.move(2 * time.Second)
	signAt(c, clock.now())
	_, err = c.GetRecords(&kinesis.GetRecordsInput{ShardIterator: out.ShardIterator})
	requireCode(t, err, "ExpiredIteratorException")

	in.ShardId = aws.String("shardId-000000000007")
	_, err = c.GetShardIterator(in)
	requireCode(t, err, "ResourceNotFoundException")
	in.SetShardId("shardId-000000000000").SetShardIteratorType("AT_SEQUENCE_NUMBER").SetStartingSequenceNumber("123")
	_, err = c.GetShardIterator(in)
	requireCode(t, err, "InvalidArgumentException")
	in.SetShardIteratorType("SOMEWHERE")
	_, err = c.GetShardIterator(in)
	requireCode(t, err, "ValidationException")
}

func TestListingShardsInPagesAndByFilter(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 4}})
	c := sdk(t, s)
	require.NoError(t, s.Reshard("logs", 2))

	var ids []string
	in := &kinesis.ListShardsInput{StreamName: aws.String("logs"), MaxResults: aws.Int64(2)}
	for {
		out, err := c.ListShards(in)
		require.NoError(t, err)
		require.LessOrEqual(t, len(out.Shards), 2)
		for _, shard := range out.Shards {
			ids = append(ids, *shard.ShardId)
		}
		if out.NextToken == nil {
			break
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken, MaxResults: aws.Int64(2)}
	}
	require.Equal(t, []string{"shardId-000000000000", "shardId-000000000001", "shardId-000000000002",
		"shardId-000000000003", "shardId-000000000004", "shardId-000000000005"}, ids)

	for _, f := range []struct {
		filter kinesis.ShardFilter
		want   []string
	}{
		{kinesis.ShardFilter{Type: aws.String("AT_LATEST")}, ids[4:]},
		{kinesis.ShardFilter{Type: aws.String("AT_TRIM_HORIZON")}, ids[:4]},
		{kinesis.ShardFilter{Type: aws.String("FROM_TRIM_HORIZON")}, ids},
		{kinesis.ShardFilter{Type: aws.String("AFTER_SHARD_ID"), ShardId: &ids[2]}, ids[3:]},
		{kinesis.ShardFilter{Type: aws.String("AT_TIMESTAMP"), Timestamp: aws.Time(time.Now().Add(time.Hour))}, ids[4:]},
		{kinesis.ShardFilter{Type: aws.String("FROM_TIMESTAMP"), Timestamp: aws.Time(time.Now().Add(-time.Hour))}, ids},
	} {
		out, err := c.ListShards(&kinesis.ListShardsInput{StreamName: aws.String("logs"), ShardFilter: &f.filter})
		require.NoError(t, err)
		var got []string
		for _, shard := range out.Shards {
			got = append(got, *shard.ShardId)
		}
		require.Equal(t, f.want, got, *f.filter.Type)
	}
	_, err := c.ListShards(&kinesis.ListShardsInput{StreamName: aws.String("logs"), ShardFilter: &kinesis.ShardFilter{Type: aws.String("?")}})
	requireCode(t, err, "ValidationException")
	_, err = c.ListShards(&kinesis.ListShardsInput{StreamName: aws.String("nope")})
	requireCode(t, err, "ResourceNotFoundException")
}

func TestStreamsComeAndGo(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Region: "eu-west-1"})
	c := sdk(t, s)
	_, err := put(c, "logs", entries(1)...)
	requireCode(t, err, "ResourceNotFoundException")
	_, err = c.CreateStream(&kinesis.CreateStreamInput{StreamName: aws.String("logs"), ShardCount: aws.Int64(3)})
	require.NoError(t, err)
	_, err = c.CreateStream(&kinesis.CreateStreamInput{StreamName: aws.String("logs"), ShardCount: aws.Int64(3)})
	requireCode(t, err, "ResourceInUseException")
	_, err = c.CreateStream(&kinesis.CreateStreamInput{StreamName: aws.String("a b"), ShardCount: aws.Int64(3)})
	requireCode(t, err, "ValidationException")
	_, err = put(c, "logs", entries(1)...)
	require.NoError(t, err)

	out, err := c.DescribeStreamSummary(&kinesis.DescribeStreamSummaryInput{StreamName: aws.String("logs")})
	require.NoError(t, err)
	d := out.StreamDescriptionSummary
	require.Equal(t, "ACTIVE", *d.StreamStatus)
	require.Equal(t, "arn:aws:kinesis:eu-west-1:000000000000:stream/logs", *d.StreamARN)
	require.Equal(t, int64(3), *d.OpenShardCount)
	require.Equal(t, "PROVISIONED", *d.StreamModeDetails.StreamMode)
	require.WithinDuration(t, time.Now(), *d.StreamCreationTimestamp, time.Hour)

	_, err = c.CreateStream(&kinesis.CreateStreamInput{StreamName: aws.String("elastic"),
		StreamModeDetails: &kinesis.StreamModeDetails{StreamMode: aws.String("ON_DEMAND")}})
	require.NoError(t, err)
	require.Equal(t, []string{"elastic", "logs"}, s.StreamNames())
	require.Len(t, s.Shards("elastic"), 4)

	_, err = c.DeleteStream(&kinesis.DeleteStreamInput{StreamName: aws.String("logs")})
	require.NoError(t, err)
	_, err = put(c, "logs", entries(1)...)
	requireCode(t, err, "ResourceNotFoundException")
	require.Nil(t, s.Records("logs"))
}
