package fluentbit

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"fluent-bit-kinesis/internal/flbhost"
)

// standInConfig is a configuration as the stand-in has read it. Keys are in lower case, as Fluent Bit tells no cases.
type standInConfig struct {
	libraries []string
	service   map[string]string
	inputs    []map[string]string
	outputs   []map[string]string
}

// readConfig reads what the formats of [format] write: Fluent Bit's arguments, and the file that they name.
func readConfig(args []string) (*standInConfig, error) {
	c := &standInConfig{service: map[string]string{}}
	var last map[string]string
	for len(args) >= 2 {
		flag, value := args[0], args[1]
		args = args[2:]
		switch flag {
		case "-c":
			if strings.HasSuffix(value, ".yaml") {
				return c, c.readYAML(value)
			}
			return c, c.readClassic(value)
		case "-e":
			c.libraries = append(c.libraries, value)
		case "-f":
			c.service["flush"] = value
		case "-i":
			last = map[string]string{"name": value}
			c.inputs = append(c.inputs, last)
		case "-o":
			last = map[string]string{"name": value}
			c.outputs = append(c.outputs, last)
		case "-p":
			key, value, found := strings.Cut(value, "=")
			if !found || last == nil {
				return nil, fmt.Errorf("-p %s: not of a plugin", key)
			}
			last[strings.ToLower(key)] = value
		default:
			return nil, fmt.Errorf("unknown argument %s", flag)
		}
	}
	return c, nil
}

func (c *standInConfig) readClassic(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var current map[string]string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case line == "[SERVICE]":
			current = c.service
		case line == "[INPUT]":
			current = map[string]string{}
			c.inputs = append(c.inputs, current)
		case line == "[OUTPUT]":
			current = map[string]string{}
			c.outputs = append(c.outputs, current)
		case line == "[PLUGINS]":
			current = map[string]string{}
			defer func() { c.libraries = append(c.libraries, current["path"]) }()
		default:
			key, value, found := strings.Cut(line, " ")
			if !found || current == nil {
				return fmt.Errorf("%s: a key without a value, or outside of all sections: %s", path, line)
			}
			current[strings.ToLower(key)] = strings.TrimSpace(value)
		}
	}
	if plugins := c.service["plugins_file"]; plugins != "" {
		delete(c.service, "plugins_file")
		return c.readClassic(plugins)
	}
	return nil
}

func (c *standInConfig) readYAML(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file struct {
		Plugins  []string
		Service  map[string]string
		Pipeline struct{ Inputs, Outputs []map[string]string }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return err
	}
	c.libraries = append(c.libraries, file.Plugins...)
	c.service = inLowerCase(file.Service)
	for _, section := range file.Pipeline.Inputs {
		c.inputs = append(c.inputs, inLowerCase(section))
	}
	for _, section := range file.Pipeline.Outputs {
		c.outputs = append(c.outputs, inLowerCase(section))
	}
	return nil
}

func inLowerCase(section map[string]string) map[string]string {
	lower := make(map[string]string, len(section))
	for key, value := range section {
		lower[strings.ToLower(key)] = value
	}
	return lower
}

// library is the one to load. It may be named more than once.
func (c *standInConfig) library() (string, error) {
	libraries := slices.Compact(slices.Clone(c.libraries))
	if len(libraries) != 1 || libraries[0] == "" {
		return "", fmt.Errorf("there must be one library to load, not %q", libraries)
	}
	return libraries[0], nil
}

// parseJSON reads a JSON object and keeps the order of its keys. YAML has all of JSON in it.
func parseJSON(text string) (any, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, err
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("not a JSON object: %s", text)
	}
	return valueOf(document.Content[0])
}

func valueOf(node *yaml.Node) (any, error) {
	if node.Kind != yaml.MappingNode {
		var value any
		err := node.Decode(&value)
		return value, err
	}
	fields := []flbhost.Field{}
	for i := 0; i < len(node.Content); i += 2 {
		value, err := valueOf(node.Content[i+1])
		if err != nil {
			return nil, err
		}
		fields = append(fields, flbhost.F(node.Content[i].Value, value))
	}
	return fields, nil
}
