package examples

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type options = map[string]string

// configurations are the examples that are configurations of Fluent Bit, or have one in them, and how the outputs of
// each are read, their keys in lower case.
var configurations = map[string]func(t *testing.T, text string) []options{
	"fluent-bit.conf":              classicOutputs,
	"fluent-bit.yaml":              yamlOutputs,
	"compose/fluent-bit.conf":      classicOutputs,
	"ecs/task-definition.json":     firelensOutputs,
	"eks/daemonset.yaml":           configMapOutputs,
	"opentelemetry.conf":           classicOutputs,
	"opentelemetry.yaml":           yamlOutputs,
	"eks/fluent-bit.conf":          classicOutputs,
	"eks/fluent-bit.yaml":          yamlOutputs,
	"helm/aws-for-fluent-bit.yaml": awsChartOutputs,
	"helm/fluent-bit.yaml":         chartOutputs,
	"streams/fluent-bit.conf":      classicOutputs,
	"streams/fluent-bit.yaml":      yamlOutputs,
	"systemd/fluent-bit.conf":      classicOutputs,
	"windows/fluent-bit.conf":      classicOutputs,
}

func TestEveryConfigurationIsOneOfThoseThatAreTested(t *testing.T) {
	require.NoError(t, filepath.WalkDir(".", func(file string, _ os.DirEntry, err error) error {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "fluent-bit.") {
			require.Contains(t, configurations, filepath.ToSlash(file))
		}
		return err
	}))
}

// classicOutputs reads the [OUTPUT] sections of a configuration in the classic format, with variables filled in.
func classicOutputs(t *testing.T, text string) (outputs []options) {
	t.Helper()
	for _, s := range classicSections(t, text) {
		if s.name == "[OUTPUT]" {
			outputs = append(outputs, s.options)
		}
	}
	return outputs
}

type section struct {
	name    string
	options options
}

func classicSections(t *testing.T, text string) (sections []section) {
	t.Helper()
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			sections = append(sections, section{name: line, options: options{}})
		default:
			require.NotEmpty(t, sections, "outside of all sections: %s", line)
			addOption(t, sections[len(sections)-1].options, line)
		}
	}
	return sections
}

// addOption reads a key and its value, of which there is one.
func addOption(t *testing.T, o options, line string) {
	t.Helper()
	key, value, found := strings.Cut(line, " ")
	require.True(t, found, "a key without a value: %s", line)
	key = strings.ToLower(key)
	require.NotContains(t, o, key, "twice")
	o[key] = expand(t, strings.TrimSpace(value))
}

// yamlOutputs reads the outputs of a configuration in YAML.
func yamlOutputs(t *testing.T, text string) []options {
	t.Helper()
	var config struct {
		Plugins  []string
		Pipeline struct{ Outputs []options }
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &config))
	require.Equal(t, []string{"/fluent-bit/kinesis.so"}, config.Plugins)
	for _, output := range config.Pipeline.Outputs {
		for key, value := range output {
			output[key] = expand(t, value)
		}
	}
	return config.Pipeline.Outputs
}

// firelensOutputs are those that FireLens makes of the options of each container's log driver.
func firelensOutputs(t *testing.T, text string) (outputs []options) {
	t.Helper()
	for _, c := range readTask(t, text).ContainerDefinitions {
		if c.LogConfiguration.LogDriver != "awsfirelens" {
			continue
		}
		output := options{"match": c.Name + "-firelens*"}
		for key, value := range c.LogConfiguration.Options {
			addOption(t, output, key+" "+value)
		}
		outputs = append(outputs, output)
	}
	return outputs
}

// A task is what these tests look at of a task definition of ECS. What it says beside is not checked.
type task struct {
	NetworkMode          string
	ContainerDefinitions []struct {
		Name                  string
		Image                 string
		Essential             bool
		FirelensConfiguration *struct{ Type string }
		LogConfiguration      struct {
			LogDriver string
			Options   map[string]string
		}
	}
}

func readTask(t *testing.T, text string) (read task) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &read))
	return read
}

// configMapOutputs are those of the configuration in a ConfigMap.
func configMapOutputs(t *testing.T, text string) []options {
	t.Helper()
	return classicOutputs(t, readManifest(t, text)["ConfigMap"].Data["fluent-bit.conf"])
}

// chartOutputs are those of the values of the chart fluent-bit, which puts these texts one behind the other.
func chartOutputs(t *testing.T, text string) []options {
	t.Helper()
	config := readValues(t, text).Config
	return classicOutputs(t, strings.Join([]string{config.Service, config.Inputs, config.Filters, config.Outputs}, "\n"))
}

// ofAWSChart are the options that the chart aws-for-fluent-bit writes for its values of kinesis.
var ofAWSChart = map[string]string{
	"match": "match", "region": "region", "stream": "stream", "partitionKey": "partition_key", "appendNewline": "append_newline",
	"replaceDots": "replace_dots", "dataKeys": "data_keys", "roleArn": "role_arn", "endpoint": "endpoint",
	"stsEndpoint": "sts_endpoint", "timeKey": "time_key", "timeKeyFormat": "time_key_format", "compression": "compression",
	"aggregation": "aggregation",
}

// awsChartOutputs is the one of the values of the chart aws-for-fluent-bit.
func awsChartOutputs(t *testing.T, text string) []options {
	t.Helper()
	values := readValues(t, text).Kinesis
	require.Equal(t, "true", values["enabled"])
	output := options{"name": "kinesis"}
	for key, value := range values {
		switch key {
		case "enabled":
		case "extraOutputs":
			for line := range strings.Lines(value) {
				addOption(t, output, strings.TrimSpace(line))
			}
		default:
			require.Contains(t, ofAWSChart, key, "the chart has no such value")
			addOption(t, output, ofAWSChart[key]+" "+value)
		}
	}
	return []options{output}
}

// expand fills in what the environments of the examples have.
func expand(t *testing.T, value string) string {
	t.Helper()
	value = strings.NewReplacer("${AWS_REGION}", "us-west-2", "${HOSTNAME}", "host-1").Replace(value)
	require.NotContains(t, value, "${")
	return value
}
