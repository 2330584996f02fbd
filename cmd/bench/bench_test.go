package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// TestMain makes the test binary the benchmark when that starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "-serve" || os.Args[1] == "-task" || os.Args[1] == "-records") {
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

func TestAnUnknownSettingIsRefused(t *testing.T) {
	_, err := chosen("default,quick")
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
