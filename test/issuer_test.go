package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// refreshWindow is how long before their end the SDK has credentials of an
// instance or of a container renewed.
const refreshWindow = 5 * time.Minute

// dueSoon is a lifetime that has credentials renewed after a second, minutes
// before their end.
const dueSoon = refreshWindow + time.Second

// An issuer hands out credentials that the stream accepts from then on, as the
// services of an instance and of a container do.
type issuer struct {
	stream *kinesistest.Server

	mu       sync.Mutex // guards the following
	lifetime time.Duration
	issued   []kinesistest.Credentials
}

func newIssuer(s *kinesistest.Server, lifetime time.Duration) *issuer {
	return &issuer{stream: s, lifetime: lifetime}
}

// issue makes new credentials.
func (i *issuer) issue() kinesistest.Credentials {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := len(i.issued) + 1
	c := kinesistest.Credentials{
		AccessKeyID:     fmt.Sprintf("ASIAINSTANCE%08d", n),
		SecretAccessKey: fmt.Sprintf("secret/of+the+instance/%d", n),
		SessionToken:    fmt.Sprintf("token/of+the+instance/%d", n),
		Expires:         time.Now().Add(i.lifetime),
	}
	i.issued = append(i.issued, c)
	i.stream.AddCredentials(c)
	return c
}

// all is what was handed out so far.
func (i *issuer) all() []kinesistest.Credentials {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]kinesistest.Credentials(nil), i.issued...)
}

func (i *issuer) count() int { return len(i.all()) }

// handOut sets how long credentials live that are handed out from now on.
func (i *issuer) handOut(lifetime time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lifetime = lifetime
}

// end has the stream take what was handed out so far for expired.
func (i *issuer) end() {
	for _, c := range i.all() {
		c.Expires = time.Now().Add(-time.Minute)
		i.stream.AddCredentials(c)
	}
}

// onlyNewest has the stream accept what was handed out last, and nothing else.
func (i *issuer) onlyNewest() {
	all := i.all()
	i.stream.SetCredentials(all[len(all)-1])
}

// write answers with new credentials.
func (i *issuer) write(w io.Writer) {
	c := i.issue()
	_ = json.NewEncoder(w).Encode(map[string]string{ // a client that went away needs no answer
		"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken,
		"Expiration": c.Expires.UTC().Format(time.RFC3339Nano),
	})
}

// keepSecret requires, when the test ends, that the log has none of the secrets
// that were handed out, nor the others.
func (i *issuer) keepSecret(t *testing.T, h *flbhost.Host, others ...string) {
	t.Cleanup(func() {
		for _, c := range i.all() {
			others = append(others, c.SecretAccessKey, c.SessionToken)
		}
		requireSecret(t, h, others...)
	})
}

// requireSecret requires that nothing that the host wrote has these texts.
func requireSecret(t *testing.T, h *flbhost.Host, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(h.Log()+h.Stderr(), secret) {
			require.FailNow(t, "a secret in the log")
		}
	}
}

// hangUntilGone leaves a request without an answer until the client gives up.
func hangUntilGone(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // until then, net/http does not see that the client is gone
	<-r.Context().Done()
}
