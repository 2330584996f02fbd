package prometheus

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPromtoolAcceptsTheExamples(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", "alerts.yaml"},
		{"check", "config", "prometheus.yml"},
		{"test", "rules", "alerts_test.yaml"},
		{"check", "config", "--syntax-only", "../compose/prometheus.yml"}, // its alerts are mounted beside it
	} {
		cmd := exec.Command(program(t, "promtool"), args...)
		cmd.Dir = "../../examples/prometheus"
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "promtool %v: %s", args, out)
	}
}
