package needs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatCountsAsCI(t *testing.T) {
	for value, want := range map[string]bool{"": false, "0": false, "false": false, "1": true, "true": true, "yes": true} {
		require.Equal(t, want, inCI(value), "CI=%q", value)
	}
}

// ended is how a test was ended.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper()               {}
func (e *ended) Fatalf(string, ...any) { e.how += "failed" }
func (e *ended) Skipf(string, ...any)  { e.how += "skipped" }

func TestWhatIsMissingSkipsATestButFailsItInCI(t *testing.T) {
	t.Setenv("CI", "")
	e := &ended{}
	Missing(e, "needs %s", "wine")
	require.Equal(t, "skipped", e.how)

	t.Setenv("CI", "true")
	e = &ended{}
	Missing(e, "needs %s", "wine")
	require.Regexp(t, "^failed", e.how)
}
