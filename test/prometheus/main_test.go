// Package prometheus tests what watches the plugin: a real Prometheus scrapes a real run, of the library in the host with
// faults of the stream, and what it then has is held against the alerts and the dashboard of examples/. Durations of the alerts are
// divided by haste for that: windows of 10 minutes become 5 seconds.
//
// With -update the panels of the dashboard are drawn into docs/metrics.svg, as they were in that run.
package prometheus

import (
	"flag"
	"os"
	"os/exec"
	"testing"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/needs"
)

// update has the picture of the dashboard drawn anew: go test ./test/prometheus -run Run -update
var update = flag.Bool("update", false, "draw docs/metrics.svg from the run")

const (
	alerts    = "../../examples/prometheus/alerts.yaml"
	dashboard = "../../examples/grafana/kinesis.json"
	picture   = "../../docs/metrics.svg"
)

// patience is how long a test waits for what must come. It is never waited for
// in full unless something is wrong.
const patience = 2 * time.Minute

func TestMain(m *testing.M) { os.Exit(flbhost.Main(m)) }

// program is where one of Debian's package prometheus is.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		needs.Missing(t, "%s is not on the PATH; on Debian: apt-get install prometheus", name)
	}
	return path
}
