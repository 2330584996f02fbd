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
