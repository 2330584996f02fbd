package metrics_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins/metrics"
)

func fixed(v float64) func() float64 { return func() float64 { return v } }

// sample is a registry with a metric of each kind, of an output of that name.
func sample(output string, records float64) *metrics.Registry {
	took := metrics.NewHistogram(0.1, 1, 2.5)
	for _, d := range []time.Duration{0, 100 * time.Millisecond, 101 * time.Millisecond, time.Minute} {
		took.Observe(d)
	}
	return &metrics.Registry{
		Namespace: "fluentbit", Subsystem: "test",
		Labels: []metrics.Label{{Name: "output", Value: output}},
		Families: []metrics.Family{{
			Kind: metrics.Counter, Name: "records_total", Help: "Records.",
			Labels: []string{"outcome"},
			Series: []metrics.Series{
				{Values: []string{"sent"}, Read: fixed(records)},
				{Values: []string{"lost"}, Read: fixed(0)},
			},
		}, {
			Kind: metrics.Gauge, Name: "load", Help: "How much is under way.",
			Series: []metrics.Series{{Read: fixed(0.25)}},
		}, {
			Kind: metrics.DurationBuckets, Name: "took_seconds", Help: "How long it took.",
			Series: []metrics.Series{{Durations: took}},
		}},
	}
}

func TestTheTextIsThatOfPrometheus(t *testing.T) {
	want := `# HELP fluentbit_test_records_total Records.
# TYPE fluentbit_test_records_total counter
fluentbit_test_records_total{output="a",outcome="sent"} 12345678
fluentbit_test_records_total{output="a",outcome="lost"} 0
# HELP fluentbit_test_load How much is under way.
# TYPE fluentbit_test_load gauge
fluentbit_test_load{output="a"} 0.25
# HELP fluentbit_test_took_seconds How long it took.
# TYPE fluentbit_test_took_seconds histogram
fluentbit_test_took_seconds_bucket{output="a",le="0.1"} 2
fluentbit_test_took_seconds_bucket{output="a",le="1.0"} 3
fluentbit_test_took_seconds_bucket{output="a",le="2.5"} 3
fluentbit_test_took_seconds_bucket{output="a",le="+Inf"} 4
fluentbit_test_took_seconds_sum{output="a"} 60.201
fluentbit_test_took_seconds_count{output="a"} 4
`
	require.Equal(t, want, string(metrics.AppendText(nil, sample("a", 12345678))))
}

func TestAMetricOfSeveralOutputsIsOneMetric(t *testing.T) {
	text := string(metrics.AppendText(nil, sample("a", 1), sample("b", 2)))
	require.Equal(t, 3, strings.Count(text, "# HELP "))
	require.Contains(t, text, `# TYPE fluentbit_test_records_total counter
fluentbit_test_records_total{output="a",outcome="sent"} 1
fluentbit_test_records_total{output="a",outcome="lost"} 0
fluentbit_test_records_total{output="b",outcome="sent"} 2
fluentbit_test_records_total{output="b",outcome="lost"} 0
# HELP fluentbit_test_load`)
}

func TestAMetricThatOneOutputAloneHasIsThereAsWell(t *testing.T) {
	more := sample("b", 2)
	more.Families = append(more.Families, metrics.Family{Kind: metrics.Gauge, Name: "own", Help: "Own.", Series: []metrics.Series{{Read: fixed(7)}}})
	text := string(metrics.AppendText(nil, sample("a", 1), more))
	require.True(t, strings.HasSuffix(text, "# HELP fluentbit_test_own Own.\n# TYPE fluentbit_test_own gauge\nfluentbit_test_own{output=\"b\"} 7\n"))
}

func TestWhatALabelOrAHelpSaysCannotEndItsLine(t *testing.T) {
	r := &metrics.Registry{
		Namespace: "n", Subsystem: "s", Labels: []metrics.Label{{Name: "l", Value: "a\"b\\c\nd\xff"}},
		Families: []metrics.Family{{Kind: metrics.Gauge, Name: "g", Help: "one\\\ntwo", Series: []metrics.Series{{Read: fixed(1)}}}},
	}
	require.Equal(t, "# HELP n_s_g one\\\\\\ntwo\n# TYPE n_s_g gauge\nn_s_g{l=\"a\\\"b\\\\c\\nd\uFFFD\"} 1\n", string(metrics.AppendText(nil, r)))
}

func TestNumbersReadBackTheSame(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", -3: "-3", 1.5: "1.5", 1 << 40: "1099511627776", 1e300: "1e+300", math.Inf(1): "+Inf", math.Inf(-1): "-Inf",
	} {
		r := &metrics.Registry{Namespace: "n", Subsystem: "s", Families: []metrics.Family{{Name: "g", Series: []metrics.Series{{Read: fixed(v)}}}}}
		require.Contains(t, string(metrics.AppendText(nil, r)), "\nn_s_g "+want+"\n")
	}
}

func TestTheValuesAreInTheOrderOfTheRegistry(t *testing.T) {
	require.Equal(t, []float64{5, 0, 0.25, 2, 3, 3, 4, 60.201}, sample("a", 5).AppendValues(nil))
}

func TestTheTableOfTheMetricsHasTheValuesOfTheirLabels(t *testing.T) {
	require.Equal(t, "| metric | kind | what it is |\n|---|---|---|\n"+
		"| `fluentbit_test_records_total` | counter | Records. By `outcome`: `sent`, `lost`. |\n"+
		"| `fluentbit_test_load` | gauge | How much is under way. |\n"+
		"| `fluentbit_test_took_seconds` | histogram | How long it took. |\n", sample("a", 1).Markdown())
}

func TestObservingATimeAllocatesNothing(t *testing.T) {
	h := metrics.NewHistogram(0.1, 1)
	require.Zero(t, testing.AllocsPerRun(100, func() { h.Observe(time.Second) }))
}
