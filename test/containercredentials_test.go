package test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A containerEndpoint stands in for the agent of ECS or EKS Pod Identity that
// hands out credentials to who shows a token.
type containerEndpoint struct {
	*issuer
	url string

	mu      sync.Mutex // guards the following
	token   string     // that is accepted
	outcome string     // "", or the code of an error to answer
	seen    map[string]bool
}

func runContainerEndpoint(t *testing.T, s *kinesistest.Server, lifetime time.Duration, token string) *containerEndpoint {
	e := &containerEndpoint{issuer: newIssuer(s, lifetime), token: token, seen: map[string]bool{}}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.url = server.URL
	return e
}

func (e *containerEndpoint) accept(token string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.token = token
}

func (e *containerEndpoint) answer(outcome string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.outcome = outcome
}

// shown tells whether somebody has shown this token.
func (e *containerEndpoint) shown(token string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seen[token]
}

// hanging is the outcome of an endpoint that answers nothing.
const hanging = "hanging"

// ServeHTTP is [http.Handler.ServeHTTP].
func (e *containerEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.seen[r.Header.Get("Authorization")] = true
	fits, outcome := r.Header.Get("Authorization") == e.token, e.outcome
	e.mu.Unlock()
	switch {
	case outcome == hanging:
		hangUntilGone(r)
	case outcome != "":
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"code":"` + outcome + `","message":"the agent has no credentials"}`))
	case !fits:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"code":"AccessDenied","message":"the token does not fit"}`))
	default:
		e.write(w)
	}
}

// containerHost is a host that has the credentials of its container alone. The
// tokens must not be seen.
func containerHost(t *testing.T, e *containerEndpoint, config flbhost.Config, env []string, tokens ...string) *flbhost.Host {
	t.Helper()
	config.Env = append(append([]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + e.url + "/v1/credentials"}, withoutCredentials...), env...)
	h := runHost(t, e.stream, config)
	e.keepSecret(t, h, tokens...)
	return h
}

func TestContainerCredentialsAreRenewedWhileRecordsFlow(t *testing.T) {
	t.Parallel()
	const token = "Basic token-of-the-task"
	s := runStream(t, kinesistest.Options{})
	e := runContainerEndpoint(t, s, dueSoon, token)
	f := newFlow(t, s, containerHost(t, e, flowHost, []string{"AWS_CONTAINER_AUTHORIZATION_TOKEN=" + token}, token))
	f.until("the credentials were renewed twice", func() bool { return e.count() >= 3 })
	e.handOut(time.Hour)
	f.until("they were renewed for long", func() bool { return e.all()[e.count()-1].Expires.After(time.Now().Add(2 * refreshWindow)) })
	e.onlyNewest()
	f.round()
	f.requireQuiet()
}

// TestTheTokenFileOfAContainerIsReadAgainForEachRenewal is how EKS Pod Identity
// works: the file is replaced from time to time.
func TestTheTokenFileOfAContainerIsReadAgainForEachRenewal(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	file := filepath.Join(t.TempDir(), "eks-pod-identity-token")
	write(t, file, []byte("first-token-of-the-pod"))
	e := runContainerEndpoint(t, s, dueSoon, "first-token-of-the-pod")
	f := newFlow(t, s, containerHost(t, e, flowHost, []string{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + file},
		"first-token-of-the-pod", "second-token-of-the-pod"))
	f.round()
	write(t, file, []byte("second-token-of-the-pod"))
	e.accept("second-token-of-the-pod")
	f.until("the second token was shown", func() bool { return e.shown("second-token-of-the-pod") })
	f.round()
	f.requireQuiet()
}

func TestContainerCredentialsThatCannotBeHadAreSaidUntilTheyCan(t *testing.T) {
	const token = "token-of-the-pod"
	file := func(t *testing.T) string { return filepath.Join(t.TempDir(), "token") }
	for _, x := range []struct {
		name  string
		wrong func(t *testing.T, e *containerEndpoint, tokenFile string)
		said  []string
	}{
		{"the agent fails", func(_ *testing.T, e *containerEndpoint, _ string) { e.answer("InternalServerException") },
			[]string{"CredentialsEndpointError", "InternalServerException", "the agent has no credentials"}},
		{"the token does not fit", func(_ *testing.T, e *containerEndpoint, _ string) { e.accept("another") },
			[]string{"CredentialsEndpointError", "AccessDenied", "the token does not fit"}},
		{"the token's file is not there", func(t *testing.T, _ *containerEndpoint, tokenFile string) { remove(t, tokenFile) },
			[]string{"CredentialsEndpointError", "failed to read authorization token from", "no such file"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			e := runContainerEndpoint(t, s, time.Hour, token)
			tokenFile := file(t)
			write(t, tokenFile, []byte(token))
			x.wrong(t, e, tokenFile)
			h := containerHost(t, e, retried, []string{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + tokenFile}, token)
			requireMends(t, s, h, func() {
				write(t, tokenFile, []byte(token))
				e.accept(token)
				e.answer("")
			}, append(x.said, "failed (denied): NoCredentials")...)
		})
	}
}

// TestAContainerEndpointThatIsNotAllowedIsSaid has the SDK refuse an address
// that is neither this machine nor one of AWS's, over plain HTTP.
func TestAContainerEndpointThatIsNotAllowedIsSaid(t *testing.T) {
	t.Parallel()
	env := append([]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/credentials"}, withoutCredentials...)
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Env: env})
	require.Empty(t, s.flush(flbhost.Retry, goodThen()))
	requireLine(t, exitLog(t, s.host), "error", "failed (denied): NoCredentials", "192.0.2.1", "only loopback/ecs/eks hosts are allowed")
}
