package examples

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// block is a configuration in a page.
var block = regexp.MustCompile("(?ms)^```(ini|yaml)\n(.*?)^```$")

// forEachOutputOfThePages runs a test with each kinesis output of the configurations in the pages.
func forEachOutputOfThePages(t *testing.T, test func(t *testing.T, output options)) {
	t.Helper()
	pages, err := filepath.Glob(filepath.FromSlash("../docs/*.md"))
	require.NoError(t, err)
	found := 0
	for _, page := range append(pages, filepath.FromSlash("../README.md")) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, b := range block.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r\n", "\n"), -1) {
			read := map[string]func(*testing.T, string) []options{"ini": classicOutputs, "yaml": yamlOutputs}[b[1]]
			for _, output := range read(t, b[2]) {
				found++
				require.Equal(t, "kinesis", output["name"])
				t.Run(filepath.Base(page)+" "+output["stream"], func(t *testing.T) { test(t, output) })
			}
		}
	}
	require.Greater(t, found, 5, "the configurations are not found any more")
}

func TestTheConfigurationsOfThePagesHoldOptionsThatThePluginTakes(t *testing.T) {
	forEachOutputOfThePages(t, requireTaken)
}

func TestTheConfigurationsOfThePagesPutAnEventOnTheStream(t *testing.T) {
	forEachOutputOfThePages(t, func(t *testing.T, output options) {
		s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{output["stream"]: 1}, Region: output["region"]})
		given := maps.Clone(output)
		given["endpoint"] = s.URL()
		if given["metrics_listen"] != "" {
			given["metrics_listen"] = "127.0.0.1:0" // what the page names may be taken here
		}
		for _, key := range []string{"profile", "role_arn", "external_id", "role_session_name", "role_duration"} {
			delete(given, key) // the credentials here are those of the embedded stream
		}
		h := flbhost.Run(t, flbhost.Config{Instances: []options{given}, Workers: 1, Env: s.Env()})
		chunk, _ := sampleChunk()
		result, err := h.Flush(0, "kube.pod", chunk)
		require.NoError(t, err)
		require.Equal(t, flbhost.OK, result.Code)
		require.NotEmpty(t, s.Records(output["stream"]))
		require.NotContains(t, h.Log(), "level=error")
	})
}
