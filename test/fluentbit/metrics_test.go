package fluentbit

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// metricsAmongFluentBits asks Fluent Bit for its metrics, and the plugin for those that it serves by itself.
func metricsAmongFluentBits(t *testing.T, s *stage) {
	server, own := freeAddress(t), freeAddress(t)
	host, port, err := net.SplitHostPort(server)
	require.NoError(t, err)
	want := s.place("logs/app.log", 1000)
	run := s.start(pipeline{
		service(grace, option{"http_server", "on"}, option{"http_listen", host}, option{"http_port", port}),
		[]section{s.tail("logs")},
		[]section{s.output("*", mainStream, "2", option{"metrics_listen", own})},
	})
	s.await(run, mainStream, want)
	accepted := `fluentbit_kinesis_records_accepted_total{stream="logs",output="kinesis.0"} 1000`
	var inside, outside string
	s.eventually(run, "both say that all records were accepted", func() bool {
		inside, outside = page("http://"+server+"/api/v2/metrics/prometheus"), page("http://"+own+"/metrics")
		return strings.Contains(inside, accepted) && strings.Contains(outside, accepted)
	})
	run.stop()

	require.Contains(t, inside, "\n# TYPE fluentbit_kinesis_requests_total counter\n")
	require.Contains(t, inside, `fluentbit_kinesis_requests_total{stream="logs",output="kinesis.0",outcome="throttled"} 0`)
	require.Regexp(t, `fluentbit_kinesis_request_duration_seconds_bucket\{le="\+Inf",stream="logs",output="kinesis.0"\} [1-9]`, inside)
	named := regexp.MustCompile(`(?m)^# TYPE (fluentbit_kinesis_.*)$`)
	require.ElementsMatch(t, named.FindAllString(outside, -1), named.FindAllString(inside, -1))
}

// page is what is at an address; nothing as long as nobody is there.
func page(url string) string {
	answer, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
