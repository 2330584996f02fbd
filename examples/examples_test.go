// Package examples holds the configurations that people copy. Its tests read them as Fluent Bit would and hold
// their options, and those of the README, against what the plugin knows.
package examples

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
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
			config, settings, err := kinesis.ReadConfig(options, noEnvironment)
			require.NoError(t, err)
			require.Empty(t, config.Warnings)
			known := defaultsOf(settings)
			for key := range options {
				require.Contains(t, known, key, "the plugin has no such option")
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

// optionRow is a row of the README's table of options: name, default, example or meaning.
var optionRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]*) \\|")

func TestREADMEListsOptionsWithTheirDefaults(t *testing.T) {
	readme, err := os.ReadFile(filepath.FromSlash("../README.md"))
	require.NoError(t, err)
	_, settings, _ := kinesis.ReadConfig(plugins.Values{}, noEnvironment) // region and stream are missing
	defaults := defaultsOf(settings)
	defaults["region"], defaults["stream"] = "", ""
	defaults["compression_level"] = "" // that of the format

	rows := optionRow.FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, rows)
	listed := map[string]bool{}
	for _, row := range rows {
		name, shown := row[1], strings.TrimSpace(row[2])
		require.False(t, listed[name], "%s is listed twice", name)
		listed[name] = true
		require.Contains(t, defaults, name, "the README has an option that the plugin has not")
		require.Equal(t, defaults[name], asLogged(shown, defaults[name]), "the default of %s", name)
	}
	for name := range defaults {
		if strings.ToLower(name) == name {
			require.True(t, listed[name], "the README does not list %s", name)
		}
	}
}

// asLogged is a default of the README's table as the plugin logs it: words that are no value stand without backquotes.
func asLogged(shown, logged string) string {
	value, isValue := strings.CutPrefix(shown, "`")
	if !isValue {
		return ""
	}
	value = strings.TrimSuffix(value, "`")
	if strings.HasSuffix(logged, "s") {
		return value + "s" // times are given as whole seconds
	}
	if size, err := plugins.ParseSize(value); err == nil {
		return strconv.Itoa(size)
	}
	return value
}

func noEnvironment(string) string { return "" }

func defaultsOf(settings []plugins.Setting) map[string]string {
	defaults := map[string]string{}
	for _, s := range settings {
		defaults[s.Name] = s.Value
	}
	return defaults
}

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
