package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheTableHasEachScenarioThatWasAskedFor(t *testing.T) {
	l, err := limitsOf("strict")
	require.NoError(t, err)
	s := settings{fleet: fleet{agents: 4, shards: 2}, only: "fleet", seeds: 2}
	var out strings.Builder
	s.table(&out, l)
	require.Regexp(t, `(?s)^limits: strict\nscenario +goodput +waste.*\nfleet, steady .*\nfleet, bursty .*\nfleet, after an outage .*\nfleet, shards doubled `, out.String())
	require.NotContains(t, out.String(), "worker")
}

func TestThePictureIsAnSVG(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.svg")
	l, err := limitsOf("bucket")
	require.NoError(t, err)
	require.NoError(t, picture(path, l, fleet{agents: 4, shards: 2}.scenarios(), 1))
	drawn, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(drawn), "<svg")
	require.Contains(t, string(drawn), "fleet, after an outage")
}

func TestWhatCannotBeAskedForIsAnError(t *testing.T) {
	require.ErrorContains(t, run([]string{"-limits", "none"}), `"none"`)
	require.Error(t, run([]string{"-seeds", "many"}))
}
