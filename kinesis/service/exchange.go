package service

import (
	"context"
	"fmt"
	"net/http"

	"fluent-bit-kinesis/kinesis/wire"
)

// call posts one request and appends the answer to buf[:0].
func (c *Client) call(ctx context.Context, operation string, f wire.Format, body, buf []byte) ([]byte, error) {
	by, err := c.signature(ctx)
	if err != nil {
		return buf, err
	}
	ctx, cancel := c.limited(ctx, len(body))
	defer cancel()
	sent := &requestBody{bytes: body}
	req, err := c.request(ctx, operation, f.ContentType(), sent, by)
	if err != nil {
		return buf, err
	}
	defer sent.wait()
	answer, err := c.http.Transport.RoundTrip(req)
	if err != nil {
		return buf, lost(ctx, fmt.Errorf("POST %s: %w", c.endpoint, err))
	}
	defer answer.Body.Close()
	buf, err = readAll(answer.Body, buf[:0], answer.ContentLength)
	if err != nil {
		return buf, lost(ctx, err)
	}
	if answer.StatusCode == http.StatusOK {
		return buf, nil
	}
	e := readError(answer, f, buf, by.at)
	c.react(ctx, e, answer.Header.Get("Date"), by)
	return buf, e
}

// react has the next request signed otherwise, where the signature may be what
// this one was refused for.
func (c *Client) react(ctx context.Context, e *Error, date string, by signature) {
	switch {
	case e.Fault == Expired && stale(e.Code, e.Message):
		c.clock.correct(date, by.at)
	case e.Fault == Expired:
		c.keys.refuse(by.keys)
	case e.Fault == Denied && unknownKeys[e.Code]:
		c.keys.refuse(by.keys)
		if fresh, err := c.keys.get(ctx); err == nil && fresh != by.keys {
			e.Fault = Expired
		}
	}
}
