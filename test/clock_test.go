package test

import (
	"net/http"
	"net/http/httputil"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// dated is a front of a service whose answers have the date of its clock.
func dated(t *testing.T, address string, clock func() time.Time) string {
	t.Helper()
	f := newFront(t, address)
	f.service.(*httputil.ReverseProxy).ModifyResponse = func(answer *http.Response) error {
		answer.Header.Set("Date", clock().UTC().Format(http.TimeFormat))
		return nil
	}
	f.Start()
	return f.URL
}

// clocks are how far that of AWS is from the plugin's.
var clocks = []struct {
	name string
	off  time.Duration
}{
	{"the plugin's clock is an hour late", time.Hour},
	{"the plugin's clock is an hour early", -time.Hour},
	{"the plugin's clock is years late", 10_000 * time.Hour},
}

// hasClock is a stream with a clock of its own, and the sections that lead to
// it and its roles.
func hasClock(t *testing.T, clock func() time.Time) (s *kinesistest.Server, section options) {
	t.Helper()
	s = runStream(t, kinesistest.Options{PlainHTTP: true, Now: clock})
	return s, options{"endpoint": dated(t, s.URL(), clock), "sts_endpoint": dated(t, s.STSURL(), clock)}
}

func TestAClockThatIsOffCostsOneAnswer(t *testing.T) {
	for _, x := range clocks {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s, section := hasClock(t, func() time.Time { return time.Now().Add(x.off) })
			f := newFlow(t, s, runHost(t, s, flowHost, section))
			f.round() // of requests that are under way together, and refused together
			refused := s.Stats().Outcomes["InvalidSignatureException"]
			require.NotZero(t, refused)
			f.round()
			require.Equal(t, refused, s.Stats().Outcomes["InvalidSignatureException"], "no other is signed with the wrong time")
			f.requireSaid("failed (expired): InvalidSignatureException: Signature ")
		})
	}
}

func TestAClockThatIsOffCostsTheRolesOneAnswer(t *testing.T) {
	for _, x := range clocks {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s, section := hasClock(t, func() time.Time { return time.Now().Add(x.off) })
			config := flowHost
			config.Env = []string{"EKS_POD_EXECUTION_ROLE=" + podRole}
			section["role_arn"] = role
			f := newFlow(t, s, runHost(t, s, config, section))
			for range 3 {
				f.round()
			}
			codes := []string{}
			for _, call := range s.AssumeRoleCalls() {
				codes = append(codes, call.Refused)
			}
			require.Equal(t, []string{"SignatureDoesNotMatch", "", ""}, codes, "what the token service answers to each call")
			f.requireQuiet()
		})
	}
}

// TestAClockThatIsSetRightIsFollowed has the difference come and go while the
// plugin works.
func TestAClockThatIsSetRightIsFollowed(t *testing.T) {
	t.Parallel()
	var off atomic.Int64
	s, section := hasClock(t, func() time.Time { return time.Now().Add(time.Duration(off.Load())) })
	f := newFlow(t, s, runHost(t, s, flowHost, section))
	for _, d := range []time.Duration{0, time.Hour, 0, -time.Hour, 3 * time.Hour, 0} {
		off.Store(int64(d))
		f.round()
	}
	f.requireOnce()
}

// TestASignatureThatIsRefusedForAnotherReasonIsNotTriedAgain has a clock that is
// right, and a wrong secret.
func TestASignatureThatIsRefusedForAnotherReasonIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Env: []string{"AWS_SECRET_ACCESS_KEY=another"}})
	require.Empty(t, s.flush(flbhost.Retry, goodThen()))
	require.EqualValues(t, 1, s.stream.Stats().Requests)
	requireLine(t, logOf(s.host), "error", "failed (denied): InvalidSignatureException")
}
