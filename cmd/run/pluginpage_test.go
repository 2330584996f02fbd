package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const aPage = `# HELP fluentbit_kinesis_records_dropped_total Records that were dropped.
# TYPE fluentbit_kinesis_records_dropped_total counter
fluentbit_kinesis_records_dropped_total{stream="a } b",output="kinesis.0",reason="malformed"} 2
fluentbit_kinesis_records_dropped_total{stream="run",output="kinesis.0",reason="too_big"} 3
fluentbit_kinesis_pace_bytes_per_second{stream="run",output="kinesis.0"} 5.712265829032354e+06
fluentbit_kinesis_without_labels 7
fluentbit_kinesis_
fluentbit_kinesis_broken x
go_goroutines 9
`

func TestThePagesSeriesAreAddedUp(t *testing.T) {
	require.Equal(t, pluginPage{"records_dropped_total": 5, "pace_bytes_per_second": 5.712265829032354e+06, "without_labels": 7},
		parsePluginPage([]byte(aPage)))
}

func TestThePageIsReadWhereItIs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(aPage))
	}))
	defer server.Close()
	require.Equal(t, 7.0, readPluginPage(strings.TrimPrefix(server.URL, "http://"))["without_labels"])
	require.Nil(t, readPluginPage(strings.TrimPrefix(server.URL, "http://")+"/elsewhere"))

	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.Nil(t, readPluginPage(listener.Addr().String()), "nobody listens")
}

func FuzzPluginPage(f *testing.F) {
	for _, text := range []string{"", aPage, "fluentbit_kinesis_{} 1", "fluentbit_kinesis_a NaN\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for name := range parsePluginPage(text) {
			if strings.ContainsAny(name, "{\n") {
				t.Fatalf("%q is no name", name)
			}
		}
		picture(reading{sample: sample{plugin: parsePluginPage(text)}}, nil, 80, 24, false)
	})
}
