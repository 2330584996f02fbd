package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// TestMain makes the test binary the benchmark when that starts itself.
func TestMain(m *testing.M) {
	itself := []string{"-serve", "-serve-limits", "-serve-streams", "-task", "-records"}
	if len(os.Args) > 1 && slices.Contains(itself, os.Args[1]) {
		main()
		return
	}
	os.Exit(flbhost.Main(m))
}

// runBench runs the benchmark over a few records.
func runBench(t *testing.T, args ...string) []byte {
	t.Helper()
	library, err := flbhost.Library()
	require.NoError(t, err)
	command := exec.Command(os.Args[0], append([]string{"-records", "2000", "-passes", "1"}, args...)...)
	command.Env = append(os.Environ(), "FLBHOST_LIBRARY="+library)
	command.Stderr = os.Stderr
	out, err := command.Output()
	require.NoError(t, err, "%s", out)
	return out
}

func TestEachSettingIsMeasuredBesideItsParts(t *testing.T) {
	var r report
	require.NoError(t, json.Unmarshal(runBench(t, "-json", "-only", "default, cbor, record options"), &r))
	require.Equal(t, 2000, r.Records)
	require.Len(t, r.Settings, 3)
	for _, s := range r.Settings {
		require.Positive(t, s.CPU, s.Name)
		require.Positive(t, s.Floor, s.Name)
		require.Positive(t, s.Encode, s.Name)
		require.Positive(t, s.Bare, s.Name)
		require.Positive(t, s.PeakRSS, s.Name)
		require.InDelta(t, 10_000, s.Records, 0.5, s.Name)
	}
	json, cbor := r.Settings[0], r.Settings[1]
	require.Less(t, cbor.BodyBytes, 0.8*json.BodyBytes, "bytes of a record as CBOR and as JSON")
}

func TestTheTableEndsWithTheGoals(t *testing.T) {
	text := string(runBench(t, "-only", "aggregation"))
	require.Regexp(t, `(?m)^ +setting +CPU us .*\n +aggregation +\d`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +aggregation: .* at most 8\.0$`, text)
}

func TestSmallChunksHaveATableAndGoalsOfTheirOwn(t *testing.T) {
	text := string(runBench(t, "-only", "small chunks aggregated,small chunks / a lone flush"))
	require.NotContains(t, text, "SHA-256")
	require.Regexp(t, `(?m)^ +setting +CPU us .*requests +chunks .*\n +small chunks aggregated +\d`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +small chunks aggregated: requests for 100 chunks .* at most 12\.5$`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +small chunks aggregated: records/s .* at least 5632$`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +small chunks / a lone flush: ms for a flush .* at most 30\.0$`, text)
}

func TestWhatIsHadOnTopIsComparedWithWhatThereIsWithout(t *testing.T) {
	text := string(runBench(t, "-only", "ledger_file,small chunks metrics"))
	require.Regexp(t, `(?m)^(met|MISSED) +ledger_file: CPU as a multiple of that without the file +\d.* at most 1\.020$`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +small chunks metrics: CPU as a multiple of that in a host that takes none +\d.* at most 1\.010$`, text)
}

func TestTimeBetweenFlushesHasATableAndGoals(t *testing.T) {
	text := string(runBench(t, "-between"))
	require.Regexp(t, `(?m)^ +one after another +5 a second +times +idle *\n +\d`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +between flushes: CPU with 5 flushes a second, .* at most 1\.30$`, text)
	require.Regexp(t, `(?m)^(met|MISSED) +between flushes: percent of a CPU when idle .* at most 0\.050$`, text)
}

func TestSmallChunksAreCountedByTheHundred(t *testing.T) {
	var r report
	require.NoError(t, json.Unmarshal(runBench(t, "-json", "-only", "small chunks"), &r))
	require.Len(t, r.Settings, 1)
	s := r.Settings[0]
	require.InDelta(t, 10_000, s.Records, 0.5)
	require.Greater(t, s.RequestsPer100, 0.0)
	require.LessOrEqual(t, s.RequestsPer100, 100.0)
	require.GreaterOrEqual(t, s.FlushMs, 25.0, "a flush takes a round trip")
	require.InDelta(t, s.PerSecond/7040, s.Share, 1e-9, "16 chunks of 11 records in 25 ms are all there can be")
}

func TestAChunkOfElevenRecordsHasKeysAtRandomAmongForty(t *testing.T) {
	all := map[string]bool{}
	const chunks = 500
	inChunk := 0
	for _, chunk := range makeChunks(small, 11*chunks).chunks {
		keys := map[string]bool{}
		for _, id := range regexp.MustCompile("[0-9a-f]{64}").FindAllString(string(chunk), -1) {
			keys[id], all[id] = true, true
		}
		inChunk += len(keys)
	}
	require.Len(t, all, 40)
	require.InDelta(t, 40*(1-math.Pow(39.0/40, 11)), float64(inChunk)/chunks, 0.3, "different keys in a chunk")
}

func TestASweepGoesOverDelaysAndWorkers(t *testing.T) {
	list, err := sweeps("")
	require.NoError(t, err)
	require.Len(t, list, 20)
	require.Equal(t, "small chunks / 0 ms / 1 worker", list[0].name)
	last := list[len(list)-1]
	require.Equal(t, "small chunks / 100 ms / 64 workers", last.name)
	require.Equal(t, 7040.0, last.most())
	require.GreaterOrEqual(t, last.input.records, 64*11*4, "each worker has some chunks")

	list, err = sweeps("small chunks aggregated, small chunks partition_key")
	require.NoError(t, err)
	require.Len(t, list, 40)
	for _, name := range []string{"default", "small chunks / a lone flush", "quick"} {
		_, err = sweeps(name)
		require.ErrorContains(t, err, name)
	}
}

func TestAnUnknownSettingIsRefused(t *testing.T) {
	_, err := chosen(settings, "default,quick")
	require.ErrorContains(t, err, `"quick"`)
	require.ErrorContains(t, err, "record options")
}

func TestGoalsAreBoundsOnEitherSide(t *testing.T) {
	for _, c := range []struct {
		name    string
		goal    goal
		verdict string
	}{
		{"at the bound", goal{Value: 7, Most: 7}, "met"},
		{"above the most", goal{Value: 7.1, Most: 7}, "MISSED"},
		{"at the least", goal{Value: 100, Least: 100}, "met"},
		{"below the least", goal{Value: 99, Least: 100}, "MISSED"},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.verdict, c.goal.verdict()) })
	}
}
