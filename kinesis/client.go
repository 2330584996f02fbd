//lint:file-ignore SA1019 the project stays on version 1 of the SDK, in this file alone

package kinesis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	sdk "github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"

	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

const (
	serviceName  = "kinesis"
	targetPrefix = "Kinesis_20131202." // the service's API version
)

// A poster exchanges one PutRecords request of n records for its answer. The
// error is a *requestError where the service did not take the request.
type poster interface {
	post(ctx context.Context, body []byte, n int, into *wire.Answer) error
}

// A client is one stream's way to the service. From the AWS SDK it has the
// credentials and their chain, the endpoint, the signature and the rules of
// which errors pass; the exchange itself is plain HTTP, so that a body is
// hashed once and sent as it was built. It is safe for concurrent use.
type client struct {
	http      *http.Client
	keys      keys
	clock     clock // of the service
	endpoint  *url.URL
	region    string // to sign for
	service   string // to sign for
	userAgent string
	format    wire.Format // of PutRecords
}

func newClient(config *Config) (*client, error) {
	transport := newTransport(config.RequestsInFlight)
	c := &client{
		http:      newHTTPClient(transport, config.HTTPRequestTimeout),
		userAgent: plugins.UserAgent() + " " + sdkUserAgent,
		format:    wire.FormatOf(config.WireFormat),
	}
	sess, err := c.session(config, transport)
	if err != nil {
		return nil, fmt.Errorf("AWS session: %s", oneLine(err))
	}
	c.keys.source = c.assumeRoles(sess, config.PodRoleARN, config.RoleARN)

	override := aws.NewConfig()
	if config.Endpoint != "" {
		override.WithEndpoint(config.Endpoint)
	}
	resolved := sess.ClientConfig(serviceName, override)
	c.region, c.service = resolved.SigningRegion, resolved.SigningName
	if c.service == "" {
		c.service = serviceName
	}
	c.endpoint, err = url.Parse(resolved.Endpoint)
	if err != nil || c.endpoint.Host == "" {
		return nil, fmt.Errorf("no endpoint is known for region %q; set endpoint", config.Region)
	}
	if c.endpoint.Path == "" {
		c.endpoint.Path = "/"
	}
	return c, nil
}

// sdkUserAgent is how the SDK names itself in requests.
var sdkUserAgent = fmt.Sprintf("%s/%s (%s; %s; %s)", aws.SDKName, aws.SDKVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)

// session finds the first credentials of the chain, by the SDK's own rules.
func (c *client) session(config *Config, transport *http.Transport) (*session.Session, error) {
	timeout := mostCredentialsCall
	if t := config.HTTPRequestTimeout; t > 0 {
		timeout = min(timeout, t)
	}
	base := aws.NewConfig().
		WithRegion(config.Region).
		WithHTTPClient(newHTTPClient(transport, timeout)).
		WithCredentialsChainVerboseErrors(true).
		WithLogger(aws.LoggerFunc(func(...any) {})) // what matters comes back as an error
	if config.STSEndpoint != "" {
		base.WithEndpointResolver(stsResolver(config.STSEndpoint))
	}
	return session.NewSessionWithOptions(session.Options{
		Config:   *base,
		Handlers: c.handlers(transport),
		CredentialsProviderOptions: &session.CredentialsProviderOptions{
			WebIdentityRoleProviderOptions: func(p *stscreds.WebIdentityRoleProvider) {
				p.ExpiryWindow, p.CurrentTime = sessionWindow, c.clock.now
			},
		},
	})
}

const (
	// mostCredentialsCall bounds a call that brings credentials, however long
	// other requests may take.
	mostCredentialsCall = 10 * time.Second
	// sessionWindow is how long before its end the session of a role is renewed,
	// so that no request is under way with it then.
	sessionWindow = time.Minute
)

// localCalls bounds the calls of services on this machine, which answer at once
// or not at all.
var localCalls = map[string]time.Duration{
	ec2metadata.ServiceName: time.Second,
	"CredentialsEndpoint":   2 * time.Second, // the agent of a container; see the SDK's endpointcreds
}

// handlers are those of the SDK's requests, all of which bring credentials. They
// are signed by the service's clock. Those to services of this machine go past
// the proxy, whose own instance has credentials too.
func (c *client) handlers(transport *http.Transport) request.Handlers {
	local := sync.OnceValue(func() *http.Transport { // once the SDK has added its certificates
		direct := transport.Clone()
		direct.Proxy = nil
		return direct
	})
	handlers := defaults.Handlers()
	handlers.Send.RemoveByName(corehandlers.ValidateReqSigHandler.Name) // it goes by our own clock
	handlers.Build.PushBack(func(r *request.Request) {
		r.Handlers.Sign.SwapNamed(request.NamedHandler{Name: v4.SignRequestHandler.Name, Fn: c.signSDKRequest})
		if timeout, isLocal := localCalls[r.ClientInfo.ServiceName]; isLocal {
			r.Config.HTTPClient = newHTTPClient(local(), timeout)
			r.Retryer = sdk.DefaultRetryer{NumMaxRetries: 1}
		}
	})
	handlers.Retry.PushBack(func(r *request.Request) {
		var e awserr.Error
		if errors.As(r.Error, &e) && stale(e.Code(), e.Message()) && c.clock.correct(r.HTTPResponse.Header.Get("Date"), r.LastSignedAt) {
			r.Retryable = aws.Bool(true)
		}
	})
	return handlers
}

// signSDKRequest signs a request of the SDK. To get the credentials of the role
// before may set the clock, so that comes first.
func (c *client) signSDKRequest(r *request.Request) {
	if r.Config.Credentials == credentials.AnonymousCredentials {
		return
	}
	if _, err := r.Config.Credentials.GetWithContext(r.Context()); err != nil {
		r.Error = err
		return
	}
	v4.SignSDKRequestWithCurrentTime(r, c.clock.now)
}

// stsResolver sends the token service's requests to another address.
func stsResolver(address string) endpoints.Resolver {
	usual := endpoints.DefaultResolver()
	return endpoints.ResolverFunc(func(service, region string, options ...func(*endpoints.Options)) (endpoints.ResolvedEndpoint, error) {
		if service != endpoints.StsServiceID {
			return usual.EndpointFor(service, region, options...)
		}
		return endpoints.ResolvedEndpoint{URL: endpoints.AddScheme(address, false), SigningRegion: region}, nil
	})
}

// assumeRoles chains roles: each is assumed with the credentials of the one
// before it, the first with those of the session. Empty ones are left out.
func (c *client) assumeRoles(sess *session.Session, arns ...string) *credentials.Credentials {
	for _, arn := range arns {
		if arn != "" {
			sess = sess.Copy(aws.NewConfig().WithCredentials(stscreds.NewCredentials(sess, arn, func(p *stscreds.AssumeRoleProvider) {
				p.ExpiryWindow, p.CurrentTime = sessionWindow, c.clock.now
			})))
		}
	}
	return sess.Config.Credentials
}

// keys are what requests are signed with. New ones are due minutes before the
// old ones end: where they cannot be had yet, the old ones go on, until the
// service takes them no longer.
type keys struct {
	source *credentials.Credentials

	mu   sync.Mutex        // guards the following
	last credentials.Value // empty where there are none, or none that are of use
	rest time.Time         // until then no new ones are asked for
}

const (
	firstKeysWait = time.Minute      // for the first ones
	freshKeysWait = 2 * time.Second  // for new ones, while there are old ones
	keysRest      = 10 * time.Second // after new ones could not be had
)

// get is the keys to sign with now.
func (k *keys) get(ctx context.Context) (credentials.Value, error) {
	k.mu.Lock()
	last, resting := k.last, time.Now().Before(k.rest)
	k.mu.Unlock()
	wait := firstKeysWait
	if last.HasKeys() {
		if resting {
			return last, nil
		}
		wait = freshKeysWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	fresh, err := k.source.GetWithContext(ctx)
	if err != nil && !last.HasKeys() {
		return fresh, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.rest = time.Now().Add(keysRest)
		return last, nil
	}
	k.last = fresh
	return fresh, nil
}

// refuse has new ones asked for, if these are still in use: of several requests
// that the service refuses at once, one does.
func (k *keys) refuse(used credentials.Value) {
	k.mu.Lock()
	inUse := k.last == used
	if inUse {
		k.last, k.rest = credentials.Value{}, time.Time{}
	}
	k.mu.Unlock()
	if inUse {
		k.source.Expire()
	}
}

// oneLine is the text of an error of the SDK, which takes several lines.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\t' }), "; ")
}

func (c *client) post(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	var err error
	into.Body, err = c.call(ctx, "PutRecords", c.format, body, into.Body)
	if err != nil {
		return err
	}
	if err := into.Read(c.format, n); err != nil {
		return &requestError{fault: unanswered, message: err.Error()}
	}
	return nil
}

// call posts one request and appends the answer to buf[:0].
func (c *client) call(ctx context.Context, operation string, f wire.Format, body, buf []byte) ([]byte, error) {
	by, err := c.keys.get(ctx)
	if err != nil && ctx.Err() != nil {
		return buf, &requestError{fault: unsent, message: ctx.Err().Error()}
	}
	if err != nil {
		return buf, &requestError{fault: denied, code: "NoCredentials", message: oneLine(err)}
	}
	if t := c.http.Timeout; t > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, t, fmt.Errorf("no answer within %s (http_request_timeout) from %s", t, c.endpoint))
		defer cancel()
	}
	signed := c.clock.now()
	sent := &requestBody{bytes: body}
	req, err := c.request(ctx, operation, f.ContentType(), sent, by, signed)
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
	e := refusal(answer, f, buf)
	e.fault = c.faultOf(e, answer, by, signed)
	return buf, e
}

// request makes a request that these keys have signed at this time. The hash of
// the body is given to the signer ready-made, as a header that is signed and
// sent: it is then computed in one go over the body instead of through a copy.
func (c *client) request(ctx context.Context, operation, contentType string, body *requestBody, by credentials.Value, now time.Time) (*http.Request, error) {
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
	signer := v4.NewSigner(credentials.NewStaticCredentialsFromCreds(by))
	signer.DisableRequestBodyOverwrite = true
	if _, err := signer.Sign(req, nil, c.service, c.region, now); err != nil {
		return nil, &requestError{fault: unsent, message: err.Error()}
	}
	var err error
	req.Body, err = body.reader()
	return req, err
}

// faultOf sorts the refusal of a request that these keys have signed at this
// time. What it has to say of either is taken to heart.
func (c *client) faultOf(e *requestError, answer *http.Response, by credentials.Value, signed time.Time) fault {
	failure := awserr.NewRequestFailure(awserr.New(e.code, e.message, nil), e.status, "")
	switch {
	case request.IsErrorThrottle(failure), e.status == http.StatusTooManyRequests, e.code == "KMSThrottlingException":
		return throttled
	case stale(e.code, e.message):
		if c.clock.correct(answer.Header.Get("Date"), signed) {
			return expired
		}
	case request.IsErrorExpiredCreds(failure):
		c.keys.refuse(by)
		return expired
	case e.status >= 500, request.IsErrorRetryable(failure):
		return failing
	case e.code == "UnrecognizedClientException": // those of a role that was made anew
		c.keys.refuse(by)
	case e.invalid():
		return invalid
	}
	return denied
}
