// Package fluentbit tests the plugin in Fluent Bit itself: the one that FLUENT_BIT names or that is on the PATH, 4.2
// or later. Each case runs with a configuration in the classic format and with one in YAML; a stream of
// internal/kinesistest says what landed.
//
// The same cases run with a stand-in, this test program once more, that reads the same configuration and drives the
// library through internal/flbhost. That is a test of the cases and of what they are made of, so that they are not run
// for the first time where there is a Fluent Bit. It proves nothing about Fluent Bit: see [standIn].
package fluentbit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

// actAsFluentBit in the environment has this test program be the stand-in.
const actAsFluentBit = "FLUENTBIT_TEST_ACT_AS_FLUENT_BIT"

func TestMain(m *testing.M) {
	if os.Getenv(actAsFluentBit) != "" {
		os.Exit(standIn(os.Args[1:]))
	}
	os.Exit(flbhost.Main(m))
}

// A program is what is run as Fluent Bit.
type program struct {
	path string
	env  []string
}

func TestFluentBit(t *testing.T) {
	path := os.Getenv("FLUENT_BIT")
	if path == "" {
		path = "fluent-bit"
	}
	path, err := exec.LookPath(path)
	if err != nil && os.Getenv("FLUENT_BIT") == "" {
		t.Skip("there is no fluent-bit on the PATH: install Fluent Bit 4.2 or later (the package fluent-bit puts it at " +
			"/opt/fluent-bit/bin/fluent-bit), or name one with FLUENT_BIT")
	}
	require.NoError(t, err, "FLUENT_BIT must be the path of a fluent-bit, or its name on the PATH")
	version, err := exec.Command(path, "--version").Output()
	require.NoError(t, err)
	t.Logf("%s: %s", path, strings.TrimSpace(string(version)))
	runCases(t, program{path: path})
}

// TestStandIn is a test of the cases, not of the plugin in Fluent Bit.
func TestStandIn(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	host, err := flbhost.Binary()
	require.NoError(t, err)
	runCases(t, program{path: self, env: []string{actAsFluentBit + "=1", "FLBHOST_BINARY=" + host}})
}

// cases are what holds with Fluent Bit.
var cases = []struct {
	name    string
	formats []format
	run     func(t *testing.T, s *stage)
}{
	{"lines of a file that grows land once, flushed on Fluent Bit's own thread", files, tailBy("0")},
	{"lines of a file that grows land once, flushed by a worker", files, tailBy("1")},
	{"lines of a file that grows land once, flushed by four workers", files, tailBy("4")},
	{"options arrive as they are written", everyFormat, optionsArrive},
	{"a library that is named twice serves as one", files, namedTwice},
	{"a value that cannot be read stops the start", everyFormat, badValueStopsTheStart},
	{"chunks handed back under throttling are offered again until each line is there once", files, retriesUnderThrottling},
	{"two outputs in one process keep their streams and options apart", files, twoOutputs},
	{"the plugin's metrics are among Fluent Bit's", files, metricsAmongFluentBits},
	{"what was buffered in files during an outage lands after a restart", files, outageAndRestart},
	{"SIGTERM under load loses nothing, on Fluent Bit's own thread", files, terminatedUnderLoad("0")},
	{"SIGTERM under load loses nothing, with a worker", files, terminatedUnderLoad("1")},
	{"SIGTERM with chunks that wait for the worker loses nothing", files, terminatedWithAQueue},
}

func runCases(t *testing.T, p program) {
	library, err := flbhost.Library()
	require.NoError(t, err)
	library, err = filepath.Abs(library)
	require.NoError(t, err)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range c.formats {
				t.Run(f.name, func(t *testing.T) { c.run(t, setStage(t, p, library, f)) })
			}
		})
	}
}
