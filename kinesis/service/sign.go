//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"
)

// targetPrefix goes before the name of an operation. It has the version of the
// service's API.
const targetPrefix = "Kinesis_20131202."

// A signature is what a request is signed with, and when by the service's clock.
type signature struct {
	keys credentials.Value
	at   time.Time
}

// signature is that of a request to be made now.
func (c *Client) signature(ctx context.Context) (signature, error) {
	keys, err := c.keys.get(ctx)
	switch {
	case err == nil:
		return signature{keys: keys, at: c.clock.now()}, nil
	case ctx.Err() != nil:
		return signature{}, &Error{Fault: Unsent, Message: ctx.Err().Error()}
	}
	message := oneLine(err)
	if hint := advice(err); hint != "" {
		message += "; " + hint
	}
	return signature{}, &Error{Fault: Denied, Code: "NoCredentials", Message: message}
}

// request makes a signed request. The hash of the body is given to the signer
// ready-made, as a header that is signed and sent: it is then computed in one go
// over the body instead of through a copy.
func (c *Client) request(ctx context.Context, operation, contentType string, body *requestBody, by signature) (*http.Request, error) {
	sum := sha256.Sum256(body.bytes)
	address := *c.endpoint // a copy, for the signer writes to it
	req := (&http.Request{
		Method: http.MethodPost, URL: &address, Host: address.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type":         {contentType},
			"User-Agent":           {c.userAgent},
			"X-Amz-Content-Sha256": {hex.EncodeToString(sum[:])},
			"X-Amz-Target":         {targetPrefix + operation},
		},
		GetBody:       body.reader,
		ContentLength: int64(len(body.bytes)),
	}).WithContext(ctx)
	signer := v4.NewSigner(credentials.NewStaticCredentialsFromCreds(by.keys))
	signer.DisableRequestBodyOverwrite = true
	if _, err := signer.Sign(req, nil, c.service, c.region, by.at); err != nil {
		return nil, &Error{Fault: Unsent, Message: err.Error()}
	}
	var err error
	req.Body, err = body.reader()
	return req, err
}

// signSDKRequest signs a request of the SDK. To get the credentials of the role
// before may set the clock, so that comes first.
func (c *Client) signSDKRequest(r *request.Request) {
	if r.Config.Credentials == credentials.AnonymousCredentials {
		return
	}
	if _, err := r.Config.Credentials.GetWithContext(r.Context()); err != nil {
		r.Error = err
		return
	}
	v4.SignSDKRequestWithCurrentTime(r, c.clock.now)
}
