package metrics_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/plugins/metrics"
)

func serve(t *testing.T, address string, r *metrics.Registry) *metrics.Page {
	t.Helper()
	p, err := metrics.Serve(address, r)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func get(t *testing.T, url string) (status int, header http.Header, body string) {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, answer.Header, string(text)
}

func TestAPageHasTheTextOfItsRegistry(t *testing.T) {
	r := sample("a", 7)
	p := serve(t, "127.0.0.1:0", r)
	status, header, body := get(t, p.URL())
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", header.Get("Content-Type"))
	require.Equal(t, string(metrics.AppendText(nil, r)), body)
}

func TestThereIsNothingBesideThePage(t *testing.T) {
	p := serve(t, "127.0.0.1:0", sample("a", 7))
	root := strings.TrimSuffix(p.URL(), metrics.Path)
	for _, path := range []string{"/", "/metrics/", "/metrics/x", "/debug/pprof/", "/debug/vars", "/favicon.ico"} {
		status, _, _ := get(t, root+path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		request, err := http.NewRequest(method, p.URL(), strings.NewReader("x"))
		require.NoError(t, err)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusMethodNotAllowed, answer.StatusCode, method)
	}
}

func TestOutputsThatNameTheSameAddressShareThePage(t *testing.T) {
	address := freeAddress(t)
	a, b := serve(t, address, sample("a", 1)), serve(t, address, sample("b", 2))
	_, _, body := get(t, a.URL())
	require.Contains(t, body, `output="a",outcome="sent"} 1`)
	require.Contains(t, body, `output="b",outcome="sent"} 2`)

	a.Close()
	_, _, body = get(t, b.URL())
	require.NotContains(t, body, `output="a"`)
	require.Contains(t, body, `output="b",outcome="sent"} 2`)

	b.Close()
	_, err := net.DialTimeout("tcp", address, time.Second)
	require.Error(t, err, "nobody is left to listen")
	a.Close() // twice does no harm

	again := serve(t, address, sample("c", 3))
	_, _, body = get(t, again.URL())
	require.Contains(t, body, `output="c",outcome="sent"} 3`)
}

func TestAnAddressThatIsTakenIsAnError(t *testing.T) {
	other, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close()
	_, err = metrics.Serve(other.Addr().String(), sample("a", 1))
	require.ErrorContains(t, err, other.Addr().String())
}

func TestOneAddressOfTheMachineIsNotAll(t *testing.T) {
	for address, others := range map[string][]string{
		"127.0.0.1:0": {"[::1]", "127.0.0.2"},
		"0.0.0.0:0":   {"[::1]"},
	} {
		p := serve(t, address, sample("a", 1))
		_, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(p.URL(), "http://"), metrics.Path))
		require.NoError(t, err)
		for _, other := range others {
			connection, err := net.DialTimeout("tcp", other+":"+port, time.Second)
			if err == nil {
				connection.Close()
			}
			require.Error(t, err, "%s listens at %s", address, other)
		}
	}
}

func TestCloseEndsWithReadersThere(t *testing.T) {
	p := serve(t, "127.0.0.1:0", sample("a", 1))
	silent, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(p.URL(), "http://"), metrics.Path))
	require.NoError(t, err)
	defer silent.Close()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 50 {
				answer, err := http.Get(p.URL())
				if err != nil {
					return // closed meanwhile
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	p.Close()
	readers.Wait()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestAnAddressIsAHostAndAPort(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:2021":      "127.0.0.1:2021",
		"127.0.0.1:02021":     "127.0.0.1:2021",
		"0.0.0.0:2021":        "0.0.0.0:2021",
		"[::1]:2021":          "[::1]:2021",
		"[0:0:0:0:0:0:0:1]:9": "[::1]:9",
		"LocalHost:2021":      "localhost:2021",
		"127.0.0.1:0":         "127.0.0.1:0",
	} {
		got, err := metrics.ParseAddress(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for _, text := range []string{
		"", "2021", ":2021", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1",
		"::1:2021", "http://127.0.0.1:2021", "127.0.0.1:2021/metrics", "a b:1", "user@host:1",
	} {
		_, err := metrics.ParseAddress(text)
		require.ErrorContains(t, err, "must be an address and a port, such as 127.0.0.1:2021", text)
	}
}

func FuzzParseAddressGivesWhatItTakes(f *testing.F) {
	for _, seed := range []string{"127.0.0.1:2021", "[::1]:1", "localhost:0", ":1", "[fe80::1%lo]:80", "[::ffff:1.2.3.4]:5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := metrics.ParseAddress(text)
		if err != nil {
			return
		}
		again, err := metrics.ParseAddress(address)
		require.NoError(t, err)
		require.Equal(t, address, again)
	})
}
