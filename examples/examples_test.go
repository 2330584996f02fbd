// Package examples holds the configurations that people copy. Its tests read them as Fluent Bit would and hold
// their options, and those of the README, against what the plugin knows.
package examples

import (
	"bufio"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fluent-bit-kinesis/kinesis"
	"fluent-bit-kinesis/plugins"
)

// ofFluentBit are the keys of an [OUTPUT] section that Fluent Bit keeps for itself.
var ofFluentBit = []string{"name", "match", "workers", "retry_limit", "storage.total_limit_size"}

func TestExamplesHoldOptionsThatThePluginTakes(t *testing.T) {
	for file, read := range map[string]func(t *testing.T, text string) map[string]string{
		"fluent-bit.conf":     classicOutput,
		"fluent-bit.yaml":     yamlOutput,
		"eks/fluent-bit.conf": classicOutput,
		"eks/fluent-bit.yaml": yamlOutput,
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.FromSlash(file))
			require.NoError(t, err)
			options := plugins.Values(read(t, string(text)))
			require.Equal(t, "kinesis", options["name"])
			for _, key := range ofFluentBit {
				delete(options, key)
			}
			config, _, err := kinesis.ReadConfig(options, noEnvironment)
			require.NoError(t, err)
			require.Empty(t, config.Warnings)
			table := kinesis.Options()
			for key := range options {
				require.NotNil(t, table.Find(key), "the plugin has no option %s", key)
			}
		})
	}
}

func TestBothFormatsOfAnExampleSayTheSame(t *testing.T) {
	for _, name := range []string{"fluent-bit", "eks/fluent-bit"} {
		classic, err := os.ReadFile(filepath.FromSlash(name + ".conf"))
		require.NoError(t, err)
		inYAML, err := os.ReadFile(filepath.FromSlash(name + ".yaml"))
		require.NoError(t, err)
		require.Equal(t, classicOutput(t, string(classic)), yamlOutput(t, string(inYAML)), name)
	}
}

// update has the README's table of options written anew: go test ./examples -run README -update
var update = flag.Bool("update", false, "write the README's table of options from the plugin's")

func TestREADMEHasTheTableOfOptions(t *testing.T) {
	const file = "../README.md"
	readme, err := os.ReadFile(filepath.FromSlash(file))
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(readme), "## Options\n")
	require.True(t, found)
	intro, rest, found := strings.Cut(rest, "| option |")
	require.True(t, found)
	_, after, found := strings.Cut(rest, "\n\n")
	require.True(t, found)

	want := before + "## Options\n" + intro + kinesis.Options().Markdown() + "\n" + after
	if *update {
		require.NoError(t, os.WriteFile(filepath.FromSlash(file), []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(readme), "go test ./examples -run README -update writes it")
}

func noEnvironment(string) string { return "" }

// classicOutput reads the [OUTPUT] section of a configuration in the classic format, with variables filled in.
func classicOutput(t *testing.T, text string) map[string]string {
	t.Helper()
	options := map[string]string{}
	section := ""
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = line
		case section == "[OUTPUT]":
			key, value, found := strings.Cut(line, " ")
			require.True(t, found, "a key without a value: %s", line)
			options[strings.ToLower(key)] = expand(strings.TrimSpace(value))
		}
	}
	return options
}

// yamlOutput reads the one output of a configuration in YAML.
func yamlOutput(t *testing.T, text string) map[string]string {
	t.Helper()
	var config struct {
		Plugins  []string
		Pipeline struct {
			Outputs []map[string]string
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &config))
	require.Equal(t, []string{"/fluent-bit/kinesis.so"}, config.Plugins)
	require.Len(t, config.Pipeline.Outputs, 1)
	options := config.Pipeline.Outputs[0]
	for key, value := range options {
		options[key] = expand(value)
	}
	return options
}

func expand(value string) string {
	return strings.ReplaceAll(value, "${AWS_REGION}", "us-west-2")
}
