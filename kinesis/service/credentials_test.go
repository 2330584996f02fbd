//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

// A keyServer hands out keys, numbered from 1, as the agent of a container
// does, and takes requests that are signed with the latest of them.
type keyServer struct {
	lifetime time.Duration
	fails    atomic.Bool
	issued   atomic.Int64
	valid    atomic.Int64 // the least number whose keys are taken
}

// ServeHTTP is [http.Handler.ServeHTTP].
func (s *keyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/keys" && s.fails.Load():
		http.Error(w, `{"code":"Failed","message":"no keys"}`, http.StatusInternalServerError)
	case r.URL.Path == "/keys":
		fmt.Fprintf(w, `{"AccessKeyId":"KEY%d","SecretAccessKey":"secret","Token":"token","Expiration":%q}`,
			s.issued.Add(1), time.Now().Add(s.lifetime).UTC().Format(time.RFC3339))
	case s.signedWith(r) < s.valid.Load():
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(named("ExpiredTokenException")))
	default:
		_, _ = w.Write(taken)
	}
}

func (s *keyServer) signedWith(r *http.Request) (n int64) {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=KEY")
	_, _ = fmt.Sscan(strings.SplitN(credential, "/", 2)[0], &n) // 0 where there is none
	return n
}

// clientWithKeys is a client that has its keys from the server.
func clientWithKeys(t *testing.T, s *keyServer) *Client {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	clientOf(t, server.URL) // sets the environment
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.URL+"/keys")
	c, err := New(Options{Region: "us-west-2", Endpoint: server.URL, Format: wire.FormatOf(wire.JSON)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestKeysThatAreRefusedAreRenewedForAllRequests(t *testing.T) {
	s := &keyServer{lifetime: time.Hour}
	c := clientWithKeys(t, s)
	for round := range int64(3) {
		s.valid.Store(s.issued.Load() + round%2) // every other time, those in use are refused
		var requests sync.WaitGroup
		for range 8 {
			requests.Go(func() {
				for c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}) != nil {
				}
			})
		}
		requests.Wait()
	}
	require.GreaterOrEqual(t, s.issued.Load(), int64(2))
}

func TestKeysGoOnUntilTheyAreRefused(t *testing.T) {
	s := &keyServer{lifetime: time.Minute} // so that new ones are due at once
	c := clientWithKeys(t, s)
	post := func() error { return c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}) }
	require.NoError(t, post())
	require.NoError(t, post())
	require.EqualValues(t, 2, s.issued.Load())

	s.fails.Store(true)
	require.NoError(t, post(), "with the keys that there are")
	s.fails.Store(false)
	require.NoError(t, post())
	require.EqualValues(t, 2, s.issued.Load(), "new ones are not asked for again at once")

	s.fails.Store(true)
	s.valid.Store(3)
	require.Equal(t, Expired.String(), Classify(post()).String())
	err := post()
	require.Equal(t, Denied.String(), Classify(err).String())
	require.ErrorContains(t, err, "NoCredentials")
	require.ErrorContains(t, err, "Failed: no keys")
	s.fails.Store(false)
	require.NoError(t, post())
	require.EqualValues(t, 3, s.issued.Load())
}

// TestKeysThatAreRefusedAgainAtOnceAreNotRenewedEachTime is what a person has to
// mend: to ask for others would bring the same.
func TestKeysThatAreRefusedAgainAtOnceAreNotRenewedEachTime(t *testing.T) {
	s := &keyServer{lifetime: time.Hour}
	c := clientWithKeys(t, s)
	post := func() error { return c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}) }
	require.NoError(t, post())
	s.valid.Store(1000)
	for range 20 {
		require.Equal(t, Expired.String(), Classify(post()).String())
	}
	require.Less(t, s.issued.Load(), int64(20))

	c.keys.mu.Lock()
	c.keys.renewed = time.Now().Add(-renewalRest)
	c.keys.mu.Unlock()
	s.valid.Store(s.issued.Load() + 1)
	require.Error(t, post())
	require.NoError(t, post(), "a while later they are")
}

// TestKeysOfAnUnknownClientAreTriedAgainIfThereAreOthers has the file say others
// than those that were refused.
func TestKeysOfAnUnknownClientAreTriedAgainIfThereAreOthers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Authorization"), "Credential=KEY2/") {
			_, _ = w.Write(taken)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(named("UnrecognizedClientException")))
	}))
	defer server.Close()
	clientOf(t, server.URL) // sets the environment
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	dir := home(t, "[default]\naws_access_key_id=KEY1\naws_secret_access_key=s\n", "")
	c, err := New(Options{Region: "us-west-2", Endpoint: server.URL, Format: wire.FormatOf(wire.JSON)})
	require.NoError(t, err)
	defer c.Close()
	post := func() error { return c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}) }
	require.Equal(t, Denied.String(), Classify(post()).String(), "the file has no others")
	put(t, filepath.Join(dir, "credentials"), "[default]\naws_access_key_id=KEY2\naws_secret_access_key=longer\n")
	require.Equal(t, Expired.String(), Classify(post()).String())
	require.NoError(t, post())
}

func TestTheClientTellsSinceWhenItHasItsKeysAndHowOftenItGotNone(t *testing.T) {
	s := &keyServer{lifetime: time.Minute} // so that new ones are due at once
	s.fails.Store(true)
	c := clientWithKeys(t, s)
	post := func() error { return c.Post(t.Context(), []byte("{}"), 1, &wire.Answer{}) }
	require.Zero(t, c.Keys())
	require.Error(t, post())
	require.Equal(t, KeyState{Failures: 1}, c.Keys())

	began := time.Now()
	s.fails.Store(false)
	require.NoError(t, post())
	first := c.Keys()
	require.False(t, first.Since.Before(began))
	require.EqualValues(t, 1, first.Failures)

	require.NoError(t, post())
	require.True(t, c.Keys().Since.After(first.Since), "they are others")
	s.fails.Store(true)
	second := c.Keys()
	require.NoError(t, post(), "with the keys that there are")
	require.Equal(t, KeyState{Since: second.Since, Until: second.Until, Failures: 2}, c.Keys())
}

func TestTheClientTellsWhenTheKeysOfARoleEnd(t *testing.T) {
	end := time.Now().Add(time.Hour)
	c := &Client{}
	source := credentials.NewCredentials(&ending{end: end})
	c.keys.source, c.keys.files = source, newWatch()
	_, err := c.keys.get(t.Context())
	require.NoError(t, err)
	require.Equal(t, end, c.Keys().Until)
	was := c.Keys()
	_, err = c.keys.get(t.Context())
	require.NoError(t, err)
	require.Equal(t, was, c.Keys(), "they are the same")
}

// ending is keys that say when they end, as those of roles do.
type ending struct{ end time.Time }

func (e *ending) Retrieve() (credentials.Value, error) {
	return credentials.Value{AccessKeyID: "KEY", SecretAccessKey: "secret"}, nil
}
func (e *ending) IsExpired() bool      { return false }
func (e *ending) ExpiresAt() time.Time { return e.end }
