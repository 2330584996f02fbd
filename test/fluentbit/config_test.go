package fluentbit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// An option is a line of a configuration.
type option struct{ key, value string }

// A section is the options of the service, of an input or of an output.
type section []option

// A pipeline is a configuration of Fluent Bit, in no format yet.
type pipeline struct {
	service section
	inputs  []section
	outputs []section
}

// A format puts a pipeline and the library to load into files of a folder, and returns Fluent Bit's arguments.
type format struct {
	name  string
	write func(dir, library string, p pipeline) (args []string, err error)
}

// files are the formats of configuration files. On the command line there is no storage and no grace period.
var (
	files       = []format{{"classic", writeClassic}, {"YAML", writeYAML}}
	everyFormat = append([]format{{"on the command line", commandLine}}, files...)
)

// writeClassic has the library named in a plugins file.
func writeClassic(dir, library string, p pipeline) ([]string, error) {
	plugins := filepath.Join(dir, "plugins.conf")
	if err := os.WriteFile(plugins, []byte("[PLUGINS]\n    Path "+library+"\n"), 0o600); err != nil {
		return nil, err
	}
	return configFile(filepath.Join(dir, "fluent-bit.conf"), classic(plugins, p))
}

// classic is a configuration in the classic format, with this plugins file.
func classic(plugins string, p pipeline) string {
	var text strings.Builder
	write := func(name string, s section) {
		fmt.Fprintf(&text, "[%s]\n", name)
		for _, o := range s {
			fmt.Fprintf(&text, "    %s %s\n", o.key, o.value)
		}
		text.WriteByte('\n')
	}
	write("SERVICE", append(section{{"Plugins_File", plugins}}, p.service...))
	for _, s := range p.inputs {
		write("INPUT", s)
	}
	for _, s := range p.outputs {
		write("OUTPUT", s)
	}
	return text.String()
}

// writeYAML has the library in the section plugins.
func writeYAML(dir, library string, p pipeline) ([]string, error) {
	var text strings.Builder
	write := func(first, indent string, s section) {
		for _, o := range s {
			fmt.Fprintf(&text, "%s%s: %s\n", first, o.key, quoted(o.value))
			first = indent
		}
	}
	fmt.Fprintf(&text, "plugins:\n  - %s\nservice:\n", quoted(library))
	write("  ", "  ", p.service)
	text.WriteString("pipeline:\n  inputs:\n")
	for _, s := range p.inputs {
		write("    - ", "      ", s)
	}
	text.WriteString("  outputs:\n")
	for _, s := range p.outputs {
		write("    - ", "      ", s)
	}
	return configFile(filepath.Join(dir, "fluent-bit.yaml"), text.String())
}

// quoted is a text as YAML takes it whatever is in it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

func configFile(path, text string) (args []string, err error) {
	return []string{"-c", path}, os.WriteFile(path, []byte(text), 0o600)
}

// commandLine has the library loaded by -e. Of the service it takes the flush interval alone.
func commandLine(_, library string, p pipeline) (args []string, err error) {
	args = []string{"-e", library}
	for _, o := range p.service {
		if o.key == "flush" {
			args = append(args, "-f", o.value)
		}
	}
	add := func(flag string, s section) {
		for _, o := range s {
			if o.key == "name" {
				args = append(args, flag, o.value)
				continue
			}
			args = append(args, "-p", o.key+"="+o.value)
		}
	}
	for _, s := range p.inputs {
		add("-i", s)
	}
	for _, s := range p.outputs {
		add("-o", s)
	}
	return args, nil
}
