// Package supply tests what is done about the modules that the plugin is made of, and how releases are signed: with
// databases and programs of its own where the real ones are not on this machine.
package supply

import (
	"os"
	"os/exec"
	"testing"

	"fluent-bit-kinesis/internal/needs"
)

const root = "../.."

// runMake runs make in the root of the tree, and returns all that it prints.
func runMake(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		needs.Missing(t, "make is not on the PATH")
	}
	cmd := exec.Command("make", append([]string{"--no-print-directory"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(append(os.Environ(), "MAKEFLAGS="), env...) // of a make that runs the tests
	out, err := cmd.CombinedOutput()
	return string(out), err
}
