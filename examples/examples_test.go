// Package examples holds what people copy: configurations, and what surrounds them where Fluent Bit runs. Its tests read
// each configuration as Fluent Bit would, hold its options, and those of the README, against what the plugin knows, and run
// it in the plugin host on an embedded stream.
package examples

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis"
)

func TestBothFormatsOfAnExampleSayTheSame(t *testing.T) {
	for _, name := range []string{"fluent-bit", "opentelemetry", "eks/fluent-bit", "streams/fluent-bit"} {
		classic, err := os.ReadFile(filepath.FromSlash(name + ".conf"))
		require.NoError(t, err)
		inYAML, err := os.ReadFile(filepath.FromSlash(name + ".yaml"))
		require.NoError(t, err)
		require.Equal(t, classicOutputs(t, string(classic)), yamlOutputs(t, string(inYAML)), name)
	}
}

// update has the README's tables written anew: go test ./examples -run README -update
var update = flag.Bool("update", false, "write the README's tables of options and metrics from the plugin's")

func TestREADMEHasTheTableOfOptions(t *testing.T) {
	requireTable(t, "## Options\n", "| option |", kinesis.Options().Markdown())
}

func TestREADMEHasTheTableOfMetrics(t *testing.T) {
	requireTable(t, "## Metrics\n", "| metric |", kinesis.Metrics().Markdown())
}

// requireTable requires that the README's first table with this head after a heading is the plugin's.
func requireTable(t *testing.T, heading, head, table string) {
	t.Helper()
	const file = "../README.md"
	readme, err := os.ReadFile(filepath.FromSlash(file))
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(readme), heading)
	require.True(t, found)
	intro, rest, found := strings.Cut(rest, head)
	require.True(t, found)
	_, after, found := strings.Cut(rest, "\n\n")
	require.True(t, found)

	want := before + heading + intro + table + "\n" + after
	if *update {
		require.NoError(t, os.WriteFile(filepath.FromSlash(file), []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(readme), "go test ./examples -run README -update writes it")
}

func readExample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	require.NoError(t, err)
	return string(text)
}
