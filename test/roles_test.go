package test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

const (
	podRole = "arn:aws:iam::123456789012:role/pod"
	role    = "arn:aws-cn:iam::210987654321:role/path/logs"
)

func TestRolesAreAssumedOneWithTheOther(t *testing.T) {
	own := kinesistest.DefaultCredentials.AccessKeyID
	for _, x := range []struct {
		name    string
		env     []string
		options options
		roles   []string // in the order of their calls
	}{
		{"none", nil, nil, nil},
		{"role_arn", nil, options{"role_arn": role}, []string{role}},
		{"EKS_POD_EXECUTION_ROLE", []string{"EKS_POD_EXECUTION_ROLE=" + podRole}, nil, []string{podRole}},
		{"EKS_POD_EXECUTION_ROLE, then role_arn", []string{"EKS_POD_EXECUTION_ROLE=" + podRole}, options{"role_arn": role}, []string{podRole, role}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{})
			section := options{"sts_endpoint": s.STSURL()}
			for key, value := range x.options {
				section[key] = value
			}
			h := runHost(t, s, flbhost.Config{Env: x.env}, section)
			flushAll(t, h, 0, goodThen().Bytes())

			calls := s.AssumeRoleCalls()
			require.Len(t, calls, len(x.roles))
			caller := own
			for i, call := range calls {
				require.Equal(t, x.roles[i], call.RoleARN)
				require.Equal(t, caller, call.Caller, "each role is assumed with the credentials of the one before it")
				caller = call.Issued.AccessKeyID
			}
			if len(calls) > 0 { // the stream takes no other credentials from here on
				s.SetCredentials(calls[len(calls)-1].Issued)
			}
			flushAll(t, h, 0, goodThen().Bytes())
			require.Len(t, s.Records(streamName), 6)
			require.Len(t, s.AssumeRoleCalls(), len(x.roles), "a role is assumed once, not for each request")
		})
	}
}

func TestARoleThatIsRefusedIsSaidUntilItIsAllowed(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	s.RefuseRoles(&kinesistest.Error{Status: 403, Code: "AccessDenied", Message: "not allowed to assume this role"})
	h := runHost(t, s, retried, options{"role_arn": role, "sts_endpoint": s.STSURL()})
	requireMends(t, s, h, func() { s.RefuseRoles(nil) }, "failed (denied): NoCredentials: AccessDenied: not allowed to assume this role")
}

// TestCredentialsThatHaveExpiredAreRenewedWithinTheFlush has the service end a
// session earlier than it said.
func TestCredentialsThatHaveExpiredAreRenewedWithinTheFlush(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	h := runHost(t, s, flbhost.Config{}, options{"role_arn": role, "sts_endpoint": s.STSURL()})
	flushAll(t, h, 0, goodThen().Bytes())
	session := s.AssumeRoleCalls()[0].Issued
	session.Expires = time.Now().Add(-time.Minute)
	s.SetCredentials(kinesistest.DefaultCredentials, session)

	flushAll(t, h, 0, goodThen().Bytes())
	require.Len(t, s.Records(streamName), 6)
	require.Len(t, s.AssumeRoleCalls(), 2)
	requireLine(t, logOf(h), "warning", "failed (expired): ExpiredTokenException")
}

func TestAWebIdentityIsTakenFromTheDefaultChain(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	token := filepath.Join(t.TempDir(), "token")
	write(t, token, []byte("proof of the pod"))
	env := append([]string{"AWS_ROLE_ARN=" + podRole, "AWS_WEB_IDENTITY_TOKEN_FILE=" + token}, withoutCredentials...)
	h := runHost(t, s, flbhost.Config{Env: env}, options{"role_arn": role, "sts_endpoint": s.STSURL()})
	flushAll(t, h, 0, goodThen().Bytes())
	calls := s.AssumeRoleCalls()
	require.Len(t, calls, 2)
	require.Equal(t, "AssumeRoleWithWebIdentity", calls[0].Action)
	require.Equal(t, "proof of the pod", calls[0].WebIdentityToken)
	require.Equal(t, podRole, calls[0].RoleARN)
	require.Equal(t, role, calls[1].RoleARN)
	require.Equal(t, calls[0].Issued.AccessKeyID, calls[1].Caller)
}

func TestSharedFilesAreReadAsTheSDKDoes(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	file := filepath.Join(t.TempDir(), "credentials")
	c := kinesistest.DefaultCredentials
	write(t, file, []byte("[logs]\naws_access_key_id = "+c.AccessKeyID+"\naws_secret_access_key = "+c.SecretAccessKey+"\n"))
	env := append([]string{"AWS_SHARED_CREDENTIALS_FILE=" + file, "AWS_PROFILE=logs"}, withoutCredentials...)
	h := runHost(t, s, flbhost.Config{Env: env})
	flushAll(t, h, 0, goodThen().Bytes())
	require.Len(t, s.Records(streamName), 3)
}

func TestRequestsNameThePluginBeforeTheSDK(t *testing.T) {
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	target, err := url.Parse(s.URL())
	require.NoError(t, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	var mu sync.Mutex
	var agents []string // guarded by mu
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		agents = append(agents, r.UserAgent())
		mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	h := runHost(t, s, flbhost.Config{}, options{"endpoint": proxy.URL})
	flushAll(t, h, 0, goodThen().Bytes())
	require.NoError(t, h.Exit())

	mu.Lock()
	defer mu.Unlock()
	require.Len(t, agents, 1)
	agent := "aws-fluent-bit-plugin (" + runtime.GOOS + ")"
	if runtime.GOOS == "windows" || strings.HasSuffix(os.Getenv("FLBHOST_LIBRARY"), ".dll") {
		agent = "aws-fluent-bit-plugin-windows (windows)"
	}
	require.Regexp(t, "^"+regexp.QuoteMeta(agent)+` aws-sdk-go/1\.`, agents[0])
	require.Len(t, s.Records(streamName), 3)
}

func TestAProxyOfTheEnvironmentIsUsed(t *testing.T) {
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	target, err := url.Parse(s.URL())
	require.NoError(t, err)
	proxy := httptest.NewServer(httputil.NewSingleHostReverseProxy(target))
	t.Cleanup(proxy.Close)
	h := runHost(t, s, flbhost.Config{Env: []string{"HTTP_PROXY=" + proxy.URL}}, options{"endpoint": "http://kinesis.example"})
	flushAll(t, h, 0, goodThen().Bytes())
	require.Len(t, s.Records(streamName), 3)
}

func TestTheFolderThatThePluginRunsInIsLeftAsItWas(t *testing.T) {
	dir := t.TempDir()
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Dir: dir})
	s.flush(flbhost.OK, goodThen())
	exitLog(t, s.host)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}
