package prometheus

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fluent-bit-kinesis/kinesis"
)

// A rule is an alert of the example.
type rule struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func readRules(t *testing.T) (text string, rules []rule) {
	t.Helper()
	read, err := os.ReadFile(alerts)
	require.NoError(t, err)
	var file struct{ Groups []struct{ Rules []rule } }
	require.NoError(t, yaml.Unmarshal(read, &file))
	require.Len(t, file.Groups, 1)
	return string(read), file.Groups[0].Rules
}

// haste is what the durations of the alerts are divided by in the run, so that it
// takes seconds. All of them are, and nothing else is changed: a window of 10
// minutes, which has 40 scrapes, becomes one of 5 seconds, which has 10.
const haste = 120

// durations are those of the rules: of the windows of their expressions, and how
// long these have to hold.
var durations = regexp.MustCompile(`(\[|\n +for: )(\d+[smh])`)

func hasten(t *testing.T, rules string) string {
	t.Helper()
	return durations.ReplaceAllStringFunc(rules, func(found string) string {
		parts := durations.FindStringSubmatch(found)
		d, err := time.ParseDuration(parts[2])
		require.NoError(t, err)
		return parts[1] + strconv.FormatInt((d/haste).Milliseconds(), 10) + "ms"
	})
}

func TestHasteDividesEachDurationAndChangesNothingElse(t *testing.T) {
	text, rules := readRules(t)
	hastened := hasten(t, text)
	require.Equal(t, "\n        for: 5000ms\n a[500ms] > 10m b[30000ms]", hasten(t, "\n        for: 10m\n a[1m] > 10m b[1h]"))
	require.NotRegexp(t, `(?m)(\[\d+|for: \d+)[smhd]\b`, hastened)
	count := 0
	for _, r := range rules {
		count += 1 + len(regexp.MustCompile(`\[`).FindAllString(r.Expr, -1))
	}
	require.Len(t, durations.FindAllString(text, -1), count)
}

func TestEachAlertSaysWhatToDo(t *testing.T) {
	_, rules := readRules(t)
	require.Len(t, rules, 6)
	for _, r := range rules {
		require.Regexp(t, `^Kinesis[A-Z]`, r.Alert)
		require.NotEmpty(t, r.For, r.Alert)
		require.Contains(t, []string{"critical", "warning"}, r.Labels["severity"], r.Alert)
		require.Contains(t, r.Annotations["summary"], "{{ $labels.instance }}", r.Alert)
		require.NotEmpty(t, r.Annotations["description"], r.Alert)
		requireMetrics(t, r.Expr)
	}
}

var metricName = regexp.MustCompile(`fluentbit_kinesis_\w+`)

// requireMetrics requires that a query asks for metrics that the plugin has.
func requireMetrics(t *testing.T, query string) {
	t.Helper()
	known := map[string]bool{}
	all := kinesis.Metrics()
	for i := range all.Families {
		name := all.FullName(&all.Families[i])
		known[name], known[name+"_bucket"] = true, true
	}
	names := metricName.FindAllString(query, -1)
	require.NotEmpty(t, names, query)
	for _, name := range names {
		require.True(t, known[name], "%s in %s", name, query)
	}
}
