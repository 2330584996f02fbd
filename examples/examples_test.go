// Package examples holds what people copy: configurations, and what surrounds them where Fluent Bit runs. Its tests read
// each configuration as Fluent Bit would, hold its options, and those of the pages, against what the plugin knows, and run
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

// update has the tables of two pages written anew: go test ./examples -run Table -update
var update = flag.Bool("update", false, "write the tables of options and metrics of the pages in docs from the plugin's")

func TestThePageOfOptionsHasTheirTable(t *testing.T) {
	requireTable(t, "options.md", "| option |", kinesis.Options().Markdown())
}

func TestThePageOfMetricsHasTheirTable(t *testing.T) {
	requireTable(t, "metrics.md", "| metric |", kinesis.Metrics().Markdown())
}

// requireTable requires that the first table with this head of a page in docs is the plugin's.
func requireTable(t *testing.T, page, head, table string) {
	t.Helper()
	file := filepath.Join("..", "docs", page)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), head)
	require.True(t, found)
	_, after, _ := strings.Cut(rest, "\n\n")

	want := before + table
	if after != "" {
		want += "\n" + after
	}
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(text), "go test ./examples -run Table -update writes it")
}

func readExample(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	require.NoError(t, err)
	return string(text)
}
