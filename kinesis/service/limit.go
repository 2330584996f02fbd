package service

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"time"
)

const (
	// longestSilence is how long an answer may take where the user has set no
	// limit: from the end of the request to the end of the answer.
	longestSilence = time.Minute
	// slowestSending is the least that a request is expected to be sent with, in
	// bytes a second. What takes longer, and longestSilence on top, hangs.
	slowestSending = 64 << 10
)

// limited is ctx with an end for one exchange with a body of this size. The cause
// of that end is the error to report.
func (c *Client) limited(ctx context.Context, size int) (context.Context, context.CancelFunc) {
	if t := c.http.Timeout; t > 0 {
		return context.WithTimeoutCause(ctx, t, fmt.Errorf("no answer within %s (http_request_timeout) from %s", t, c.endpoint))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	sending := time.Duration(size) * time.Second / slowestSending
	silence := time.AfterFunc(longestSilence+sending, func() {
		cancel(fmt.Errorf("the request is given up, for it has had no answer for %s from %s", longestSilence, c.endpoint))
	})
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { silence.Reset(longestSilence) },
	})
	return ctx, func() {
		silence.Stop()
		cancel(nil)
	}
}
