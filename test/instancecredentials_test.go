package test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A metadataService stands in for that of an EC2 instance, version 2: what it
// tells, it tells to those who show a token of its own.
type metadataService struct {
	*issuer
	url string

	mu       sync.Mutex // guards the following
	mode     metadataMode
	tokenTTL int // seconds
	tokens   map[string]bool
}

// A metadataMode is what the service does.
type metadataMode int

const (
	answers     metadataMode = iota
	fails                    // answers 500 to everything
	hangs                    // answers nothing
	hidesTokens              // answers nothing to who asks for a token, as to a container beyond its hop limit
	knowsNone                // is version 1, which knows no tokens
	insists                  // hides tokens, and answers nobody without one
	turnedOff                // answers 403 to everything
	hasNoRole                // of an instance without one
)

func runMetadataService(t *testing.T, s *kinesistest.Server, lifetime time.Duration) *metadataService {
	m := &metadataService{issuer: newIssuer(s, lifetime), tokenTTL: 21600, tokens: map[string]bool{}}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

// env has a host get its credentials here.
func (m *metadataService) env() []string {
	return append([]string{"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + m.url}, withoutCredentials...)
}

func (m *metadataService) set(mode metadataMode) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mode = mode
}

// newToken is a token that is accepted from now on.
func (m *metadataService) newToken() (token string, ttl int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token = fmt.Sprintf("metadata token %d", len(m.tokens))
	m.tokens[token] = true
	return token, m.tokenTTL
}

func (m *metadataService) state(token string) (mode metadataMode, known bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mode, m.tokens[token]
}

// ServeHTTP is [http.Handler.ServeHTTP].
func (m *metadataService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mode, known := m.state(r.Header.Get("X-Aws-Ec2-Metadata-Token"))
	asksForToken := r.Method == http.MethodPut && r.URL.Path == "/latest/api/token"
	switch {
	case mode == fails:
		http.Error(w, "the metadata service has failed", http.StatusInternalServerError)
	case mode == hangs, asksForToken && (mode == hidesTokens || mode == insists):
		hangUntilGone(r)
	case mode == turnedOff:
		http.Error(w, "", http.StatusForbidden)
	case mode == knowsNone && asksForToken:
		http.Error(w, "", http.StatusNotFound)
	case asksForToken:
		token, ttl := m.newToken()
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", decimal(ttl))
		fmt.Fprint(w, token)
	case !known && (mode == answers || mode == insists || mode == hasNoRole):
		http.Error(w, "", http.StatusUnauthorized)
	case mode == hasNoRole:
		http.NotFound(w, r)
	case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
		fmt.Fprint(w, "role-of-the-instance")
	case r.URL.Path == "/latest/meta-data/iam/security-credentials/role-of-the-instance":
		m.write(w)
	default:
		http.NotFound(w, r)
	}
}

// instanceHost is a host that has the credentials of its instance alone.
func instanceHost(t *testing.T, m *metadataService, config flbhost.Config, sections ...options) *flbhost.Host {
	t.Helper()
	config.Env = append(m.env(), config.Env...)
	h := runHost(t, m.stream, config, sections...)
	m.keepSecret(t, h)
	return h
}

func TestInstanceCredentialsAreRenewedWhileRecordsFlow(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	m := runMetadataService(t, s, dueSoon)
	m.tokenTTL = 31 // seconds, of which the SDK uses one
	f := newFlow(t, s, instanceHost(t, m, flowHost))
	f.until("the credentials were renewed twice", func() bool { return m.count() >= 3 })
	m.handOut(time.Hour)
	f.until("they were renewed for long", func() bool { return m.all()[m.count()-1].Expires.After(time.Now().Add(2 * refreshWindow)) })
	m.onlyNewest()
	f.round()
	f.requireQuiet()
	m.mu.Lock()
	defer m.mu.Unlock()
	require.Greater(t, len(m.tokens), 1, "the token was renewed too")
}

// TestInstanceCredentialsThatCannotBeRenewedYetGoOn has the metadata service out
// of order in the minutes between the renewal that is due and the end.
func TestInstanceCredentialsThatCannotBeRenewedYetGoOn(t *testing.T) {
	for _, x := range []struct {
		name string
		mode metadataMode
	}{
		{"the metadata service fails", fails},
		{"the metadata service hangs", hangs},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			m := runMetadataService(t, s, refreshWindow-time.Second) // due at once
			f := newFlow(t, s, instanceHost(t, m, flowHost))
			f.round()
			m.set(x.mode)
			f.round()
			f.round()
			f.requireQuiet()
		})
	}
}

func TestInstanceCredentialsThatHaveEndedAreSaidUntilThereAreNewOnes(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	m := runMetadataService(t, s, time.Hour)
	h := instanceHost(t, m, retried)
	flushAll(t, h, 0, one(when, F("n", "before")).Bytes())
	s.Reset()
	m.set(fails)
	m.end()
	requireMends(t, s, h, func() { m.set(answers) }, "records of a chunk go back", "NoCredentials", "EC2RoleRequestError", "the metadata service has failed")
	require.Equal(t, 2, m.count())
}

// TestCredentialsThatTheStreamTakesForExpiredAreRenewedWithinTheFlush has them
// say that they are valid for another hour.
func TestCredentialsThatTheStreamTakesForExpiredAreRenewedWithinTheFlush(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	m := runMetadataService(t, s, time.Hour)
	f := newFlow(t, s, instanceHost(t, m, flowHost))
	f.round()
	m.end()
	f.round()
	m.onlyNewest()
	f.round()
	f.requireSaid("failed (expired): ExpiredTokenException")
}

// TestCredentialsThatTheStreamKnowsNoLongerAreRenewedWithinTheFlush is what
// follows when a role is deleted and made again.
func TestCredentialsThatTheStreamKnowsNoLongerAreRenewedWithinTheFlush(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{})
	m := runMetadataService(t, s, time.Hour)
	f := newFlow(t, s, instanceHost(t, m, flowHost))
	f.round()
	s.SetCredentials()
	f.round()
	f.requireSaid("failed (expired): UnrecognizedClientException")
}

// TestAMetadataServiceThatGivesNoCredentialsIsExplained has it answer no more
// than a status.
func TestAMetadataServiceThatGivesNoCredentialsIsExplained(t *testing.T) {
	const onlyTokens = "AWS_EC2_METADATA_V1_DISABLED=true"
	for _, x := range []struct {
		name string
		mode metadataMode
		env  []string
		said []string
	}{
		{"to a container beyond its hop limit", insists, nil, []string{"status code: 401", "hop limit to 2", "--http-put-response-hop-limit 2", "host's network", "IRSA"}},
		{"to a container beyond its hop limit that may not do without a token", hidesTokens, []string{onlyTokens}, []string{"hop limit to 2"}},
		{"that is turned off", turnedOff, nil, []string{"status code: 403", "is turned off", "--http-endpoint enabled"}},
		{"of an instance without a role", hasNoRole, nil, []string{"status code: 404", "the instance has no role", "instance profile"}},
		{"that does not answer", hangs, nil, []string{"exceeded", "no metadata service of an instance answers", "network policy"}},
	} {
		t.Run("one "+x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			m := runMetadataService(t, s, time.Hour)
			m.set(x.mode)
			config := retried
			config.Env = x.env
			requireMends(t, s, instanceHost(t, m, config), func() { m.set(answers) }, append(x.said, "failed (denied): NoCredentials")...)
		})
	}
}

func TestInstancesOfOlderMetadataServicesHaveCredentials(t *testing.T) {
	for _, x := range []struct {
		name string
		mode metadataMode
	}{
		{"one that knows no tokens", knowsNone},
		{"one whose tokens do not reach the container", hidesTokens},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{})
			m := runMetadataService(t, s, time.Hour)
			m.set(x.mode)
			f := newFlow(t, s, instanceHost(t, m, flowHost))
			f.round()
			f.requireQuiet()
		})
	}
}
