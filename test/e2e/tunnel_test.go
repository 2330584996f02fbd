//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"fluent-bit-kinesis/internal/kinesistest"
)

// runTunnel starts a proxy, and returns its URL. Its tunnels all lead to one
// address, whichever they were asked for.
func runTunnel(t *testing.T, address string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "no tunnel", http.StatusBadGateway)
			return
		}
		kinesistest.Tunnel(w, address)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
