package examples

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/internal/samples"
	"fluent-bit-kinesis/kinesis"
	"fluent-bit-kinesis/plugins"
)

func TestMain(m *testing.M) { os.Exit(flbhost.Main(m)) }

// ofFluentBit are the keys of an [OUTPUT] section that Fluent Bit keeps for itself.
var ofFluentBit = []string{"name", "match", "workers", "retry_limit", "storage.total_limit_size"}

func TestExamplesHoldOptionsThatThePluginTakes(t *testing.T) { forEachOutput(t, requireTaken) }

// requireTaken requires that the plugin has each option of an output, and takes its value without a word.
func requireTaken(t *testing.T, output options) {
	t.Helper()
	given := plugins.Values(maps.Clone(output))
	for _, key := range ofFluentBit {
		delete(given, key)
	}
	config, _, err := kinesis.ReadConfig(given, func(string) string { return "" })
	require.NoError(t, err)
	require.Empty(t, config.Warnings)
	table := kinesis.Options()
	for key := range given {
		require.NotNil(t, table.Find(key), "the plugin has no option %s", key)
	}
}

// Where there are no workers, Fluent Bit's only thread waits for the stream, and a chunk is offered again once.
func TestExamplesSetWhatMattersOfFluentBitItself(t *testing.T) {
	forEachOutput(t, func(t *testing.T, output options) {
		require.NotEmpty(t, output["match"])
		require.NotEmpty(t, output["workers"])
		require.NotEmpty(t, output["retry_limit"])
	})
}

func TestExamplesPutEachEventOnTheStreamOnce(t *testing.T) {
	chunk, count := sampleChunk()
	forEachOutput(t, func(t *testing.T, output options) {
		region, stream := output["region"], output["stream"]
		streams := map[string]int{stream: 4}
		if strings.Contains(stream, "$") {
			streams = map[string]int{output["stream_default"]: 4}
			for _, namespace := range namespacesOfSamples() {
				streams[strings.ReplaceAll(stream, "$kubernetes['namespace_name']", namespace)] = 4
			}
		}
		s := kinesistest.Run(t, kinesistest.Options{Streams: streams, Region: region})
		given := maps.Clone(output)
		given["endpoint"] = s.URL()
		if given["ledger_file"] != "" {
			given["ledger_file"] = filepath.Join(t.TempDir(), "ledger") // the folder is of a machine that this is not
		}
		workers, err := strconv.Atoi(output["workers"])
		require.NoError(t, err)
		h := flbhost.Run(t, flbhost.Config{Instances: []options{given}, Workers: workers, Env: s.Env()})
		result, err := h.Flush(0, "kube.pod", chunk)
		require.NoError(t, err)
		require.Equal(t, flbhost.OK, result.Code)

		var landed []kinesistest.Record
		for name := range streams {
			landed = append(landed, s.Records(name)...)
		}
		require.Len(t, landed, count)
		if output["partition_key"] == "kubernetes->pod_name" {
			require.NotEmpty(t, ofPods(landed), "partition keys that are names of pods")
		}
		require.NotContains(t, h.Log(), "level=warn")
		require.NotContains(t, h.Log(), "level=error")
	})
}

// forEachOutput runs a test with the one kinesis output of each configuration.
func forEachOutput(t *testing.T, test func(t *testing.T, output options)) {
	t.Helper()
	for file, read := range configurations {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.FromSlash(file))
			require.NoError(t, err)
			outputs := read(t, string(text))
			require.Len(t, outputs, 1)
			require.Equal(t, "kinesis", outputs[0]["name"])
			test(t, outputs[0])
		})
	}
}

// sampleChunk is the log lines of a small cluster, each with the fields that the examples take partition keys from.
func sampleChunk() (chunk []byte, events int) {
	var c flbhost.Chunk
	name := []flbhost.Field{flbhost.F("service.name", "web")}
	c.Append(flbhost.GroupOpen(), flbhost.F("resource", []flbhost.Field{flbhost.F("attributes", name)}))
	for _, e := range samples.Events() {
		fields := e.Fields
		for _, key := range []string{"container_id", "host", "Computer"} {
			if !e.Has(key) {
				fields = append(fields[:len(fields):len(fields)], flbhost.F(key, "some "+key))
			}
		}
		if !e.Has("kubernetes") {
			pod := []flbhost.Field{flbhost.F("pod_name", "web-0"), flbhost.F("labels", []flbhost.Field{flbhost.F("a.b/c", "d")})}
			fields = append(fields[:len(fields):len(fields)], flbhost.F("kubernetes", pod))
		}
		at := e.Time
		if at.IsZero() {
			at = time.Unix(1773480413, 0)
		}
		c.Append(flbhost.EventTime(at), fields...)
	}
	return c.Bytes(), c.Len() - 1 // that which opens the group is none
}

// namespacesOfSamples are those of the pods that wrote the sample lines.
func namespacesOfSamples() (names []string) {
	for _, e := range samples.Events() {
		i := slices.IndexFunc(e.Fields, func(f flbhost.Field) bool { return f.Key == "kubernetes" })
		if i < 0 {
			continue
		}
		for _, f := range e.Fields[i].Value.([]flbhost.Field) {
			if name, ok := f.Value.(string); ok && f.Key == "namespace_name" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func ofPods(records []kinesistest.Record) (keys []string) {
	for _, r := range records {
		if strings.HasPrefix(r.PartitionKey, "storefront-") || r.PartitionKey == "web-0" {
			keys = append(keys, r.PartitionKey)
		}
	}
	return keys
}
