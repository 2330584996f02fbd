package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

// Answers to requests of one record, and of two.
var (
	taken      = []byte(`{"FailedRecordCount":0,"Records":[{"SequenceNumber":"0","ShardId":"shardId-000000000000"}]}`)
	twoResults = []byte(`{"FailedRecordCount":1,"Records":[{"SequenceNumber":"0","ShardId":"shardId-000000000000"},{"ErrorCode":"E","ErrorMessage":"m"}]}`)
)

// clientOf is a client with credentials of its own, and nothing of the
// machine's.
func clientOf(t testing.TB, url string) *Client {
	t.Helper()
	return clientWith(t, Options{Endpoint: url})
}

func clientWith(t testing.TB, o Options) *Client {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID":           "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":       "secret",
		"AWS_SESSION_TOKEN":           "",
		"AWS_PROFILE":                 "",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_EC2_METADATA_DISABLED":   "true",
	} {
		t.(interface{ Setenv(key, value string) }).Setenv(name, value)
	}
	o.Region, o.RequestsInFlight = "us-west-2", 10
	if o.Format == nil {
		o.Format = wire.FormatOf(wire.JSON)
	}
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestClientSignsWhatItSends(t *testing.T) {
	var got *http.Request
	var sent []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		sent, _ = io.ReadAll(r.Body)
		_, _ = w.Write(taken)
	}))
	defer server.Close()
	body := []byte(`{"StreamName":"logs","Records":[{}]}`)
	require.NoError(t, clientOf(t, server.URL).Post(t.Context(), body, 1, &wire.Answer{}))

	require.Equal(t, http.MethodPost, got.Method)
	require.Equal(t, "/", got.URL.Path)
	require.Equal(t, body, sent)
	require.EqualValues(t, len(body), got.ContentLength)
	require.Equal(t, "application/x-amz-json-1.1", got.Header.Get("Content-Type"))
	require.Equal(t, "Kinesis_20131202.PutRecords", got.Header.Get("X-Amz-Target"))
	require.True(t, strings.HasPrefix(got.UserAgent(), "aws-fluent-bit-plugin"), got.UserAgent())
	sum := sha256.Sum256(body)
	require.Equal(t, hex.EncodeToString(sum[:]), got.Header.Get("X-Amz-Content-Sha256"))
	require.Regexp(t, "^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/[0-9]{8}/us-west-2/kinesis/aws4_request, SignedHeaders=[a-z0-9;-]*x-amz-target", got.Header.Get("Authorization"))
}

func TestClientWithoutAnAnswer(t *testing.T) {
	unused := httptest.NewServer(http.NotFoundHandler())
	unused.Close()
	hanging := make(chan struct{})
	behave := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hangs":
			_, _ = io.Copy(io.Discard, r.Body)
			<-hanging
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/half":
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"FailedRecordCount":0,`))
		case "/nonsense":
			_, _ = w.Write([]byte(`<html>`))
		case "/short":
			_, _ = w.Write(twoResults)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(behave))
	defer server.Close()
	defer close(hanging)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(behave))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that breaks off
	secure.StartTLS()
	defer secure.Close()

	for _, test := range []struct {
		name, url string
		want      Fault
		says      string
	}{
		{"nobody listens", unused.URL, Unanswered, "refused"},
		{"no host of that name", "http://host.invalid", Unanswered, "host.invalid"},
		{"the answer takes longer than http_request_timeout", server.URL + "/hangs", Unanswered, "no answer within"},
		{"the connection is cut before the answer", server.URL + "/cut", Unanswered, "EOF"},
		{"the connection is cut within the answer", server.URL + "/half", Unanswered, "unexpected EOF"},
		{"the answer is not the service's", server.URL + "/nonsense", Unanswered, "answer of the service cannot be read"},
		{"the answer is not to this request", server.URL + "/short", Unanswered, "2 results for 1 records"},
		{"the server's certificate is not trusted", secure.URL, Denied, "BadCertificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := clientOf(t, test.url)
			c.http.Timeout = 50 * time.Millisecond
			if test.want != Unanswered || !strings.HasSuffix(test.url, "/hangs") {
				c.http.Timeout = time.Minute
			}
			err := c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{})
			require.Equal(t, test.want.String(), Classify(err).String(), "%v", err)
			require.ErrorContains(t, err, test.says)
		})
	}
}

func TestClientTakesTheTimeoutOfItsOption(t *testing.T) {
	require.Equal(t, 7*time.Second, clientWith(t, Options{HTTPRequestTimeout: 7 * time.Second}).http.Timeout)
	require.Zero(t, clientOf(t, "http://localhost").http.Timeout)
}

func TestClientWithoutCredentialsIsDenied(t *testing.T) {
	c := clientOf(t, "http://localhost:1")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("HOME", t.TempDir())
	c, err := New(Options{Region: "us-west-2", Endpoint: c.endpoint.String(), Format: wire.FormatOf(wire.JSON)})
	require.NoError(t, err)
	err = c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{})
	require.Equal(t, Denied.String(), Classify(err).String())
	require.ErrorContains(t, err, "NoCredentials")
}

func TestClientEndsWithItsContext(t *testing.T) {
	arrived, done := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-done
	}))
	defer server.Close()
	defer close(done)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	c := clientOf(t, server.URL)
	err := c.Post(ctx, []byte("{}"), 1, &wire.Answer{})
	require.Equal(t, Unanswered.String(), Classify(err).String())
	require.Error(t, c.Post(ctx, []byte("{}"), 1, &wire.Answer{}))
}

func TestClientSetsItsClockByTheServices(t *testing.T) {
	for name, answer := range map[string]string{
		"that finds the signature expired": `{"__type":"InvalidSignatureException","message":"Signature expired: 20261123T000000Z is now earlier than ..."}`,
		"that finds it not yet current":    `{"__type":"InvalidSignatureException","message":"Signature not yet current: 20261123T000000Z is still later than ..."}`,
		"that finds the request expired":   `{"__type":"RequestExpired","message":"m"}`,
		"that finds the time skewed":       `{"__type":"RequestTimeTooSkewed","message":"m"}`,
	} {
		t.Run("by an answer "+name, func(t *testing.T) { setsItsClock(t, answer) })
	}
}

func setsItsClock(t *testing.T, answer string) {
	const theirs = 3 * time.Hour
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(theirs)
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err == nil && now.Sub(signed).Abs() < 5*time.Minute {
			_, _ = w.Write(taken)
			return
		}
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	c := clientOf(t, server.URL)
	err := c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{})
	require.Equal(t, Expired.String(), Classify(err).String(), "worth another attempt")
	require.NoError(t, c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}))
}

// A slowTransport answers at once, and reads the request's body later: as net/http
// does where the service answers before it has read all of the request, and
// where a timeout ends the wait while the body is still being written.
type slowTransport struct{ read chan []byte }

func (s slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	go func() {
		time.Sleep(50 * time.Millisecond)
		body, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		s.read <- body
	}()
	return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody, Request: r}, nil
}

// The batch that a body belongs to is used for other records as soon as post
// has returned.
func TestClientIsDoneWithTheBodyWhenItReturns(t *testing.T) {
	c := clientOf(t, "http://localhost")
	synctest.Test(t, func(t *testing.T) {
		transport := slowTransport{make(chan []byte, 1)}
		c.http = &http.Client{Transport: transport}
		body := []byte("these records")
		err := c.Post(t.Context(), body, 1, &wire.Answer{})
		require.Equal(t, Failing.String(), Classify(err).String())
		copy(body, "others")
		require.Equal(t, "these records", string(<-transport.read))
	})
}
