package service

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// newTransport gives each request in flight a connection to keep, and takes a
// body in few large writes.
func newTransport(inFlight int) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 0
	transport.MaxIdleConnsPerHost = inFlight + 1
	transport.WriteBufferSize = 64 << 10
	transport.ReadBufferSize = 32 << 10
	transport.ForceAttemptHTTP2 = false
	transport.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.OnProxyConnectResponse = proxyRefusal
	transport.TLSClientConfig = &tls.Config{
		MinVersion:                  tls.VersionTLS12,
		ClientSessionCache:          tls.NewLRUClientSessionCache(0),
		DynamicRecordSizingDisabled: true,
	}
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	return transport
}

// proxyRefusal is what a proxy answered in place of a connection.
func proxyRefusal(_ context.Context, proxy *url.URL, connect *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("the proxy %s opens no connection to %s: %s", proxy.Host, connect.Host, answer.Status)
}

// newHTTPClient is a client for signed requests.
func newHTTPClient(transport *http.Transport, timeout time.Duration) *http.Client {
	return &http.Client{
		Transport: transport,
		Timeout:   timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a signature holds for one address
		},
	}
}

// mostAnswer is far beyond any answer of the service, in bytes.
const mostAnswer = 16 << 20

// readAll appends all of r to buf, which it makes large enough at once where
// the length is announced.
func readAll(r io.Reader, buf []byte, length int64) ([]byte, error) {
	if length >= 0 && length < mostAnswer && int64(cap(buf)) < length+bytes.MinRead {
		buf = make([]byte, 0, length+bytes.MinRead)
	}
	w := bytes.NewBuffer(buf)
	n, err := w.ReadFrom(io.LimitReader(r, mostAnswer+1))
	if err == nil && n > mostAnswer {
		return buf, fmt.Errorf("answer of the service is longer than %d bytes", mostAnswer)
	}
	return w.Bytes(), err
}

// lost is the error of a request that had no answer, or half of one.
func lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return transportError(err)
}

// transportError sorts a request that had no answer, or half of one.
func transportError(err error) error {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return &Error{Fault: Denied, Code: "BadCertificate", Message: err.Error()}
	}
	return &Error{Fault: Unanswered, Message: err.Error()}
}
