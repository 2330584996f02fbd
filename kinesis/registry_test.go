package kinesis

import (
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/plugins/metrics"
)

func TestMetricsAreNamedAsPrometheusHasIt(t *testing.T) {
	r := Metrics()
	seen := map[string]bool{}
	for i := range r.Families {
		f := &r.Families[i]
		name := r.FullName(f)
		require.Regexp(t, regexp.MustCompile(`^fluentbit_kinesis_[a-z]+(_[a-z]+)*$`), name)
		require.False(t, seen[name], name)
		seen[name] = true
		require.Equal(t, f.Kind == metrics.Counter, strings.HasSuffix(f.Name, "_total"), name)
		require.Equal(t, f.Kind == metrics.DurationBuckets, strings.HasSuffix(f.Name, "_duration_seconds"), name)
		require.NotRegexp(t, `_(count|sum|bucket)$`, name, "these are a histogram's")
		require.NotRegexp(t, `milli|micro|nano|minutes|_kb|_mb`, name, "units are seconds and bytes")
		require.Regexp(t, `^[A-Z0-9].*[^.]\.$`, f.Help, name)
		require.LessOrEqual(t, len(r.Labels)+len(f.Labels), 8, "metrics.h has room for no more")
		require.NotEmpty(t, f.Series, name)
		for _, s := range f.Series {
			require.Len(t, s.Values, len(f.Labels), name)
			require.Equal(t, f.Kind == metrics.DurationBuckets, s.Durations != nil, name)
			require.Equal(t, s.Durations == nil, s.Read != nil, name)
		}
	}
}

// valuesOf are the samples of an instance, by name and labels.
func valuesOf(o *Output) map[string]string {
	values := map[string]string{}
	common := `stream="logs",output="kinesis.0"`
	for line := range strings.Lines(string(metrics.AppendText(nil, o.registry("kinesis.0", "1")))) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name != "#" {
			name = strings.NewReplacer(common+",", "", "{"+common+"}", "", "fluentbit_kinesis_", "").Replace(name)
			values[name] = value
		}
	}
	return values
}

func TestMetricsSayWhatHasBecomeOfRecordsAndRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t}
		n := 0
		s.refuse = func(putRecord) string {
			if n++; n <= 19 {
				return throttledCode
			}
			if n == 20 {
				return "InternalFailure"
			}
			if n == 21 {
				return "SomethingNew"
			}
			return ""
		}
		o := outputOf(t, s, "log_key", "log")
		began := time.Now()
		chunk := chunkOf(20, func(i int) fields {
			switch i {
			case 7:
				return fields{kv("n", i)}
			case 8:
				return fields{kv("log", strings.Repeat("x", 1<<20+1))}
			}
			return fields{kv("log", "line")}
		})
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		synctest.Wait()
		got := valuesOf(o)
		for name, want := range map[string]string{
			`records_total`:          "20",
			`records_accepted_total`: "19",
			`records_dropped_total{reason="without_log_key"}`:                      "1",
			`records_dropped_total{reason="too_big"}`:                              "0",
			`records_truncated_total`:                                              "1",
			`records_refused_total{code="ProvisionedThroughputExceededException"}`: "19",
			`records_refused_total{code="InternalFailure"}`:                        "1",
			`records_refused_total{code="other"}`:                                  "1",
			`records_handed_back_total`:                                            "0",
			`requests_total{outcome="denied"}`:                                     "0",
			`requests_in_flight`:                                                   "0",
			`requests_waiting`:                                                     "0",
			`ledger_entries`:                                                       "0",
			`credentials_since_timestamp_seconds`:                                  "0",
			`build_info{version="1",goversion="` + runtime.Version() + `"}`:        "1",
		} {
			require.Contains(t, got, name)
			require.Equal(t, want, got[name], name)
		}
		require.Equal(t, strconv.Itoa(len(chunk)), got["chunk_bytes_total"])
		require.Equal(t, got[`request_duration_seconds_count`], got[`request_duration_seconds_bucket{le="+Inf"}`])
		require.NotEqual(t, "0", got[`request_duration_seconds_count`])
		require.NotEqual(t, "0", got[`wait_seconds_total{for="pace"}`])
		require.Equal(t, "0", got[`throttled`])
		require.Equal(t, "0", got[`pace_records_per_second`])
		require.GreaterOrEqual(t, o.lastAccepted.Load(), began.UnixNano())
	})
}

func TestThePaceThatIsLearnedIsAMetric(t *testing.T) {
	o := outputOf(t, &fakeStream{t: t})
	some := pace.Amount{Records: 100, Bytes: 50_000}
	for range 20 {
		o.d.pacer.Learn(pace.Outcome{Accepted: some, Refused: some, Took: time.Millisecond})
	}
	got := valuesOf(o)
	require.Equal(t, "1", got["throttled"])
	require.NotEqual(t, "0", got["pace_records_per_second"])
	require.NotEqual(t, "0", got["pace_bytes_per_second"])
}

// A host that takes metrics is told of them at the start, soon after something has
// changed, and not while nothing does.
func TestMetricsAreToldToFluentBitSoonAfterAFlushAndNotWhileIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outputOf(t, &fakeStream{t: t})
		var told, released int
		var records float64
		host := Host{Output: "kinesis.0", Register: func(r *metrics.Registry) (func([]float64), func()) {
			require.Equal(t, "records_total", r.Families[0].Name)
			return func(values []float64) { told++; records = values[0] }, func() { released++ }
		}}
		require.NoError(t, o.startMetrics(host, "1"))
		require.Equal(t, 1, told)
		time.Sleep(time.Hour)
		require.Equal(t, 1, told)

		for range 100 {
			require.Equal(t, OK, o.Flush(chunkOf(10, func(int) fields { return fields{kv("log", "x")} }), "tag"))
		}
		time.Sleep(metrics.PublishInterval)
		synctest.Wait()
		require.EqualValues(t, 1000, records)
		require.LessOrEqual(t, told, 3)
		was := told
		time.Sleep(time.Hour)
		require.Equal(t, was, told)

		require.Equal(t, OK, o.Flush(chunkOf(1, func(int) fields { return fields{kv("log", "x")} }), "tag"))
		o.LeaveMetrics()
		time.Sleep(time.Minute)
		require.Equal(t, was, told, "what Fluent Bit lets go of is left alone")
		o.endMetrics()
		require.Equal(t, 1, released)
		o.unlist = nil // for the end of the test
	})
}

func TestWhatADeliveryWaitsForIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, latency: time.Second}
		o := outputOf(t, s, "requests_in_flight", "1", "experimental_concurrency", "3")
		for range 3 {
			require.Equal(t, OK, o.Flush(chunkOf(500, func(int) fields { return fields{kv("log", "x")} }), "tag"))
		}
		o.flushes.Wait()
		require.Equal(t, "3", valuesOf(o)[`wait_seconds_total{for="place_in_flight"}`], "the second for one, the third for two")
		require.Equal(t, "3", valuesOf(o)[`request_duration_seconds_sum`])
		require.Equal(t, "3", valuesOf(o)[`request_duration_seconds_bucket{le="1.0"}`])
		require.Equal(t, "0", valuesOf(o)[`request_duration_seconds_bucket{le="0.5"}`])
	})
}
