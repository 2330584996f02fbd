package test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A front is what stands between the plugin and a service: it hands requests
// on, but for what is done to them in between.
type front struct {
	*httptest.Server
	service http.Handler

	mu       sync.Mutex // guards the following
	left     int        // requests that are still to be meddled with; below 0, all are
	meddling http.HandlerFunc
	requests int
}

// newFront is a front of the service at this address that is yet to be started.
func newFront(t *testing.T, address string) *front {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	f := &front{service: httputil.NewSingleHostReverseProxy(target)}
	f.Server = httptest.NewUnstartedServer(f)
	f.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that tests break off on purpose
	t.Cleanup(f.Close)
	return f
}

// runFront is a front of the service at this address.
func runFront(t *testing.T, address string) *front {
	t.Helper()
	f := newFront(t, address)
	f.Start()
	return f
}

// meddle has n requests answered in another way; all of them if n is negative.
func (f *front) meddle(n int, how http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.meddling = n, how
}

// mend has all requests handed on.
func (f *front) mend() { f.meddle(0, nil) }

// ServeHTTP is [http.Handler.ServeHTTP].
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests++
	handle := f.service.ServeHTTP
	if f.left != 0 {
		f.left--
		handle = f.meddling
	}
	f.mu.Unlock()
	handle(w, r)
}

// count is how many requests have come here.
func (f *front) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// hang is meddling that leaves a request without an answer.
func hang(_ http.ResponseWriter, r *http.Request) { hangUntilGone(r) }
