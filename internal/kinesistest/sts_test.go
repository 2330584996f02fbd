package kinesistest_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/credentials/stscreds"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/aws/aws-sdk-go/service/sts"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

const role = "arn:aws:iam::123456789012:role/path/writer"

// token is the SDK's client of the token service.
func token(t *testing.T, s *kinesistest.Server, with *credentials.Credentials) *sts.STS {
	t.Helper()
	sess := sdkSession(t, s, kinesistest.DefaultCredentials)
	config := &aws.Config{Endpoint: aws.String(s.STSURL())}
	if with != nil {
		config.Credentials = with
	}
	return sts.New(sess, config)
}

func withCredentials(t *testing.T, s *kinesistest.Server, c *credentials.Credentials) *kinesis.Kinesis {
	t.Helper()
	return kinesis.New(sdkSession(t, s, kinesistest.DefaultCredentials), &aws.Config{Credentials: c})
}

func TestAssumedRolesMayUseTheStream(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}})
	first := stscreds.NewCredentialsWithClient(token(t, s, nil), role, func(p *stscreds.AssumeRoleProvider) {
		p.RoleSessionName, p.ExternalID, p.Duration = "me", aws.String("outside"), 20*time.Minute
	})
	second := stscreds.NewCredentialsWithClient(token(t, s, first), "arn:aws:iam::2:role/next")
	_, err := put(withCredentials(t, s, first), "logs", entries(1)...)
	require.NoError(t, err)
	_, err = put(withCredentials(t, s, second), "logs", entries(1)...)
	require.NoError(t, err)

	calls := s.AssumeRoleCalls()
	require.Len(t, calls, 2)
	require.Equal(t, "AssumeRole", calls[0].Action)
	require.Equal(t, role, calls[0].RoleARN)
	require.Equal(t, []string{"me", "outside"}, []string{calls[0].SessionName, calls[0].ExternalID})
	require.Equal(t, 20*time.Minute, calls[0].Duration)
	require.Equal(t, kinesistest.DefaultCredentials.AccessKeyID, calls[0].Caller)
	require.Equal(t, calls[0].Issued.AccessKeyID, calls[1].Caller, "the second role is assumed with the first's credentials")
	require.NotEqual(t, calls[0].Issued.SessionToken, calls[1].Issued.SessionToken)
	value, err := second.Get()
	require.NoError(t, err)
	require.Equal(t, calls[1].Issued.SecretAccessKey, value.SecretAccessKey)
	require.Equal(t, calls[1].Issued.SessionToken, value.SessionToken)
}

func TestRolesThatAreRefused(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{})
	unknown := credentials.NewStaticCredentials("AKIANOBODY", "x", "")
	wrong := credentials.NewStaticCredentials(kinesistest.DefaultCredentials.AccessKeyID, "x", "")
	assume := func(with *credentials.Credentials, change func(*sts.AssumeRoleInput)) error {
		in := &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me")}
		if change != nil {
			change(in)
		}
		c := token(t, s, with)
		c.Handlers.Validate.Clear()
		_, err := c.AssumeRole(in)
		return err
	}
	require.Equal(t, 403, requireCode(t, assume(unknown, nil), "InvalidClientTokenId").StatusCode())
	require.Equal(t, 403, requireCode(t, assume(wrong, nil), "SignatureDoesNotMatch").StatusCode())
	require.Equal(t, 400, requireCode(t, assume(nil, func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("me") }), "ValidationError").StatusCode())
	requireCode(t, assume(nil, func(in *sts.AssumeRoleInput) { in.RoleSessionName = nil }), "ValidationError")
	requireCode(t, assume(nil, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int64(899) }), "ValidationError")

	s.RefuseRoles(&kinesistest.Error{Status: 403, Code: "AccessDenied", Message: "not you"})
	failure := requireCode(t, assume(nil, nil), "AccessDenied")
	require.Equal(t, "not you", failure.Message())
	s.RefuseRoles(nil)
	require.NoError(t, assume(nil, nil))

	calls := s.AssumeRoleCalls()
	require.Len(t, calls, 7)
	require.Equal(t, "AccessDenied", calls[5].Refused)
	require.Empty(t, calls[5].Issued)
	require.Empty(t, calls[6].Refused)

	_, err := token(t, s, nil).GetCallerIdentity(&sts.GetCallerIdentityInput{})
	requireCode(t, err, "InvalidAction")
}

func TestARoleMayAskForAnExternalID(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{})
	s.RequireExternalID(role, "outside")
	assume := func(arn string, id *string) error {
		_, err := token(t, s, nil).AssumeRole(&sts.AssumeRoleInput{RoleArn: aws.String(arn), RoleSessionName: aws.String("me"), ExternalId: id})
		return err
	}
	require.NoError(t, assume(role, aws.String("outside")))
	require.NoError(t, assume(role+"/other", nil))
	for _, id := range []*string{nil, aws.String("inside")} {
		failure := requireCode(t, assume(role, id), "AccessDenied")
		require.Equal(t, 403, failure.StatusCode())
		require.Contains(t, failure.Message(), "sts:AssumeRole on resource: "+role)
	}
}

func TestAChainOfRolesHasSessionsOfAnHourAtMost(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{})
	assume := func(with *credentials.Credentials, duration time.Duration) (*credentials.Credentials, error) {
		c := stscreds.NewCredentialsWithClient(token(t, s, with), role, func(p *stscreds.AssumeRoleProvider) { p.Duration = duration })
		_, err := c.Get()
		return c, err
	}
	first, err := assume(nil, 12*time.Hour)
	require.NoError(t, err)
	_, err = assume(first, time.Hour)
	require.NoError(t, err)
	_, err = assume(first, time.Hour+time.Second)
	require.Contains(t, requireCode(t, err, "ValidationError").Message(), "role chaining")
}

func TestCredentialsOfARoleExpire(t *testing.T) {
	clock := newClock()
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}, SessionLifetime: time.Minute, Now: clock.now})
	out, err := token(t, s, nil).AssumeRole(&sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("me")})
	require.NoError(t, err)
	require.WithinDuration(t, clock.now().Add(time.Minute), *out.Credentials.Expiration, time.Second)
	c := withCredentials(t, s, credentials.NewStaticCredentials(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken))
	_, err = put(c, "logs", entries(1)...)
	require.NoError(t, err)
	clock.move(time.Minute)
	_, err = put(c, "logs", entries(1)...)
	requireCode(t, err, "ExpiredTokenException")
}

func TestWebIdentitiesAreExchangedForARole(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 1}})
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("a.b.c"), 0o600))
	base := sdkSession(t, s, kinesistest.Credentials{AccessKeyID: "x", SecretAccessKey: "x"})
	provider := stscreds.NewWebIdentityRoleProviderWithOptions(sts.New(base, &aws.Config{Endpoint: aws.String(s.STSURL())}), role, "pod", stscreds.FetchTokenPath(file))
	_, err := put(withCredentials(t, s, credentials.NewCredentials(provider)), "logs", entries(1)...)
	require.NoError(t, err)
	call := s.AssumeRoleCalls()[0]
	require.Equal(t, []string{"AssumeRoleWithWebIdentity", "a.b.c", "pod", ""}, []string{call.Action, call.WebIdentityToken, call.SessionName, call.Caller})
}

func TestTheTokenServiceRefusesRubbish(t *testing.T) {
	s := kinesistest.Run(t, kinesistest.Options{PlainHTTP: true})
	for _, c := range []struct {
		body, says string
		status     int
	}{
		{"%zz", "MalformedQueryString", 400},
		{"", "InvalidAction", 400},
		{"Action=AssumeRole", "MissingAuthenticationToken", 403},
		{"Action=AssumeRoleWithWebIdentity", "webIdentityToken", 400},
	} {
		answer, err := http.Post(s.STSURL(), "application/x-www-form-urlencoded", strings.NewReader(c.body))
		require.NoError(t, err)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, c.status, answer.StatusCode)
		require.Contains(t, string(text), c.says)
	}
	answer, err := http.PostForm(s.STSURL(), url.Values{"x": {string(make([]byte, 2<<20))}})
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, 413, answer.StatusCode)
}
