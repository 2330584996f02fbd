package test

import (
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// samplesIn are the lines of Prometheus' text that are values, by name and
// labels, which Fluent Bit has in another order.
func samplesIn(t *testing.T, text string) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at+1:]), 64)
		require.NoError(t, err, line)
		name := inOrder(line[:at])
		require.NotContains(t, all, name, "a series is there once")
		all[name] = value
	}
	return all
}

// inOrder is a series with the labels by their names.
func inOrder(series string) string {
	name, labels, found := strings.Cut(strings.TrimSuffix(series, "}"), "{")
	if !found {
		return name
	}
	each := strings.Split(labels, ",") // no value in these tests has one
	slices.Sort(each)
	return name + "{" + strings.Join(each, ",") + "}"
}

// inFluentBit is what the plugin has put among the metrics of the host.
func inFluentBit(t *testing.T, h *flbhost.Host) map[string]float64 {
	t.Helper()
	text, err := h.Metrics()
	require.NoError(t, err)
	require.Contains(t, text, "# 0 refusals\n")
	return samplesIn(t, text)
}

// served is what the plugin serves at an address.
func served(t *testing.T, address string) map[string]float64 {
	t.Helper()
	return samplesIn(t, servedText(t, address))
}

func servedText(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(text)
}

// sample is the name of a series of an instance of the stream, with more labels.
func sample(name string, instance int, more ...string) string {
	labels := `{stream="` + streamName + `",output="kinesis.` + decimal(instance) + `"`
	for i := 0; i < len(more); i += 2 {
		labels += `,` + more[i] + `="` + more[i+1] + `"`
	}
	return inOrder("fluentbit_kinesis_" + name + labels + "}")
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func needsMetricsInFluentBit(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Fluent Bit's metrics are not to be had on Windows")
	}
	if os.Getenv("FLBHOST_EXEC") != "" && os.Getenv("FLBHOST_METRICS_LIBRARY") == "" {
		t.Skip("the host is another system's, and what stands in for Fluent Bit's metrics would be this one's")
	}
}

// Of three records one is dropped, and two are refused once before they are
// accepted.
func TestTheMetricsAreFluentBitsOwn(t *testing.T) {
	needsMetricsInFluentBit(t)
	for _, workers := range []int{0, 2} {
		t.Run("workers "+decimal(workers), func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: workers, Metrics: true},
				options{"log_key": "log", "delivery_timeout": "0"}, options{})
			require.Zero(t, inFluentBit(t, s.host)[sample("records_total", 0)], "it is there from the start")
			require.Contains(t, inFluentBit(t, s.host), sample("requests_total", 1, "outcome", "throttled"))

			require.NoError(t, s.stream.SetFaults(kinesistest.Faults{ThrottleAll: true}))
			var c flbhost.Chunk
			c.Append(flbhost.EventTime(when), F("log", "a"))
			c.Append(flbhost.EventTime(when), F("log", "bc"))
			c.Append(flbhost.EventTime(when), F("other", "x"))
			s.flush(flbhost.Retry, &c)
			s.stream.Heal()
			s.flush(flbhost.OK, &c)
			eventually(t, "what was accepted is there", func() bool {
				return inFluentBit(t, s.host)[sample("records_accepted_total", 0)] == 2
			})
			got := inFluentBit(t, s.host)
			for name, want := range map[string]float64{
				sample("records_total", 0):                                                           5,
				sample("ledger_records_total", 0):                                                    1,
				sample("ledger_chunks_known_total", 0):                                               1,
				sample("ledger_entries", 0):                                                          0,
				sample("chunk_bytes_total", 0):                                                       float64(2 * len(c.Bytes())),
				sample("accepted_bytes_total", 0):                                                    3 + 2*8,
				sample("records_dropped_total", 0, "reason", "without_log_key"):                      1,
				sample("records_handed_back_total", 0):                                               2,
				sample("records_refused_total", 0, "code", "ProvisionedThroughputExceededException"): 2,
				sample("records_throttled_total", 0):                                                 2,
				sample("requests_total", 0, "outcome", "partly_refused"):                             1,
				sample("requests_total", 0, "outcome", "accepted"):                                   1,
				sample("request_duration_seconds_count", 0):                                          2,
				sample("request_duration_seconds_bucket", 0, "le", "+Inf"):                           2,
				sample("requests_in_flight", 0):                                                      0,
				sample("records_total", 1):                                                           0,
			} {
				require.Contains(t, got, name)
				require.Equal(t, want, got[name], name)
			}
			require.Positive(t, got[sample("last_accepted_timestamp_seconds", 0)])
			require.Positive(t, got[sample("credentials_since_timestamp_seconds", 0)])
			require.Greater(t, got[sample("request_bytes_total", 0)], got[sample("accepted_bytes_total", 0)])
			require.Zero(t, got[sample("last_accepted_timestamp_seconds", 1)])
		})
	}
}

func TestWhereFluentBitKeepsNoMetricsNothingHappens(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	require.Len(t, s.flush(flbhost.OK, goodThen()), 3)
	_, err := s.host.Metrics()
	require.ErrorContains(t, err, "there are no metrics")
	log := exitLog(t, s.host)
	require.Empty(t, log.texts("warning"))
	require.Empty(t, log.with("info", "metrics at"))
}

func TestBothWaysOutHaveTheSameMetrics(t *testing.T) {
	needsMetricsInFluentBit(t)
	address := freeAddress(t)
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Metrics: true}, options{"metrics_listen": address, "aggregation": "on"})
	s.flush(flbhost.OK, goodThen())
	requireLine(t, logOf(s.host), "info", "[kinesis 0] metrics at http://"+address+"/metrics")
	eventually(t, "both are the same", func() bool {
		inside, outside := inFluentBit(t, s.host), served(t, address)
		require.Equal(t, sortedKeys(outside), sortedKeys(inside))
		return maps.Equal(inside, outside)
	})
	inside, err := s.host.Metrics()
	require.NoError(t, err)
	headOf := regexp.MustCompile(`(?m)^# (HELP|TYPE).*$`)
	require.ElementsMatch(t, headOf.FindAllString(inside, -1), headOf.FindAllString(servedText(t, address), -1))
}

// The stand-in of Fluent Bit's metrics ends the process where one is touched of
// an output that has gone.
func TestMetricsOfAnOutputThatHasGoneAreLeftAlone(t *testing.T) {
	needsMetricsInFluentBit(t)
	for _, how := range []flbhost.Config{{}, {LastContext: true}, {Workers: 2}} {
		how.Metrics, how.Race = true, true
		s := runStream(t, kinesistest.Options{})
		config := hostConfig(s, how, options{}, options{}, options{})
		h := flbhost.Run(t, config)
		for i := range 3 {
			result, err := h.Flush(i, "tag", goodThen().Bytes())
			require.NoError(t, err)
			require.Equal(t, flbhost.OK, result.Code)
		}
		require.NoError(t, h.Reload(config.Instances[:2]...))
		result, err := h.Flush(1, "tag", goodThen().Bytes())
		require.NoError(t, err)
		require.Equal(t, flbhost.OK, result.Code)
		eventually(t, "the new instances have metrics", func() bool { return inFluentBit(t, h)[sample("records_total", 4)] == 3 })
		require.NotContains(t, inFluentBit(t, h), sample("records_total", 0))
		require.NoError(t, h.Exit())
	}
}

func TestOutputsShareThePageOfAnAddress(t *testing.T) {
	address := freeAddress(t)
	s := runStream(t, kinesistest.Options{})
	section := options{"metrics_listen": address}
	config := hostConfig(s, flbhost.Config{}, section, section, options{})
	h := flbhost.Run(t, config)
	for i := range 3 {
		_, err := h.Flush(i, "tag", goodThen().Bytes())
		require.NoError(t, err)
	}
	got := served(t, address)
	require.InDelta(t, 3, got[sample("records_accepted_total", 0)], 0)
	require.InDelta(t, 3, got[sample("records_accepted_total", 1)], 0)
	require.NotContains(t, got, sample("records_accepted_total", 2), "an output that names no address has no page")

	require.NoError(t, h.Reload(config.Instances[0]), "the address is free again")
	got = served(t, address)
	require.Zero(t, got[sample("records_accepted_total", 0)])
	require.NotContains(t, got, sample("records_accepted_total", 1))
	require.NoError(t, h.Exit())
	_, err := net.Dial("tcp", address)
	require.Error(t, err, "after the exit nobody listens")
}

func TestAnAddressThatCannotBeListenedOnStopsTheStart(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	for _, address := range []string{l.Addr().String(), "192.0.2.1:2021", "no.such.host.invalid:2021"} {
		log := refusedStart(t, s, flbhost.Config{}, options{"metrics_listen": address})
		requireLine(t, log, "error", `[kinesis 0] cannot start: metrics_listen = "`+address+`": cannot be listened on: listen tcp`)
	}
}

func sortedKeys(m map[string]float64) []string { return slices.Sorted(maps.Keys(m)) }
