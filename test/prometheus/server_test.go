package prometheus

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server is a Prometheus that runs.
type server struct {
	t   *testing.T
	url string
}

// runServer starts one for the length of a test, which scrapes the page at an
// address twice a second and evaluates these rules.
func runServer(t *testing.T, page, rules string) *server {
	t.Helper()
	binary, dir := program(t, "prometheus"), t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "alerts.yaml"), []byte(rules), 0o600))
	require.NoError(t, os.WriteFile(config, []byte(fmt.Sprintf(`
global: {scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 200ms}
rule_files: [alerts.yaml]
scrape_configs:
  - job_name: fluent-bit-kinesis
    static_configs: [{targets: ['%s']}]
`, page)), 0o600))

	for range 5 { // somebody else may be given the port before it is listened on
		address := freeAddress(t)
		log, err := os.Create(filepath.Join(dir, "log"))
		require.NoError(t, err)
		cmd := exec.Command(binary, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
			"--web.listen-address="+address, "--log.level=warn")
		cmd.Stdout, cmd.Stderr = log, log
		require.NoError(t, cmd.Start())
		require.NoError(t, log.Close())
		ended := make(chan struct{})
		go func() {
			_ = cmd.Wait() // that it ended is what matters
			close(ended)
		}()
		s := &server{t: t, url: "http://" + address}
		if s.ready(ended) {
			t.Cleanup(func() {
				require.NoError(t, cmd.Process.Kill())
				<-ended
			})
			return s
		}
		said, err := os.ReadFile(log.Name())
		require.NoError(t, err)
		require.Contains(t, string(said), "address already in use")
	}
	require.FailNow(t, "there is no port for Prometheus")
	return nil
}

// ready waits until it answers; false tells that it has ended.
func (s *server) ready(ended <-chan struct{}) bool {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			return false
		default:
		}
		answer, err := http.Get(s.url + "/-/ready")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return true
			}
		}
		require.True(s.t, time.Now().Before(deadline), "Prometheus does not get ready: %v", err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// A series is what a query returns of one set of labels.
type series struct {
	labels map[string]string
	times  []float64 // seconds since 1970
	values []float64 // that are numbers
}

// moves tells whether it is more than noughts.
func (s series) moves() bool {
	return slices.ContainsFunc(s.values, func(v float64) bool { return v != 0 })
}

// at is what a query returns now.
func (s *server) at(query string) []series {
	s.t.Helper()
	return s.ask("query", url.Values{"query": {query}})
}

// over is what it returns for each half second of a time.
func (s *server) over(query string, from, to time.Time) []series {
	s.t.Helper()
	return s.ask("query_range", url.Values{"query": {query}, "start": {unix(from)}, "end": {unix(to)}, "step": {"0.5"}})
}

func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

func (s *server) ask(what string, form url.Values) (all []series) {
	s.t.Helper()
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  *[2]any
			Values [][2]any
		}
	}
	s.get(what, form, &data)
	for _, r := range data.Result {
		one := series{labels: r.Metric}
		if r.Value != nil {
			r.Values = append(r.Values, *r.Value)
		}
		for _, v := range r.Values {
			value, err := strconv.ParseFloat(v[1].(string), 64)
			require.NoError(s.t, err)
			if !math.IsNaN(value) && !math.IsInf(value, 0) {
				one.times, one.values = append(one.times, v[0].(float64)), append(one.values, value)
			}
		}
		if len(one.values) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// get reads the data of an answer of the API.
func (s *server) get(what string, form url.Values, data any) {
	s.t.Helper()
	answer, err := http.PostForm(s.url+"/api/v1/"+what, form)
	if strings.HasPrefix(what, "label/") {
		answer, err = http.Get(s.url + "/api/v1/" + what + "?" + form.Encode())
	}
	require.NoError(s.t, err)
	defer answer.Body.Close()
	var read struct {
		Status, Error string
		Data          json.RawMessage
	}
	require.NoError(s.t, json.NewDecoder(answer.Body).Decode(&read))
	require.Equal(s.t, "success", read.Status, "%s: %s", form, read.Error)
	require.NoError(s.t, json.Unmarshal(read.Data, data))
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(100 * time.Millisecond) {
		require.True(t, time.Now().Before(deadline), "waited in vain until %s", what)
	}
}

// eventuallyEmpty waits until something has held of each of them, once.
func eventuallyEmpty[T any](t *testing.T, what string, missing []T, holds func(T) bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		missing = slices.DeleteFunc(missing, holds)
		if len(missing) == 0 {
			return
		}
		require.True(t, time.Now().Before(deadline), "waited in vain for %s: %v", what, missing)
	}
}
