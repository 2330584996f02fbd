package samples

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

var now = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)

func TestLineBecomesTheEventThatFluentBitWouldMakeOfIt(t *testing.T) {
	for _, tc := range []struct {
		name, line   string
		log, stream  string
		time         time.Time
		ownKeysFirst []string
	}{
		{"a CRI line", "2026-03-14T09:26:54.5Z stderr F two words", "two words", "stderr",
			now.Add(1500 * time.Millisecond), []string{"log", "stream", "time"}},
		{"a CRI line without text", "2026-03-14T09:26:54Z stdout F ", "", "stdout",
			now.Add(time.Second), []string{"log", "stream", "time"}},
		{"a line of Docker's json-file keeps its newline", `{"log":"say \"hi\"\n","stream":"stdout","time":"2026-03-14T09:26:54Z"}`,
			"say \"hi\"\n", "stdout", now.Add(time.Second), []string{"log", "stream", "time"}},
		{"an enriched line keeps its own keys in order", `{"took_ms":3,"log":"x","kubernetes":{"pod_name":"p"}}`, "x", "", now,
			[]string{"took_ms", "log", "kubernetes"}},
		{"plain text", "plain text", "plain text", "stdout", now, []string{"log", "stream"}},
		{"an empty line", "", "", "stdout", now, []string{"log", "stream"}},
		{"JSON without log is text", `{"level":"info"}`, `{"level":"info"}`, "stdout", now, []string{"log", "stream"}},
		{"JSON with something behind it is text", `{"log":"x"} and more`, `{"log":"x"} and more`, "stdout", now, []string{"log", "stream"}},
		{"a broken object is text", `{"log":`, `{"log":`, "stdout", now, []string{"log", "stream"}},
		{"a time that is none is now", `{"log":"x","time":"yesterday"}`, "x", "", now, []string{"log", "time"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			event := ContainerOf("app.log").Event(tc.line, now)
			require.Equal(t, tc.log, event.Text("log"))
			require.Equal(t, tc.stream, event.Text("stream"))
			require.True(t, tc.time.Equal(event.Time), "time %s", event.Time)
			var keys []string
			for _, f := range event.Fields {
				keys = append(keys, f.Key.(string))
			}
			require.Equal(t, tc.ownKeysFirst, keys[:len(tc.ownKeysFirst)])
			for _, added := range []string{"container_id", "container_name", "kubernetes"} {
				require.True(t, event.Has(added), added)
			}
		})
	}
}

func TestContainerComesFromTheFileName(t *testing.T) {
	id := strings.Repeat("0f", 32)
	kubelet := ContainerOf("/var/log/containers/web-5d4-x7_shop_nginx-" + id + ".log")
	require.Equal(t, id, kubelet.ID)
	require.Equal(t, "/k8s_nginx_web-5d4-x7_shop", kubelet.Name)
	require.Contains(t, kubelet.Kubernetes, flbhost.F("pod_name", "web-5d4-x7"))
	require.Contains(t, kubelet.Kubernetes, flbhost.F("namespace_name", "shop"))

	plain := ContainerOf("/srv/app.log")
	require.Len(t, plain.ID, 64)
	require.Contains(t, plain.Kubernetes, flbhost.F("container_name", "app"))
	require.Equal(t, plain, ContainerOf("/other/app.log"), "the same name is the same container")
	require.Contains(t, ContainerOf("-").Kubernetes, flbhost.F("pod_name", "stdin"))
}

func TestBundledEventsHoldWhatLogsHold(t *testing.T) {
	events := Events()
	require.Greater(t, len(events), 40)
	seen := map[string]bool{}
	containers := map[string]bool{}
	for i, e := range events {
		require.False(t, e.Time.IsZero(), "event %d has no time", i)
		require.False(t, i > 0 && e.Time.Before(events[i-1].Time), "event %d is out of order", i)
		require.True(t, e.Has("log"), "event %d", i)
		require.Len(t, e.Text("container_id"), 64)
		containers[e.Text("container_id")] = true

		log := e.Text("log")
		seen["empty"] = seen["empty"] || log == ""
		seen["quote"] = seen["quote"] || strings.Contains(log, `"`)
		seen["stack trace"] = seen["stack trace"] || strings.Contains(log, "\n\t/src/")
		seen["not ASCII"] = seen["not ASCII"] || len(log) != utf8.RuneCountInString(log)
	}
	require.GreaterOrEqual(t, len(containers), 6)
	require.Equal(t, map[string]bool{"empty": true, "quote": true, "stack trace": true, "not ASCII": true}, seen)
}

func TestBundledLinesAreParsedNotTakenAsText(t *testing.T) {
	for i, e := range Events() {
		require.True(t, e.Has("time"), "event %d is none of the formats of a node's log files: %q", i, e.Text("log"))
	}
}

func TestJSONReadsBackAsTheSameEvent(t *testing.T) {
	for i, e := range Events() {
		line := e.AppendJSON(nil)
		require.NotContains(t, string(line), "\n", "event %d is more than one line", i)
		fields, err := parseObject(line)
		require.NoError(t, err, "event %d", i)
		require.Equal(t, e.Fields, fields, "event %d", i)
	}
}

func TestNumbersKeepTheirKind(t *testing.T) {
	fields, err := parseObject([]byte(`{"a":9007199254740993,"b":-1,"c":18446744073709551615,"d":2.5,"e":1e400}`))
	require.NoError(t, err)
	require.Equal(t, int64(9007199254740993), fields[0].Value)
	require.Equal(t, int64(-1), fields[1].Value)
	require.Equal(t, uint64(18446744073709551615), fields[2].Value)
	require.Equal(t, 2.5, fields[3].Value)
	require.IsType(t, float64(0), fields[4].Value)
}

func FuzzEventOfAnyLine(f *testing.F) {
	for _, line := range []string{"", "{", `{"log":"x"}`, `{"log":[{"a":null}],"time":"x"}`, "2026-03-14T09:26:54Z stdout P ", "\xff"} {
		f.Add(line)
	}
	container := ContainerOf("fuzz.log")
	f.Fuzz(func(t *testing.T, line string) {
		event := container.Event(line, now)
		if !event.Has("log") || !event.Has("kubernetes") {
			t.Fatalf("incomplete event: %v", event)
		}
		if !json.Valid(event.AppendJSON(nil)) {
			t.Fatalf("not JSON: %s", event.AppendJSON(nil))
		}
	})
}
