// Package needs is for tests of what not every machine has: they are skipped
// there with a hint, but never in CI, which would prove less than it says.
package needs

import (
	"os"
	"testing"
)

// Missing ends a test for want of what the hint says. In CI, which sets CI to
// anything but 0 or false, that is a failure.
func Missing(t testing.TB, hint string, args ...any) {
	t.Helper()
	if inCI(os.Getenv("CI")) {
		t.Fatalf(hint, args...)
	}
	t.Skipf(hint, args...)
}

func inCI(value string) bool { return value != "" && value != "0" && value != "false" }
