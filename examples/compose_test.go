package examples

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fluent-bit-kinesis/internal/flbhost"
)

// A composition is what these tests look at of a file of docker compose.
type composition struct {
	Services map[string]struct {
		Image       string
		Command     any
		Environment map[string]string
		Volumes     []string
		Ports       []string
		DependsOn   []string `yaml:"depends_on"`
		Logging     struct{ Options map[string]string }
	}
}

func readComposition(t *testing.T) (read composition) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(readExample(t, "compose/compose.yaml")), &read))
	return read
}

func TestTheServicesOfComposeReachEachOther(t *testing.T) {
	services := readComposition(t).Services
	for name, service := range services {
		for _, other := range service.DependsOn {
			require.Contains(t, services, other, name)
		}
	}
	output := classicOutputs(t, readExample(t, "compose/fluent-bit.conf"))[0]
	require.Equal(t, "http://stream:4567", output["endpoint"])
	require.Contains(t, services["stream"].Command, " -address 0.0.0.0:4567 ")
	require.Contains(t, readExample(t, "../Dockerfile"), "FROM "+services["stream"].Image+"@", "the same Go")

	fluentBit := services["fluent-bit"]
	require.Contains(t, fluentBit.Volumes, "./fluent-bit.conf:/fluent-bit/etc/fluent-bit.conf:ro")
	require.Contains(t, fluentBit.Ports, services["app"].Logging.Options["fluentd-address"]+":24224")
}

func TestWhatWatchesInComposeFindsWhatItWatches(t *testing.T) {
	services := readComposition(t).Services
	var scrapes struct {
		RuleFiles     []string `yaml:"rule_files"`
		ScrapeConfigs []struct {
			MetricsPath   string                       `yaml:"metrics_path"`
			StaticConfigs []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(mounted(t, services["prometheus"].Volumes, "/etc/prometheus/prometheus.yml")), &scrapes))
	for _, file := range scrapes.RuleFiles {
		require.Contains(t, mounted(t, services["prometheus"].Volumes, "/etc/prometheus/"+file), "alert: Kinesis")
	}
	require.Len(t, scrapes.ScrapeConfigs, 1)
	require.Equal(t, "/api/v2/metrics/prometheus", scrapes.ScrapeConfigs[0].MetricsPath)
	require.Equal(t, []string{"fluent-bit:2020"}, scrapes.ScrapeConfigs[0].StaticConfigs[0].Targets)
	service := classicSections(t, readExample(t, "compose/fluent-bit.conf"))[0]
	require.Equal(t, "2020", service.options["http_port"])
	require.Equal(t, "0.0.0.0", service.options["http_listen"])

	var sources struct{ Datasources []struct{ Type, URL string } }
	grafana := services["grafana"].Volumes
	require.NoError(t, yaml.Unmarshal([]byte(mounted(t, grafana, "/etc/grafana/provisioning/datasources/kinesis.yaml")), &sources))
	require.Equal(t, "prometheus", sources.Datasources[0].Type)
	require.Equal(t, "http://prometheus:9090", sources.Datasources[0].URL)
	var boards struct {
		Providers []struct{ Options struct{ Path string } }
	}
	require.NoError(t, yaml.Unmarshal([]byte(mounted(t, grafana, "/etc/grafana/provisioning/dashboards/kinesis.yaml")), &boards))
	require.Contains(t, mounted(t, grafana, boards.Providers[0].Options.Path+"/kinesis.json"), `"uid": "fluentbit-kinesis"`)
	require.Contains(t, readExample(t, "compose/compose.yaml"), "http://127.0.0.1:3000/d/fluentbit-kinesis")
}

// mounted is the text of the file that a service of compose has at a place.
func mounted(t *testing.T, volumes []string, place string) string {
	t.Helper()
	for _, volume := range volumes {
		parts := strings.Split(volume, ":")
		require.Len(t, parts, 3, volume)
		require.Equal(t, "ro", parts[2], volume)
		if rest, found := strings.CutPrefix(place, parts[1]); found && (rest == "" || rest[0] == '/') {
			return readExample(t, "compose/"+parts[0]+rest)
		}
	}
	require.FailNow(t, "nothing is mounted", place)
	return ""
}

// The stream is started by the command of the service, and the plugin with the configuration and the environment of the
// other; only the address is one of this machine.
func TestTheStreamOfComposePrintsWhatFluentBitSends(t *testing.T) {
	services := readComposition(t).Services
	given, found := strings.CutPrefix(services["stream"].Command.(string), "go run ./cmd/kinesis-stream ")
	require.True(t, found)
	lines := startStream(t, strings.Fields(strings.Replace(given, "0.0.0.0:4567", "127.0.0.1:0", 1))...)
	ready := strings.Fields(next(t, lines))
	require.Equal(t, "ready", ready[0])

	output := classicOutputs(t, readExample(t, "compose/fluent-bit.conf"))[0]
	output["endpoint"] = strings.TrimPrefix(ready[1], "url=")
	require.Contains(t, output["endpoint"], "http://127.0.0.1:")
	var env []string
	for name, value := range services["fluent-bit"].Environment {
		env = append(env, name+"="+value)
	}
	h := flbhost.Run(t, flbhost.Config{Instances: []options{output}, Workers: 4, Env: env})
	var chunk flbhost.Chunk
	chunk.Append(flbhost.EventTime(time.Unix(1773480413, 0)), flbhost.F("log", "hello"), flbhost.F("container_id", "c1"))
	result, err := h.Flush(0, "app", chunk.Bytes())
	require.NoError(t, err)
	require.Equal(t, flbhost.OK, result.Code)
	landed := next(t, lines)
	require.Contains(t, landed, "hello")
	require.Contains(t, landed, `"c1"`)
}

// startStream builds and starts the embedded stream for the length of a test, and returns what it prints.
func startStream(t *testing.T, args ...string) *bufio.Reader {
	t.Helper()
	program := filepath.Join(t.TempDir(), "kinesis-stream")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, "../cmd/kinesis-stream").CombinedOutput()
	require.NoError(t, err, string(out))
	stream := exec.Command(program, append(args, "-exit-on-eof")...)
	stdin, err := stream.StdinPipe()
	require.NoError(t, err)
	stdout, err := stream.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, stream.Start())
	lines := bufio.NewReader(stdout)
	t.Cleanup(func() {
		require.NoError(t, stdin.Close())
		_, err := io.Copy(io.Discard, lines)
		require.NoError(t, err)
		require.NoError(t, stream.Wait())
	})
	return lines
}

func next(t *testing.T, lines *bufio.Reader) string {
	t.Helper()
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	return line
}
