package fluentbit

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFluentBitOfTheImage starts the container image as it starts by itself: its own command and its own plugins file,
// with a configuration mounted where it looks for one. FLUENT_BIT is in-image, beside this file.
func TestFluentBitOfTheImage(t *testing.T) {
	if os.Getenv("IMAGE") == "" {
		t.Skip("IMAGE names no container image with Fluent Bit: make test-image builds one")
	}
	s := setStage(t, program{path: os.Getenv("FLUENT_BIT")}, "", format{"mounted", writeMounted})
	s.program.env = []string{mountedConfig + "=" + s.path("fluent-bit.conf")}
	tailBy("1")(t, s)
}

// mountedConfig in the environment names the file that in-image mounts in place of the image's configuration.
const mountedConfig = "FLUENT_BIT_CONFIG"

// writeMounted leaves the arguments to the image, and the library to the plugins file that is in it.
func writeMounted(dir, _ string, p pipeline) ([]string, error) {
	text := classic("plugins.conf", p)
	return nil, os.WriteFile(filepath.Join(dir, "fluent-bit.conf"), []byte(text), 0o600)
}
