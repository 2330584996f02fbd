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
	url    string
	server *http.Server
	// serving waits for the goroutine that accepts connections.
	serving sync.WaitGroup
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
	e := &endpoint{server: &http.Server{
		Handler:           handle,
		TLSConfig:         config.Clone(),
		ErrorLog:          s.options.Log,
		ReadHeaderTimeout: time.Minute,
		Protocols:         new(http.Protocols),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
	}}
	if e.server.ErrorLog == nil {
		e.server.ErrorLog = log.New(withoutHandshakes{}, "kinesistest: ", 0)
	}
	e.server.Protocols.SetHTTP1(true)
	e.server.Protocols.SetHTTP2(s.options.HTTP2)
	e.url = "http://" + l.Addr().String()
	serve := e.server.Serve
	if config != nil {
		e.url = "https://" + l.Addr().String()
		serve = func(l net.Listener) error { return e.server.ServeTLS(l, "", "") }
	}
	counted := &listener{Listener: l, accepted: func() {}}
	if s.api == nil { // the stream's own endpoint is opened first
		counted.accepted = s.meter.connected
	}
	e.serving.Go(func() {
		if err := serve(counted); !errors.Is(err, http.ErrServerClosed) {
			e.server.ErrorLog.Print(err)
		}
	})
	return e, nil
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

// close ends the endpoint's connections. The endpoint may be nil.
func (e *endpoint) close() error {
	if e == nil {
		return nil
	}
	err := e.server.Close()
	e.serving.Wait()
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
