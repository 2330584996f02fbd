package test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// retried is a host whose chunks are offered again until they are taken.
var retried = flbhost.Config{RetryLimit: flbhost.NoLimit}

// requireMends flushes a chunk that cannot get through, waits for the line that
// says so, mends the cause, and requires that the chunk and the next one land,
// each once.
func requireMends(t *testing.T, s *kinesistest.Server, h *flbhost.Host, mend func(), parts ...string) {
	t.Helper()
	job := h.Go(0, "tag", goodThen().Bytes())
	eventually(t, "the log says "+strings.Join(parts, ", "), func() bool { return len(logOf(h).with(levelOf(parts...), parts...)) > 0 })
	require.Empty(t, s.Records(streamName))
	mend()
	requireTaken(t, []*flbhost.Job{job})
	require.ElementsMatch(t, goodData, datas(s.Records(streamName)))
	result, err := h.Flush(0, "tag", one(when, F("n", "next")).Bytes())
	require.NoError(t, err)
	require.Equal(t, flbhost.OK, result.Code)
	require.Equal(t, 1, result.Offers)
	require.Len(t, s.Records(streamName), len(goodData)+1)
}

func TestAFaultOfTheServiceIsSaidAndTheChunkOfferedAgain(t *testing.T) {
	answer := func(code string) kinesistest.Faults {
		return kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed(code)}
	}
	for _, x := range []struct {
		name   string
		faults kinesistest.Faults
		said   string
		passes bool // by itself: it is tried again
	}{
		{"every record throttled", kinesistest.Faults{ThrottleAll: true}, "3 of the 3 records of a request were refused: ProvisionedThroughputExceededException: Rate exceeded for shard", true},
		{"every record failing", kinesistest.Faults{FailRecords: 1}, "3 of the 3 records of a request were refused: InternalFailure: Internal service failure.", true},
		{"the request throttled", kinesistest.Faults{ThrottleRequests: 1}, "a request of 3 records failed (throttled): ProvisionedThroughputExceededException", true},
		{"the account throttled", answer("ThrottlingException"), "a request of 3 records failed (throttled): ThrottlingException", true},
		{"an internal failure", kinesistest.Faults{FailRequests: 1}, "a request of 3 records failed (failing): InternalFailure: Internal service failure. (HTTP status 500)", true},
		{"the service unavailable", answer("ServiceUnavailable"), "a request of 3 records failed (failing): ServiceUnavailable", true},
		{"a page of a proxy", kinesistest.Faults{BadGateway: 1}, "a request of 3 records failed (failing)", true},
		{"a connection cut before the records landed", kinesistest.Faults{CutBefore: 1}, "a request of 3 records failed (unanswered)", true},
		{"an expired token", answer("ExpiredTokenException"), "a request of 3 records failed (expired): ExpiredTokenException", true},
		{"access denied", answer("AccessDeniedException"), "a request of 3 records failed (denied): AccessDeniedException: User:", false},
		{"access to the stream's key denied", answer("KMSAccessDeniedException"), "a request of 3 records failed (denied): KMSAccessDeniedException", false},
		{"an error that nobody knows", answer("BrandNewException"), "a request of 3 records failed (denied): BrandNewException", false},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Faults: x.faults}, flbhost.Config{Workers: 1})
			job := s.host.Go(0, "tag", goodThen().Bytes())
			if x.passes {
				eventually(t, "it is tried again", func() bool { return s.stream.Stats().Requests >= 2 })
			} else {
				result, err := job.Wait()
				require.NoError(t, err)
				require.Equal(t, flbhost.Retry, result.Code)
				require.EqualValues(t, 1, s.stream.Stats().Requests)
			}
			require.Empty(t, s.stream.Records(streamName))
			s.stream.Heal()
			if !x.passes {
				job = s.host.Go(0, "tag", goodThen().Bytes())
			}
			requireTaken(t, []*flbhost.Job{job})
			require.ElementsMatch(t, goodData, datas(s.stream.Records(streamName)))
			log := exitLog(t, s.host)
			requireLine(t, log, levelOf(x.said), "[kinesis 0] "+x.said)
			if !x.passes {
				requireLine(t, log, "warning", "3 of the 3 records of a chunk go back to Fluent Bit to be offered again: ")
			}
			require.Equal(t, x.passes, len(log.texts("error")) == 0, "an error is what needs a person")
		})
	}
}

func TestAMissingStreamIsSaidUntilThereIsOne(t *testing.T) {
	s := runStream(t, kinesistest.Options{Streams: map[string]int{}})
	h := runHost(t, s, retried)
	requireMends(t, s, h, func() { require.NoError(t, s.CreateStream(streamName, 2)) },
		"[kinesis 0] a request of 3 records failed (denied): ResourceNotFoundException", streamName)
}

func TestRefusedCredentialsAreSaidUntilTheyAreAccepted(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	h := runHost(t, s, retried)
	s.SetCredentials(kinesistest.Credentials{AccessKeyID: "AKIAOFNOBODY00000001", SecretAccessKey: "x"})
	requireMends(t, s, h, func() { s.SetCredentials(kinesistest.DefaultCredentials) },
		"failed (denied): UnrecognizedClientException: The security token included in the request is invalid.")
}

// withoutCredentials takes those of the stream out of the environment.
var withoutCredentials = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}

func TestNoCredentialsAreSaidUntilThereAreSome(t *testing.T) {
	var given atomic.Bool
	container := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !given.Load() {
			http.Error(w, `{"code":"None","message":"no credentials yet"}`, http.StatusNotFound)
			return
		}
		c := kinesistest.DefaultCredentials
		fmt.Fprintf(w, `{"AccessKeyId":%q,"SecretAccessKey":%q,"Expiration":%q}`,
			c.AccessKeyID, c.SecretAccessKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(container.Close)
	s := runStream(t, kinesistest.Options{})
	config := retried
	config.Env = append([]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + container.URL}, withoutCredentials...)
	h := runHost(t, s, config)
	requireMends(t, s, h, func() { given.Store(true) }, "[kinesis 0] a request of 3 records failed (denied): NoCredentials")
}

func TestNoCredentialsAtAllAreSaid(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Env: withoutCredentials})
	for range 2 {
		require.Empty(t, s.flush(flbhost.Retry, goodThen()))
	}
	requireLine(t, logOf(s.host), "error", "[kinesis 0] a request of 3 records failed (denied): NoCredentials: NoCredentialProviders")
	require.Zero(t, s.stream.Stats().Requests)
}

func TestADeadEndpointIsSaidUntilItLives(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())

	config := retried
	config.Instances = []map[string]string{{"region": "us-east-1", "stream": streamName, "endpoint": "http://" + address}}
	config.Env = append(append([]string(nil), unset...), runStream(t, kinesistest.Options{PlainHTTP: true}).Env()...)
	h := flbhost.Run(t, config)
	job := h.Go(0, "tag", goodThen().Bytes())
	eventually(t, "the log says that nobody listens", func() bool {
		return len(logOf(h).with("warning", "failed (unanswered)", address)) > 0
	})
	s := runStream(t, kinesistest.Options{PlainHTTP: true, Address: address})
	requireTaken(t, []*flbhost.Job{job})
	require.ElementsMatch(t, goodData, datas(s.Records(streamName)))
}

func TestAnEndpointThatHangsIsSaidAfterTheTimeout(t *testing.T) {
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Hang: 1}}, retried, options{"http_request_timeout": "2", "delivery_timeout": "0"})
	requireMends(t, s.stream, s.host, s.stream.Heal, "a request of 3 records failed (unanswered)", "no answer within")
}

func TestACertificateThatDoesNotFitIsSaid(t *testing.T) {
	for _, x := range []struct {
		name string
		with kinesistest.Options
		env  []string
		said string
	}{
		{"one for another name", kinesistest.Options{Hosts: []string{"kinesis.example"}}, nil, "certificate"},
		{"one by an unknown authority", kinesistest.Options{}, []string{"AWS_CA_BUNDLE"}, "certificate signed by unknown authority"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, x.with, flbhost.Config{Env: x.env})
			for range 2 {
				require.Empty(t, s.flush(flbhost.Retry, goodThen()))
			}
			requireLine(t, logOf(s.host), "error", "a request of 3 records failed (denied): BadCertificate", x.said)
		})
	}
}

func TestARepeatedWarningIsHeldBackAndCounted(t *testing.T) {
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}}, flbhost.Config{}, options{"delivery_timeout": "0"})
	for range 50 {
		require.Empty(t, s.flush(flbhost.Retry, goodThen()))
	}
	log := exitLog(t, s.host)
	requireLine(t, log, "info", "at exit: records 150, accepted 0 (0 bytes), handed back 150; requests: partly refused 50")
	requireLine(t, log, "warning", "chunks handed back: ", " more held back since it was last said")
	// Each kind of warning is said at most once in ten seconds, which this
	// test does not take, and once more at exit.
	require.Less(t, len(log.texts("warning")), 15)
}
