package kinesistest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// endpoint is one HTTP server on one address.
type endpoint struct {
	url      string
	address  string
	fresh    func() *http.Server // one that serves what is to be served here
	accepted func()              // is told of each connection

	mu      sync.Mutex     // guards the following
	server  *http.Server   // nil while there is none
	serving sync.WaitGroup // the goroutine that accepts connections
}

// listen opens both endpoints.
func (s *Server) listen() (err error) {
	var config *tls.Config
	if !s.options.PlainHTTP {
		if s.dir, config, err = newAuthority(s.options); err != nil {
			return err
		}
	}
	if s.api, err = s.open(s.options.Address, config, s.serve); err != nil {
		return err
	}
	s.sts, err = s.open(s.options.STSAddress, config, s.serveSTS)
	return err
}

// open starts one endpoint.
func (s *Server) open(address string, config *tls.Config, handle http.HandlerFunc) (*endpoint, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("kinesistest: %w", err)
	}
	e := &endpoint{address: l.Addr().String(), accepted: func() {}}
	e.fresh = func() *http.Server { return s.httpServer(config, handle) }
	e.url = "http://" + e.address
	if config != nil {
		e.url = "https://" + e.address
	}
	if s.api == nil { // the stream's own endpoint is opened first
		e.accepted = s.meter.connected
	}
	e.start(l)
	return e, nil
}

// httpServer is a server of this handler, over TLS if there is a config.
func (s *Server) httpServer(config *tls.Config, handle http.HandlerFunc) *http.Server {
	h := &http.Server{
		Handler:           handle,
		TLSConfig:         config.Clone(),
		ErrorLog:          s.options.Log,
		ReadHeaderTimeout: time.Minute,
		Protocols:         new(http.Protocols),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
	}
	if h.ErrorLog == nil {
		h.ErrorLog = log.New(withoutHandshakes{}, "kinesistest: ", 0)
	}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetHTTP2(s.options.HTTP2)
	return h
}

// start serves what the listener accepts.
func (e *endpoint) start(l net.Listener) {
	e.mu.Lock()
	defer e.mu.Unlock()
	server := e.fresh()
	e.server = server
	serve := server.Serve
	if server.TLSConfig != nil {
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	e.serving.Go(func() {
		if err := serve(&listener{Listener: l, accepted: e.accepted}); !errors.Is(err, http.ErrServerClosed) {
			server.ErrorLog.Print(err)
		}
	})
}

// reopen serves again after close, on the same address.
func (e *endpoint) reopen() error {
	l, err := net.Listen("tcp", e.address)
	if err != nil {
		return fmt.Errorf("kinesistest: %w", err)
	}
	e.start(l)
	return nil
}

// withoutHandshakes writes to standard error what a server has to say, such as
// a panic, which would otherwise look like a connection that was cut. It leaves
// out the handshakes that clients broke off, which tests do on purpose.
type withoutHandshakes struct{}

// Write is [io.Writer.Write].
func (withoutHandshakes) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("TLS handshake error")) {
		return len(b), nil
	}
	return os.Stderr.Write(b)
}

// close ends the endpoint's connections, if it has any. The endpoint may be nil.
func (e *endpoint) close() error {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil
	}
	err := e.server.Close()
	e.serving.Wait()
	e.server = nil
	return err
}

// readAhead is how much is read of a connection at once. Requests are hundreds
// of kilobytes, which TLS would otherwise read by its records of 16.
const readAhead = 128 << 10

// listener accepts connections that are read in large pieces.
type listener struct {
	net.Listener
	accepted func()
}

// Accept is [net.Listener.Accept].
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.accepted()
	return &connection{Conn: c, buffered: bufio.NewReaderSize(c, readAhead)}, nil
}

// connection is one client's.
type connection struct {
	net.Conn
	buffered *bufio.Reader
}

// Read is [net.Conn.Read].
func (c *connection) Read(b []byte) (int, error) { return c.buffered.Read(b) }

// connectionKey is where a request's context has its net.Conn.
type connectionKey struct{}

// cutConnection ends a request's connection (over HTTP/2, its stream) without
// an answer. It does not return: net/http knows this panic as the way to do so.
func cutConnection(r *http.Request, reset bool) {
	c, _ := r.Context().Value(connectionKey{}).(net.Conn)
	if t, isTLS := c.(*tls.Conn); isTLS {
		c = t.NetConn()
	}
	if own, ok := c.(*connection); ok && reset {
		if tcp, ok := own.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // where it fails, the connection is closed in order
		}
	}
	panic(http.ErrAbortHandler)
}

// caPath is the CA's certificate in the server's folder.
func caPath(dir string) string { return dir + string(os.PathSeparator) + "ca.pem" }
