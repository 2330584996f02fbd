// Package service is the way to Kinesis: credentials and the roles that they
// lead to, endpoints, signatures, one HTTP exchange at a time, and what an error
// of the service means.
//
// A [Client] posts a request body that is ready and reads its [wire.Answer]. It
// tries nothing again. Each of its errors has a [Fault], which says what is to
// be done; [Classify] tells it of any error. To learn of the service's time, that
// credentials are no longer good, and that the files have changed that they come
// from, is the client's own affair: the next request is signed by what is known by
// then.
//
// From the AWS SDK come the credentials and their chain, the endpoints, the
// signature, and the names of errors that pass. The exchange itself is plain
// HTTP, so that a body is hashed once and sent as it was built.
package service

import (
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"fluent-bit-kinesis/kinesis/wire"
)

// Options are what a client is made of. Empty addresses are the usual ones, and
// roles that are empty are not assumed.
type Options struct {
	Region      string
	Endpoint    string // with a scheme, as the next one
	STSEndpoint string

	Profile string // of the shared files, whose credentials are used and no others; "" for the default chain

	PodRoleARN      string        // assumed first
	RoleARN         string        // assumed with the credentials of the first
	ExternalID      string        // said to assume RoleARN, "" for none
	RoleSessionName string        // of RoleARN, "" for a number
	RoleDuration    time.Duration // of a session of RoleARN, from 15 minutes to 12 hours; 0 is 15 minutes

	HTTPRequestTimeout time.Duration // of one call, 0 for none
	RequestsInFlight   int           // that connections are kept for
	Format             wire.Format   // of PutRecords

	// FellBack is told why, once, where the other side turns out not to read
	// CBOR, so that requests are JSON from then on. nil: they stay as they are.
	FellBack func(why string)

	Warn func(text string) // says at start what a person should know; may be nil
}

func (o *Options) warn(format string, args ...any) {
	if o.Warn != nil {
		o.Warn(fmt.Sprintf(format, args...))
	}
}

// A Client is the way to the streams of a region. It is safe for concurrent use.
type Client struct {
	http      *http.Client
	keys      signingKeys
	clock     clock // of the service
	endpoint  *url.URL
	region    string // to sign for
	service   string // to sign for
	userAgent string
	format    wire.Format // of PutRecords, until fellBack

	onFallBack func(why string) // nil where it does not
	fellBack   atomic.Bool      // requests are JSON, whatever bodies are
}

// Close ends the connections that are kept for the next request.
func (c *Client) Close() { c.http.CloseIdleConnections() }
