//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// runTunnel starts a proxy, and returns its URL. Its tunnels all lead to one
// address, whichever they were asked for.
func runTunnel(t *testing.T, address string) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", address)
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "no tunnel", http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		fmt.Fprint(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		var back sync.WaitGroup
		defer back.Wait()
		back.Go(func() {
			_, _ = io.Copy(here, there)
			here.Close()
		})
		_, _ = io.Copy(there, here)
		there.Close()
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
