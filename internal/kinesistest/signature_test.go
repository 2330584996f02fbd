package kinesistest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/request"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/internal/needs"
)

// signAt makes the SDK sign as of another time.
func signAt(c *kinesis.Kinesis, now time.Time) {
	c.Handlers.Sign.Clear()
	c.Handlers.Sign.PushBack(func(r *request.Request) {
		v4.SignSDKRequestWithCurrentTime(r, func() time.Time { return now })
	})
}

func TestSignaturesOfTheSDKAreAccepted(t *testing.T) {
	withToken := kinesistest.Credentials{AccessKeyID: "ASIAX", SecretAccessKey: "s/+ecret", SessionToken: "tok=en/+"}
	for _, c := range []struct {
		name    string
		options kinesistest.Options
		with    kinesistest.Credentials
	}{
		{"over TLS", kinesistest.Options{}, kinesistest.DefaultCredentials},
		{"over plain HTTP", kinesistest.Options{PlainHTTP: true}, kinesistest.DefaultCredentials},
		{"over HTTP/2", kinesistest.Options{HTTP2: true}, kinesistest.DefaultCredentials},
		{"over IPv6", kinesistest.Options{Address: "[::1]:0"}, kinesistest.DefaultCredentials},
		{"with the right region", kinesistest.Options{Region: "eu-west-1"}, kinesistest.DefaultCredentials},
		{"with a session token", kinesistest.Options{Credentials: []kinesistest.Credentials{withToken}}, withToken},
		{"unchecked", kinesistest.Options{SkipSignatures: true}, kinesistest.Credentials{AccessKeyID: "x", SecretAccessKey: "y"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Streams = map[string]int{"logs": 2}
			s, err := kinesistest.New(c.options)
			if err != nil && strings.Contains(c.name, "IPv6") {
				needs.Missing(t, "needs the loopback address of IPv6: %v", err)
			}
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			_, err = put(kinesis.New(sdkSession(t, s, c.with)), "logs", entries(3)...)
			require.NoError(t, err)
			require.Len(t, s.Records("logs"), 3)
			if !c.options.SkipSignatures {
				require.Equal(t, c.with.AccessKeyID, s.LastSigner())
			}
		})
	}
}

func TestSignaturesThatAreRefused(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{
		Streams: map[string]int{"logs": 1},
		Region:  "eu-west-1",
		Credentials: []kinesistest.Credentials{
			kinesistest.DefaultCredentials,
			{AccessKeyID: "ASIAEXPIRED", SecretAccessKey: "s", SessionToken: "t", Expires: time.Now().Add(-time.Minute)},
			{AccessKeyID: "ASIATOKEN", SecretAccessKey: "s", SessionToken: "t"},
		},
	})
	good := kinesistest.DefaultCredentials
	change := func(f func(r *http.Request)) func(*kinesis.Kinesis) {
		return func(c *kinesis.Kinesis) {
			c.Handlers.Sign.PushBack(func(r *request.Request) { f(r.HTTPRequest) })
		}
	}
	header := func(old, new string) func(*kinesis.Kinesis) {
		return change(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		})
	}
	early, late := time.Now().Add(-5*time.Minute-2*time.Second), time.Now().Add(5*time.Minute+10*time.Second)
	for _, c := range []struct {
		name   string
		with   kinesistest.Credentials
		change func(*kinesis.Kinesis)
		code   string
		says   string
	}{
		{"not signed at all", good, change(func(r *http.Request) { r.Header.Del("Authorization") }), "MissingAuthenticationTokenException", "Missing Authentication Token"},
		{"signed with another secret", kinesistest.Credentials{AccessKeyID: good.AccessKeyID, SecretAccessKey: "wrong"}, nil, "InvalidSignatureException", "does not match the signature you provided"},
		{"signed with an unknown key", kinesistest.Credentials{AccessKeyID: "AKIANOBODY", SecretAccessKey: "x"}, nil, "UnrecognizedClientException", "is invalid"},
		{"signed with expired credentials", kinesistest.Credentials{AccessKeyID: "ASIAEXPIRED", SecretAccessKey: "s", SessionToken: "t"}, nil, "ExpiredTokenException", "is expired"},
		{"without the session token", kinesistest.Credentials{AccessKeyID: "ASIATOKEN", SecretAccessKey: "s"}, nil, "UnrecognizedClientException", "is invalid"},
		{"with another session token", kinesistest.Credentials{AccessKeyID: "ASIATOKEN", SecretAccessKey: "s", SessionToken: "u"}, nil, "UnrecognizedClientException", "is invalid"},
		{"a body changed after signing", good, change(func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(strings.Replace(string(body), "logs", "logz", 1)))
		}), "InvalidSignatureException", "does not match"},
		{"a signed header changed after signing", good, change(func(r *http.Request) { r.Header.Set("X-Amz-Target", "Kinesis_20131202.ListShards") }), "InvalidSignatureException", "does not match"},
		{"a signature of another text", good, header("Signature=", "Signature=00"), "InvalidSignatureException", "Canonical String"},
		{"more than five minutes old", good, func(c *kinesis.Kinesis) { signAt(c, early) }, "InvalidSignatureException", "Signature expired: "},
		{"more than five minutes ahead", good, func(c *kinesis.Kinesis) { signAt(c, late) }, "InvalidSignatureException", "Signature not yet current: "},
		{"without a signature parameter", good, header("Signature=", "Sig="), "IncompleteSignatureException", "requires 'Signature' parameter"},
		{"with another algorithm", good, header("AWS4-HMAC-SHA256", "AWS4-HMAC-MD5"), "IncompleteSignatureException", "AWS4-HMAC-MD5"},
		{"with a credential cut short", good, header("/eu-west-1", ""), "IncompleteSignatureException", "5 slash-delimited"},
		{"with a scope of another region", good, header("eu-west-1", "mars-1"), "InvalidSignatureException", "valid region"},
		{"with a scope of another service", good, header("/kinesis/", "/firehose/"), "InvalidSignatureException", "correct service: 'kinesis'"},
		{"with a scope of another day", good, header("Credential="+good.AccessKeyID+"/20", "Credential="+good.AccessKeyID+"/19"), "InvalidSignatureException", "Date in Credential scope"},
		{"without a date", good, change(func(r *http.Request) { r.Header.Del("X-Amz-Date") }), "IncompleteSignatureException", "'X-Amz-Date' or a 'Date'"},
		{"with a date that is none", good, change(func(r *http.Request) { r.Header.Set("X-Amz-Date", "today") }), "IncompleteSignatureException", "today"},
		{"with the host not signed", good, header(";host;", ";"), "InvalidSignatureException", "'Host'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := kinesis.New(sdkSession(t, s, c.with))
			if c.change != nil {
				c.change(client)
			}
			_, err := put(client, "logs", entries(1)...)
			failure := requireCode(t, err, c.code)
			require.Equal(t, 400, failure.StatusCode())
			require.Contains(t, failure.Message(), c.says)
		})
	}
	require.Empty(t, s.Records("logs"))
}

func TestSkewOfJustUnderFiveMinutesIsAccepted(t *testing.T) {
	clock := newClock()
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, Now: clock.now})
	for _, skew := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		c := sdk(t, s)
		signAt(c, clock.now().Add(skew))
		_, err := put(c, "logs", entries(1)...)
		require.NoError(t, err)
	}
}

func TestAnySetOfSignedHeadersIsAccepted(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, PlainHTTP: true})
	body := `{"StreamName":"logs"}`
	for _, c := range []struct {
		name    string
		url     string
		headers http.Header
	}{
		{"the least", "", nil},
		{"many, with blanks and repeated", "", http.Header{"X-One": {"  a   b  "}, "X-Two": {"1", "2"}}},
		{"a path and a query", "/a%20b/c?z=1&a=x%2Fy&a=w+v&empty=", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodPost, s.URL()+c.url, nil)
			require.NoError(t, err)
			for name, values := range c.headers {
				r.Header[name] = values
			}
			r.Header.Set("X-Amz-Target", "Kinesis_20131202.DescribeStreamSummary")
			signer := v4.NewSigner(credentials.NewStaticCredentials(kinesistest.DefaultCredentials.AccessKeyID, kinesistest.DefaultCredentials.SecretAccessKey, ""))
			_, err = signer.Sign(r, strings.NewReader(body), "kinesis", "us-west-2", time.Now())
			require.NoError(t, err)
			r.ContentLength = int64(len(body))
			answer, err := httpClient(t, s).Do(r)
			require.NoError(t, err)
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Equal(t, 200, answer.StatusCode, "%s", text)
		})
	}
}

func TestCredentialsAreReplacedAtRunTime(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}})
	old, fresh := sdk(t, s), kinesistest.Credentials{AccessKeyID: "AKIAFRESH", SecretAccessKey: "s"}
	_, err := put(old, "logs", entries(1)...)
	require.NoError(t, err)
	s.SetCredentials(fresh)
	_, err = put(old, "logs", entries(1)...)
	requireCode(t, err, "UnrecognizedClientException")
	_, err = put(kinesis.New(sdkSession(t, s, fresh)), "logs", entries(1)...)
	require.NoError(t, err)
}
