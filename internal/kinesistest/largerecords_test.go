package kinesistest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAStreamTakesRecordsUpToItsOwnLimit(t *testing.T) {
	s := Run(t, Options{Streams: map[string]int{"raised": 1, "other": 1}})
	require.ErrorContains(t, s.SetMaxRecordSize("raised", maxRecordBytes-1), "maxRecordSizeInKiB")
	require.ErrorContains(t, s.SetMaxRecordSize("raised", maxLargeBytes+1), "maxRecordSizeInKiB")
	require.ErrorContains(t, s.SetMaxRecordSize("none", maxLargeBytes), "not found")
	require.NoError(t, s.SetMaxRecordSize("raised", 3<<20))
	require.Equal(t, 3<<20, s.maxRecord("raised", nil))
	require.Equal(t, maxRecordBytes, s.maxRecord("other", nil))
	require.Equal(t, maxRecordBytes, s.maxRecord("none", nil))
}

func TestEveryStreamMayTakeLargeRecordsFromTheStart(t *testing.T) {
	s := Run(t, Options{Streams: map[string]int{"first": 1}, MaxRecordSize: 3 << 20})
	require.NoError(t, s.CreateStream("later", 1))
	require.Equal(t, 3<<20, s.maxRecord("first", nil))
	require.Equal(t, 3<<20, s.maxRecord("later", nil))
	for _, size := range []int{1, maxRecordBytes - 1, maxLargeBytes + 1} {
		_, err := New(Options{MaxRecordSize: size})
		require.ErrorContains(t, err, "MaxRecordSize")
	}
}

func TestAMissingStreamIsCreatedWhereThatIsAskedFor(t *testing.T) {
	s := Run(t, Options{MissingShards: 3})
	s.ensure("app")
	require.Len(t, s.Shards("app"), 3)
	s.ensure("app")
	s.ensure("no such name!")
	require.Equal(t, []string{"app"}, s.StreamNames())

	s = Run(t, Options{})
	s.ensure("app")
	require.Empty(t, s.StreamNames())
}

func TestAShardTakesARecordThatIsLargerThanItsSecondAndPaysForItLater(t *testing.T) {
	var shard throughput
	at := func(second int64) time.Time { return time.Unix(second, 0) }
	require.True(t, shard.admit(at(100), 10))
	require.False(t, shard.admit(at(100), 3<<20), "it has had some of its share")
	require.True(t, shard.admit(at(101), 3<<20))
	require.False(t, shard.admit(at(101), 10))
	require.False(t, shard.admit(at(103), 10), "it still owes for the third second")
	require.True(t, shard.admit(at(104), 1<<20))
	require.False(t, shard.admit(at(104), 1))
	require.True(t, shard.admit(at(105), 1))
}
