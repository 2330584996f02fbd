package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// TestCredentialsThatDoNotComeAreSaidUntilTheyDo has the services that hand out
// credentials accept connections and answer nothing.
func TestCredentialsThatDoNotComeAreSaidUntilTheyDo(t *testing.T) {
	// A service that hangs is set going again by mend.
	type service struct {
		host *flbhost.Host
		url  string
		mend func()
	}
	for _, x := range []struct {
		name string
		hang func(t *testing.T, s *kinesistest.Server, section options) service
	}{
		{"the metadata service", func(t *testing.T, s *kinesistest.Server, section options) service {
			m := runMetadataService(t, s, time.Hour)
			m.set(hangs)
			return service{instanceHost(t, m, retried, section), m.url, func() { m.set(answers) }}
		}},
		{"the container's agent", func(t *testing.T, s *kinesistest.Server, section options) service {
			e := runContainerEndpoint(t, s, time.Hour, "")
			e.answer(hanging)
			return service{containerHost(t, e, retried, nil), e.url, func() { e.answer("") }}
		}},
		{"the token service", func(t *testing.T, s *kinesistest.Server, section options) service {
			f := runFront(t, s.STSURL())
			f.meddle(-1, hang)
			return service{runHost(t, s, retried, with(with(section, "role_arn", role), "sts_endpoint", f.URL)), f.URL, f.mend}
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{PlainHTTP: true})
			h := x.hang(t, s, options{"http_request_timeout": "1"})
			requireMends(t, s, h.host, h.mend, "failed (denied): NoCredentials", h.url, "exceeded")
		})
	}
}

// TestCredentialsThatDoNotComeEndTheProcess is for those who would rather have
// it restarted.
func TestCredentialsThatDoNotComeEndTheProcess(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	f := runFront(t, s.STSURL())
	f.meddle(-1, hang)
	h := runHost(t, s, flbhost.Config{Env: []string{"SEND_FAILURE_TIMEOUT=500ms"}}, options{"role_arn": role, "sts_endpoint": f.URL})
	_, err := h.Flush(0, "tag", goodThen().Bytes())
	var exit *flbhost.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 1, exit.Status)
	requireLine(t, parseLog(exit.Log), "error", "SEND_FAILURE_TIMEOUT: ", "the process exits")
}
