package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

func TestRecordIsOneLineThatATerminalCanTake(t *testing.T) {
	arrived := time.Date(2026, 3, 14, 9, 26, 53, 104_000_000, time.UTC)
	long := strings.Repeat("é", 200)
	for _, tc := range []struct {
		name, key, data string
		full            bool
		want            string
	}{
		{"text", "abc", `{"log":"x"}`, false, "09:26:53.104  shard 3  abc       {\"log\":\"x\"}\n"},
		{"control characters are spelled out", "abc", "a\x1b[2Jb\tc\n", false, "09:26:53.104  shard 3  abc       a\\x1b[2Jb\\tc\\n\n"},
		{"bytes that are no text", "abc", "\x1f\x8b\xff", false, "09:26:53.104  shard 3  abc       (3 bytes that are not text) 1f 8b ff\n"},
		{"no bytes", "abc", "", false, "09:26:53.104  shard 3  abc       (no bytes)\n"},
		{"long data is cut, and a long key", strings.Repeat("k", 30), long, false,
			"09:26:53.104  shard 3  " + strings.Repeat("k", 19) + "…  " + strings.Repeat("é", 159) + "…\n"},
		{"in full", strings.Repeat("k", 30), long, true, "09:26:53.104  shard 3  " + strings.Repeat("k", 30) + "  " + long + "\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			newScreen(&stdout, &stderr, 1, tc.full).record(kinesistest.UserRecord{
				Data: []byte(tc.data), PartitionKey: tc.key,
				In: kinesistest.Record{ShardID: "shardId-000000000003", Arrived: arrived},
			})
			require.Equal(t, tc.want, stdout.String())
			require.Empty(t, stderr.String())
		})
	}
}

func TestColoursAreForTerminalsAlone(t *testing.T) {
	require.False(t, takesColour(new(bytes.Buffer)))
	require.Equal(t, "x", paint(false, red, "x"))
	require.Equal(t, red+"x"+plain, paint(true, red, "x"))
}

func TestProgressLineGivesWayToOtherLines(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, &out, 0, false)
	s.progress = true
	s.note("said")
	require.Equal(t, "\r\x1b[Ksaid\n", out.String())
	require.False(t, s.progress)
}

func TestNumbersReadWell(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, want, grouped(n))
	}
	require.Equal(t, "1 shard", count(1, "shard"))
	require.Equal(t, "1,000 shards", count(1000, "shard"))
	for n, want := range map[int64]string{0: "0 B", 9_999: "9,999 B", 10_000: "10.0 kB", 999_999: "1000.0 kB", 12_345_678: "12.3 MB"} {
		require.Equal(t, want, bytesText(n))
	}
}
