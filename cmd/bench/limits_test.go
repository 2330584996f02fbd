package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// A stream may take less than the processor could bring, and so these take as long
// as it takes that, two seconds.
func TestASettingAtTheLimitIsMeasured(t *testing.T) {
	for _, name := range []string{"8 workers", "4 workers aggregated", "2 processes of 4 workers", "half on one key", "4 shards become 8"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r report
			require.NoError(t, json.Unmarshal(runBench(t, "-limits", "-json", "-only", name, "-records", "10000"), &r))
			require.Empty(t, r.Settings)
			require.Len(t, r.Limits, 1)
			got := r.Limits[0]
			require.Equal(t, name, got.Name)
			require.Equal(t, 6000, got.Offered)
			require.LessOrEqual(t, got.Landed, got.Offered)
			require.Positive(t, got.Landed)
			require.Positive(t, got.Seconds)
			require.GreaterOrEqual(t, got.Chunks, 2)
			require.NotEmpty(t, r.Goals)
		})
	}
}

func TestTheLimitHasATableAndGoalsOfItsOwn(t *testing.T) {
	text := string(runBench(t, "-limits", "-only", "8 workers small chunks", "-records", "4000"))
	require.NotContains(t, text, "SHA-256")
	require.Regexp(t, `(?m)^ +setting +landed +twice .*\n +8 workers small chunks +\d`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +at the limit, 8 workers small chunks: records that landed once .* at least 2400$`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +at the limit, 8 workers small chunks: records refused for each accepted .* at most 0\.100$`, text)
}

// evenly is a run of so many whole seconds in which each shard takes a part of its
// share in records, and of the groups each a share of them.
func evenly(seconds, shards int, part float64, groups ...int) (v seen) {
	v.Seconds = append(v.Seconds, second{At: 100, Open: shards, Groups: groups})
	for i := range seconds {
		s := second{At: 101 + int64(i), Open: shards, Shards: map[string]amount{}, Groups: groups}
		for id := range shards {
			s.Shards[string(rune('a'+id))] = amount{Records: int(part * kinesistest.ShardRecordsPerSecond), Bytes: 1000}
		}
		v.Seconds = append(v.Seconds, s)
	}
	v.Seconds = append(v.Seconds, second{At: 101 + int64(seconds), Open: shards, Groups: groups})
	return v
}

func TestPaceIsOfTheWholeSecondsBetween(t *testing.T) {
	v := evenly(10, 4, 0.9, 1)
	require.InDelta(t, 0.9, v.pace(), 1e-9)
	v.Seconds[0].Shards = map[string]amount{"a": {Records: 1000}, "b": {Records: 1000}}
	v.Seconds[11].Shards = map[string]amount{"a": {Records: 1}}
	require.InDelta(t, 0.9, v.pace(), 1e-9, "how the first and the last are used says nothing")
	for id := range v.Seconds[5].Shards {
		v.Seconds[5].Shards[id] = amount{}
	}
	require.InDelta(t, 0.81, v.pace(), 1e-9, "a second in which nothing lands counts")
	require.Zero(t, evenly(0, 4, 1, 1).pace(), "too short to tell")
	require.Zero(t, seen{}.pace())
}

func TestLoadIsOfRecordsOrOfBytesWhicheverIsMore(t *testing.T) {
	require.Equal(t, 0.5, amount{Records: 500, Bytes: 1000}.load())
	require.Equal(t, 0.25, amount{Records: 1, Bytes: 1 << 18}.load())
}

func TestWithKeysTheFullestShardIsWhatCounts(t *testing.T) {
	v := evenly(10, 2, 0.5, 1)
	for i := range v.Seconds[1:9] {
		v.Seconds[1+i].Shards["b"] = amount{Records: 1000}
	}
	require.InDelta(t, 0.9, v.paceOfFullest(), 1e-9)
	require.Zero(t, seen{}.paceOfFullest())
}

func TestTwoProcessesAreComparedWhileBothAreAbout(t *testing.T) {
	v := evenly(6, 4, 1, 0, 0)
	for i, groups := range [][]int{{4000, 0}, {3000, 900}, {2000, 2000}, {2000, 1000}, {2000, 1500}, {2000, 1}, {0, 4000}, {0, 100}} {
		v.Seconds[i].Groups = groups
	}
	require.InDelta(t, 4500.0/6000, v.slowerOfFaster(), 1e-9)
	require.InDelta(t, (3000+2000+2000+2000)/4.0, v.rate(0), 1e-9)
	require.Zero(t, evenly(6, 4, 1, 0, 0).slowerOfFaster(), "where nothing came there is nothing to compare")
}

func TestAReshardIsToBeFoundOutSoon(t *testing.T) {
	after := func(loads ...int) seen {
		v := seen{Resharded: 100.5}
		for i, load := range loads {
			v.Seconds = append(v.Seconds, second{At: 100 + int64(i), Open: 2, Shards: map[string]amount{"a": {Records: load}, "b": {Records: load}}})
		}
		return v
	}
	require.Equal(t, 0.9, after(1000, 500, 700, 800, 900, 950).newShare(), "of the seconds that end before 105.5")
	require.Equal(t, 0.5, after(1000, 500).newShare(), "the second in which it is resharded is of both")
	require.Zero(t, evenly(5, 2, 1, 1).newShare())
	v := evenly(4, 2, 0.5, 1)
	v.Resharded = 102.5
	v.Seconds[2].Shards["a"] = amount{Records: 9000}
	require.InDelta(t, 0.5, v.pace(), 1e-9, "nor is it of the pace")
}

func TestTheHotKeyHasAShardAndHalfOfTheChunksForItself(t *testing.T) {
	others := containersElsewhere(0)
	require.Len(t, others, containers-1)
	shards := map[uint64]bool{}
	for _, c := range others {
		shards[kinesistest.HashOf(containerID(c)).Hi>>62] = true
	}
	require.Len(t, shards, limitShards-1)
	require.NotContains(t, shards, kinesistest.HashOf(containerID(0)).Hi>>62)

	hot := limitSetting{hot: true, perChunk: 10}
	for i, chunk := range hot.chunks(200, 0) {
		require.Equal(t, i%2 == 1, bytes.Contains(chunk, []byte(containerID(0))), "chunk %d", i)
	}
	hot.withoutHot = true
	require.Len(t, hot.chunks(200, 0), 10)
}

func TestRecordsHaveTheirNumbers(t *testing.T) {
	for data, want := range map[string]int{`{"n":0,"log":"x"}`: 0, `{"n":59999,"log":"x"}`: 59999} {
		n, ok := numberOf([]byte(data))
		require.True(t, ok, data)
		require.Equal(t, want, n)
	}
	for _, data := range []string{``, `{"n":}`, `{"n":1}`, `{"n":-1,"a":0}`, `{"m":1,"a":0}`, `{"n":x,"a":0}`} {
		_, ok := numberOf([]byte(data))
		require.False(t, ok, data)
	}
}

func TestGoalsAtTheLimit(t *testing.T) {
	rows := []limitResult{
		{Offered: 100, Landed: 99, Refused: 0.2, Pace: 0.96, Chunks: 3, HandedBack: 1, setting: limitSetting{mostRefused: 0.1}},
		{Offered: 100, Landed: 100, Twice: 1, Compared: 0.8, setting: limitSetting{processes: 2}},
		{Offered: 100, Landed: 100, Compared: 0.89, Pace: 0.2, setting: limitSetting{reshardTo: 8}},
	}
	var verdicts []string
	for _, g := range limitGoals(rows) {
		verdicts = append(verdicts, g.verdict())
	}
	require.Equal(t, []string{
		"MISSED", "MISSED", "MISSED", "met",
		"MISSED", "met", "met",
		"met", "met", "MISSED",
	}, verdicts)
}
