package service

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"fluent-bit-kinesis/kinesis/wire"
)

// Post sends the body of a PutRecords request of n records and reads the answer.
// The body is the caller's again when Post has returned. The error is an
// [*Error] where the service did not take the request.
//
// A client that may fall back does so when an answer shows that the other side
// does not read CBOR: it has taken none of the records then, and they are sent once
// more, as JSON, as are all bodies from then on.
func (c *Client) Post(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	if c.fellBack.Load() {
		return c.postAsJSON(ctx, body, n, into)
	}
	err := c.post(ctx, c.format, body, n, into)
	var e *Error
	if c.onFallBack == nil || !errors.As(err, &e) || !e.unread {
		return err
	}
	c.fallBack(e.Error())
	return c.postAsJSON(ctx, body, n, into)
}

// post makes the exchange.
func (c *Client) post(ctx context.Context, f wire.Format, body []byte, n int, into *wire.Answer) error {
	var err error
	into.Body, err = c.call(ctx, "PutRecords", f, body, into.Body)
	if err != nil {
		return err
	}
	err = into.Read(f, n)
	if err == nil {
		return nil
	}
	// Whoever has taken CBOR and answers in JSON has taken the records all the same.
	if asJSON := wire.FormatOf(wire.JSON); f != asJSON && len(into.Body) > 0 && into.Body[0] == '{' && into.Read(asJSON, n) == nil {
		c.fallBack("the answer is JSON")
		return nil
	}
	return &Error{Fault: Unanswered, Message: err.Error()}
}

// fallBack has requests be JSON from here on, where that is allowed.
func (c *Client) fallBack(why string) {
	if c.onFallBack != nil && c.fellBack.CompareAndSwap(false, true) {
		c.onFallBack(why)
	}
}

// jsonBodies are the buffers that bodies are written anew in.
var jsonBodies = sync.Pool{New: func() any { return new([]byte) }}

// postAsJSON is post of a body of CBOR, as JSON.
func (c *Client) postAsJSON(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	buffer := jsonBodies.Get().(*[]byte)
	defer jsonBodies.Put(buffer)
	text, err := wire.AppendAsJSON((*buffer)[:0], body)
	*buffer = text
	if err != nil {
		return err
	}
	return c.post(ctx, wire.FormatOf(wire.JSON), text, n, into)
}

// readRefusal reads what an answer calls the error. own tells whether it is
// written in the format of the request, and so by somebody who knows that.
func readRefusal(answer *http.Response, f wire.Format, body []byte) (code, message string, own bool) {
	code, message = f.Refusal(body)
	own = code != "" || answer.Header.Get("Content-Type") == f.ContentType()
	if asJSON := wire.FormatOf(wire.JSON); !own && f != asJSON {
		code, message = asJSON.Refusal(body)
	}
	return code, message, own
}

// unread tells whether a refusal shows that the other side does not read the
// format that the request was written in: it does not know that kind of content,
// or it could make nothing of it and says so in another format. Whoever names
// anything else as the reason has read the request.
func unread(status int, code string, own bool) bool {
	if status == http.StatusUnsupportedMediaType {
		return true
	}
	if own {
		return false
	}
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusNotAcceptable, http.StatusUnprocessableEntity:
		f, known := lookUp(code)
		return code == "" || known && f == Invalid || strings.HasPrefix(code, "UnknownOperation")
	}
	return false
}
