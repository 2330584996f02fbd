package flbhost

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
)

// metricsSource is what stands in for the functions of Fluent Bit's metrics.
//
//go:embed cmetrics/cmetrics.c
var metricsSource []byte

// compileMetrics compiles it into a shared library, which the host loads before the plugin.
func compileMetrics(library string) error {
	dir, err := os.MkdirTemp(filepath.Dir(library), "cmetrics-source-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	source := filepath.Join(dir, "cmetrics.c")
	if err := os.WriteFile(source, metricsSource, 0o600); err != nil {
		return err
	}
	return compileC(library, []string{source}, "-shared", "-fPIC", "-lpthread")
}

// Metrics is what the plugin has put among Fluent Bit's metrics, with Config.Metrics: Prometheus' text, of the instances
// that have not exited. The last line has the number of values that cmetrics would have refused: "# 0 refusals".
func (h *Host) Metrics() (text string, err error) {
	dir, err := os.MkdirTemp("", "flbhost-metrics-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "metrics")
	r := <-h.send(fmt.Sprintf("metrics %d", len(file)), []byte(file))
	if _, err := r.fields("written", 0); err != nil {
		return "", err
	}
	all, err := os.ReadFile(file)
	return string(all), err
}
