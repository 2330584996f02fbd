package test

import (
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A tunneler is an HTTP proxy that opens tunnels, as CONNECT asks for, to the
// hosts that it knows.
type tunneler struct {
	*httptest.Server
	hosts map[string]string // addresses by host:port

	mu       sync.Mutex // guards the following
	status   int        // with which it refuses; 0 if it does not
	password string     // that it wants, if any
	opened   map[string]int
}

func newTunneler(t *testing.T, hosts map[string]string) *tunneler {
	p := &tunneler{hosts: hosts, opened: map[string]int{}}
	p.Server = httptest.NewUnstartedServer(p)
	t.Cleanup(p.Close)
	return p
}

func runTunneler(t *testing.T, hosts map[string]string) *tunneler {
	p := newTunneler(t, hosts)
	p.Start()
	return p
}

func (p *tunneler) refuse(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status = status
}

// tunnels is how many were asked for, by host:port.
func (p *tunneler) tunnels(host string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.opened[host]
}

// asked notes a tunnel, and returns the status to refuse it with.
func (p *tunneler) asked(r *http.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened[r.Host]++
	wanted := "Basic " + base64.StdEncoding.EncodeToString([]byte("fluent:"+p.password))
	switch {
	case p.status != 0:
		return p.status
	case r.Method != http.MethodConnect:
		return http.StatusMethodNotAllowed
	case p.password != "" && r.Header.Get("Proxy-Authorization") != wanted:
		return http.StatusProxyAuthRequired
	case p.hosts[r.Host] == "":
		return http.StatusBadGateway
	}
	return 0
}

// ServeHTTP is [http.Handler.ServeHTTP].
func (p *tunneler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status := p.asked(r); status != 0 {
		http.Error(w, "<html>no tunnel</html>", status)
		return
	}
	kinesistest.Tunnel(w, p.hosts[r.Host])
}

// addressOf is host:port of a URL.
func addressOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Host
}

// The names under which the services are known to the proxy alone.
const (
	streamHost = "kinesis.example"
	rolesHost  = "sts.example"
)

// behindProxy are a stream and a token service that only the proxy can find.
func behindProxy(t *testing.T) (s *kinesistest.Server, hosts map[string]string, section options) {
	t.Helper()
	s = runStream(t, kinesistest.Options{Hosts: []string{streamHost, rolesHost}})
	hosts = map[string]string{streamHost + ":443": addressOf(t, s.URL()), rolesHost + ":443": addressOf(t, s.STSURL())}
	return s, hosts, options{"endpoint": "https://" + streamHost, "sts_endpoint": rolesHost, "role_arn": role}
}

func TestTheStreamAndTheRolesAreReachedThroughAProxy(t *testing.T) {
	t.Parallel()
	s, hosts, section := behindProxy(t)
	p := runTunneler(t, hosts)
	config := flowHost
	config.Env = []string{"HTTPS_PROXY=" + p.URL}
	f := newFlow(t, s, runHost(t, s, config, section))
	f.round()
	f.round()
	require.NotZero(t, p.tunnels(streamHost+":443"))
	require.Equal(t, 1, p.tunnels(rolesHost+":443"))
	f.requireQuiet()
}

func TestAProxyIsReachedOverTLSWithAPassword(t *testing.T) {
	t.Parallel()
	s, hosts, section := behindProxy(t)
	ca := newAuthority(t)
	p := newTunneler(t, hosts)
	p.password = "secret-of-the-proxy"
	p.TLS = &tls.Config{Certificates: []tls.Certificate{*ca.certify("127.0.0.1", time.Now().Add(-time.Hour))}}
	p.StartTLS()
	streams, err := os.ReadFile(s.CAFile())
	require.NoError(t, err)
	bundle := filepath.Join(t.TempDir(), "bundle.pem")
	write(t, bundle, append(streams, ca.pem...))
	config := flowHost
	config.Env = []string{"AWS_CA_BUNDLE=" + bundle, "HTTPS_PROXY=https://fluent:" + p.password + "@" + addressOf(t, p.URL)}
	h := runHost(t, s, config, section)
	f := newFlow(t, s, h)
	f.round()
	require.NotZero(t, p.tunnels(streamHost+":443"))
	f.requireQuiet()
	requireSecret(t, h, p.password)
}

// TestNoProxyIsPassedBy has addresses that mean this machine, but are not among
// those for which Go passes a proxy by in any case.
func TestNoProxyIsPassedBy(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{Address: "0.0.0.0:0", STSAddress: "0.0.0.0:0"})
	local := func(address string) string {
		_, port, err := net.SplitHostPort(addressOf(t, address))
		require.NoError(t, err)
		return "https://0.0.0.0:" + port
	}
	section := options{"endpoint": local(s.URL()), "sts_endpoint": local(s.STSURL()), "role_arn": role}
	p := runTunneler(t, nil)
	p.refuse(http.StatusForbidden)
	for _, x := range []struct {
		name, noProxy string
		tunnels       bool
	}{
		{"the host", "example.com,0.0.0.0", false},
		{"its network", "0.0.0.0/8", false},
		{"all hosts", "*", false},
		{"another host", "example.com", true},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.Reset()
			h := runHost(t, s, flbhost.Config{Env: []string{"HTTPS_PROXY=" + p.URL, "NO_PROXY=" + x.noProxy}}, section)
			result, err := h.Flush(0, "tag", goodThen().Bytes())
			require.NoError(t, err)
			if x.tunnels {
				require.Equal(t, flbhost.Retry, result.Code)
				return
			}
			require.Equal(t, flbhost.OK, result.Code)
			require.Len(t, s.Records(streamName), len(goodData))
			require.Zero(t, p.tunnels(addressOf(t, section["endpoint"]))+p.tunnels(addressOf(t, section["sts_endpoint"])))
		})
	}
}

func TestAProxyThatRefusesIsSaidUntilItDoesNot(t *testing.T) {
	for _, x := range []struct {
		name   string
		status int
		said   string
	}{
		{"the host is not allowed", http.StatusForbidden, "403 Forbidden"},
		{"the password is wrong", http.StatusProxyAuthRequired, "407 Proxy Authentication Required"},
		{"the proxy finds nobody", http.StatusBadGateway, "502 Bad Gateway"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s, hosts, section := behindProxy(t)
			delete(section, "role_arn")
			p := runTunneler(t, hosts)
			p.refuse(x.status)
			config := retried
			config.Env = []string{"HTTPS_PROXY=http://fluent:secret-of-the-proxy@" + addressOf(t, p.URL)}
			h := runHost(t, s, config, section)
			requireMends(t, s, h, func() { p.refuse(0) },
				"failed (unanswered)", "the proxy "+addressOf(t, p.URL), "opens no connection to "+streamHost+":443", x.said)
			requireSecret(t, h, "secret-of-the-proxy", base64.StdEncoding.EncodeToString([]byte("fluent:secret-of-the-proxy")))
		})
	}
}

func TestAProxyThatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	s, hosts, section := behindProxy(t)
	delete(section, "role_arn")
	p := runTunneler(t, hosts)
	p.Close()
	config := flbhost.Config{Env: []string{"HTTPS_PROXY=http://fluent:secret-of-the-proxy@" + addressOf(t, p.URL)}}
	h := runHost(t, s, config, section)
	result, err := h.Flush(0, "tag", goodThen().Bytes())
	require.NoError(t, err)
	require.Equal(t, flbhost.Retry, result.Code)
	requireLine(t, logOf(h), "warning", "failed (unanswered)", "proxyconnect tcp", addressOf(t, p.URL), "connection refused")
	requireSecret(t, h, "secret-of-the-proxy")
}

// TestInstanceCredentialsAreFetchedPastTheProxy keeps those of the proxy's own
// instance away.
func TestInstanceCredentialsAreFetchedPastTheProxy(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	m := runMetadataService(t, s, time.Hour)
	_, port, err := net.SplitHostPort(addressOf(t, m.url))
	require.NoError(t, err)
	m.url = "http://0.0.0.0:" + port // an address for which Go asks the proxy
	p := runTunneler(t, nil)
	p.refuse(http.StatusForbidden)
	config := flowHost
	config.Env = []string{"HTTP_PROXY=" + p.URL, "HTTPS_PROXY=" + p.URL}
	f := newFlow(t, s, instanceHost(t, m, config))
	f.round()
	f.requireQuiet()
}
