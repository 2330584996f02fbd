//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"cmp"
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
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"

	"fluent-bit-kinesis/kinesis/wire"
)

// serviceName is the SDK's name of the service.
const serviceName = "kinesis"

// New makes a client. No call is made before the first request.
func New(o Options) (*Client, error) {
	transport := newTransport(o.RequestsInFlight)
	c := &Client{
		http:      newHTTPClient(transport, o.HTTPRequestTimeout),
		userAgent: pluginAgent(runtime.GOOS) + " " + sdkAgent,
		format:    o.Format,
	}
	if o.Format == wire.FormatOf(wire.CBOR) {
		c.onFallBack = o.FellBack
	}
	c.keys.files = newWatch()
	missing := checkProfile(o.Profile)
	state, sess, err := c.firstSession(&o, transport)
	if err != nil {
		return nil, fmt.Errorf("AWS session: %s", oneLine(err))
	}
	c.keys.source = c.assumeRoles(sess, &o)
	if missing = cmp.Or(missing, checkProfile(o.Profile)); missing != nil {
		c.keys.source = credentials.NewCredentials(credentials.ErrorProvider{Err: missing})
		o.warn("%v, so that nothing can be sent until there are", missing)
	}
	c.keys.open = func() (*credentials.Credentials, error) {
		missing := checkProfile(o.Profile)
		own := transport.Clone() // the SDK adds its certificates
		own.DisableKeepAlives = true
		sess, err := c.session(&o, own, state)
		if err = cmp.Or(missing, err, checkProfile(o.Profile)); err != nil {
			return nil, err
		}
		return c.assumeRoles(sess, &o), nil
	}
	if err := c.resolve(sess, &o); err != nil {
		return nil, err
	}
	o.warnOfRoles()
	o.warnOfAddress(sess.Config)
	return c, nil
}

// firstSession is with the shared config file, unless that is in the way: the SDK
// leaves it out by default, so there are some that nobody has noticed to be of no use.
// A profile that is asked for is never read by half.
func (c *Client) firstSession(o *Options, transport *http.Transport) (state session.SharedConfigState, sess *session.Session, err error) {
	sess, err = c.session(o, transport, session.SharedConfigEnable)
	if err == nil || o.Profile != "" {
		return session.SharedConfigEnable, sess, err
	}
	sess, secondErr := c.session(o, transport, session.SharedConfigStateFromEnv)
	if secondErr != nil {
		return 0, nil, err
	}
	o.warn("the shared AWS config file is left out, for it is of no use as it is: %s", oneLine(err))
	return session.SharedConfigStateFromEnv, sess, nil
}

// resolve finds the address to post to, and what to sign for there.
func (c *Client) resolve(sess *session.Session, o *Options) (err error) {
	override := aws.NewConfig()
	if o.Endpoint != "" {
		override.WithEndpoint(o.Endpoint)
	}
	resolved := sess.ClientConfig(serviceName, override)
	c.region, c.service = resolved.SigningRegion, resolved.SigningName
	if c.service == "" {
		c.service = serviceName
	}
	c.endpoint, err = url.Parse(resolved.Endpoint)
	if err != nil || c.endpoint.Host == "" {
		return fmt.Errorf("no endpoint is known for region %q; set endpoint", o.Region)
	}
	if c.endpoint.Path == "" {
		c.endpoint.Path = "/"
	}
	return nil
}

// sdkAgent is how the SDK names itself in requests.
var sdkAgent = fmt.Sprintf("%s/%s (%s; %s; %s)", aws.SDKName, aws.SDKVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)

// session finds the first credentials of the chain, by the SDK's own rules.
func (c *Client) session(o *Options, transport *http.Transport, state session.SharedConfigState) (*session.Session, error) {
	timeout := mostCredentialsCall
	if t := o.HTTPRequestTimeout; t > 0 {
		timeout = min(timeout, t)
	}
	base := aws.NewConfig().
		WithRegion(o.Region).
		WithHTTPClient(newHTTPClient(transport, timeout)).
		WithEndpointResolver(resolver(o.STSEndpoint)).
		WithSTSRegionalEndpoint(stsEndpoints(o.Profile)).
		WithCredentialsChainVerboseErrors(true).
		WithLogger(aws.LoggerFunc(func(...any) {})) // what matters comes back as an error
	return session.NewSessionWithOptions(session.Options{
		Config:            *base,
		Profile:           o.Profile,
		SharedConfigState: state,
		Handlers:          c.handlers(transport),
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
func (c *Client) handlers(transport *http.Transport) request.Handlers {
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

// oneLine is the text of an error of the SDK, which takes several lines.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\t' }), "; ")
}
