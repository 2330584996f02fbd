package service

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

// A stalledTransport takes this long to send a request, and this long until the
// head of the answer is there. The body has no end.
type stalledTransport struct{ sending, thinking time.Duration }

func (s stalledTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	ctx := r.Context()
	for _, step := range []time.Duration{s.sending, s.thinking} {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(step):
		}
		if step == s.sending {
			httptrace.ContextClientTrace(ctx).WroteRequest(httptrace.WroteRequestInfo{})
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(drip{ctx}), ContentLength: -1, Request: r}, nil
}

// drip is a body of a byte in ten seconds.
type drip struct{ ctx context.Context }

func (d drip) Read(p []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(10 * time.Second):
		p[0] = ' '
		return 1, nil
	}
}

func TestAnAnswerThatNeverComesIsGivenUpAMinuteAfterTheRequest(t *testing.T) {
	const never, size = 1000 * time.Hour, 5 << 20
	for name, test := range map[string]struct {
		transport stalledTransport
		want      time.Duration // until Post returns
	}{
		"no head":                               {stalledTransport{1, never}, time.Minute},
		"a body that has no end":                {stalledTransport{1, 2}, time.Minute},
		"a head that is late, and then nothing": {stalledTransport{1, 50 * time.Second}, time.Minute},
		"a request that was slow to send":       {stalledTransport{2 * time.Minute, never}, 3 * time.Minute},
		"a request that cannot be sent":         {stalledTransport{never, 1}, time.Minute + 80*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := clientOf(t, "http://localhost")
			synctest.Test(t, func(t *testing.T) {
				c.http = &http.Client{Transport: test.transport}
				began := time.Now()
				err := c.Post(t.Context(), make([]byte, size), 1, &wire.Answer{})
				require.Equal(t, test.want, time.Since(began).Round(time.Second))
				require.Equal(t, Unanswered.String(), Classify(err).String())
				require.EqualError(t, err, "the request is given up, for it has had no answer for 1m0s from http://localhost/")
			})
		})
	}
}

func TestALimitOfTheUsersIsKept(t *testing.T) {
	c := clientOf(t, "http://localhost")
	synctest.Test(t, func(t *testing.T) {
		c.http = &http.Client{Timeout: 2 * time.Hour}
		ctx, cancel := c.limited(t.Context(), 1)
		defer cancel()
		deadline, limited := ctx.Deadline()
		require.True(t, limited)
		require.Equal(t, 2*time.Hour, time.Until(deadline))
	})
}
