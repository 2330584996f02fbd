package kinesistest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// Tunnel answers a CONNECT request as a proxy does, and carries what comes on either
// side to the other until one of them ends. The tunnel leads to address, which is
// host:port, whatever was asked for.
func Tunnel(w http.ResponseWriter, address string) {
	there, err := net.Dial("tcp", address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
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
}
