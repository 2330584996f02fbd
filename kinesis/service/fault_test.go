package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

// A faultCase is an answer that refuses a request, and what it is taken for.
type faultCase struct {
	name   string
	status int
	body   string
	header http.Header
	want   Fault
	code   string
	says   string // Error; left out where it is the code, the message m and the status
}

func named(code string) string { return fmt.Sprintf(`{"__type":%q,"message":"m"}`, code) }

func TestFaultsOfAnswers(t *testing.T) {
	tests := []faultCase{
		{name: "throughput exceeded is throttled", status: 400, body: named("ProvisionedThroughputExceededException"), want: Throttled, code: "ProvisionedThroughputExceededException"},
		{name: "a throttling exception is throttled", status: 400, body: named("ThrottlingException"), want: Throttled, code: "ThrottlingException"},
		{name: "throttling by KMS is throttled", status: 400, body: named("KMSThrottlingException"), want: Throttled, code: "KMSThrottlingException"},
		{name: "a limit of requests is throttled", status: 400, body: named("RequestLimitExceeded"), want: Throttled, code: "RequestLimitExceeded"},
		{name: "429 is throttled, whatever it says", status: 429, body: ``, want: Throttled, says: "Too Many Requests (HTTP status 429)"},
		{name: "throttling with a 503 is throttled", status: 503, body: named("Throttling"), want: Throttled, code: "Throttling"},

		{name: "an internal failure is failing", status: 500, body: named("InternalFailure"), want: Failing, code: "InternalFailure"},
		{name: "500 is failing, whatever it says", status: 500, body: `{}`, want: Failing, says: "Internal Server Error (HTTP status 500)"},
		{name: "a proxy's page of HTML is failing", status: 502, body: `<html>bad gateway</html>`, want: Failing, says: "Bad Gateway (HTTP status 502)"},
		{name: "503 is failing", status: 503, body: named("ServiceUnavailable"), want: Failing, code: "ServiceUnavailable"},
		{name: "504 is failing", status: 504, want: Failing, says: "Gateway Timeout (HTTP status 504)"},
		{name: "a request that took too long to arrive is failing", status: 400, body: named("RequestTimeout"), want: Failing, code: "RequestTimeout"},

		{name: "an expired token is expired", status: 400, body: named("ExpiredTokenException"), want: Expired, code: "ExpiredTokenException"},

		{name: "access denied is denied", status: 400, body: named("AccessDeniedException"), want: Denied, code: "AccessDeniedException"},
		{name: "no such stream is denied", status: 400, body: named("ResourceNotFoundException"), want: Denied, code: "ResourceNotFoundException"},
		{name: "an unknown client is denied", status: 403, body: named("UnrecognizedClientException"), want: Denied, code: "UnrecognizedClientException"},
		{name: "a signature that is wrong is denied", status: 403, body: named("InvalidSignatureException"), want: Denied, code: "InvalidSignatureException"},
		{name: "a missing signature is denied", status: 403, body: named("MissingAuthenticationTokenException"), want: Denied, code: "MissingAuthenticationTokenException"},
		{name: "a key that KMS has disabled is denied", status: 400, body: named("KMSDisabledException"), want: Denied, code: "KMSDisabledException"},
		{name: "a code that nobody knows is denied", status: 400, body: named("NewException"), want: Denied, code: "NewException"},
		{name: "404 without a word is denied", status: 404, want: Denied, says: "Not Found (HTTP status 404)"},
		{name: "a redirection is denied", status: 307, header: http.Header{"Location": {"/elsewhere"}}, want: Denied, says: "Temporary Redirect (HTTP status 307)"},

		{name: "a failed validation is invalid", status: 400, body: named("ValidationException"), want: Invalid, code: "ValidationException"},
		{name: "an invalid argument is invalid", status: 400, body: named("InvalidArgumentException"), want: Invalid, code: "InvalidArgumentException"},
		{name: "a body that does not parse is invalid", status: 400, body: named("SerializationException"), want: Invalid, code: "SerializationException"},
		{name: "413 is invalid, whatever it says", status: 413, body: `too large`, want: Invalid, says: "Request Entity Too Large (HTTP status 413)"},

		{
			name: "a code comes without its namespace", status: 400, body: named("com.amazonaws.kinesis.v20131202#ResourceNotFoundException"),
			want: Denied, code: "ResourceNotFoundException",
		}, {
			name: "a code comes without an address behind it", status: 400, body: named("ValidationException:http://internal.amazon.com/"),
			want: Invalid, code: "ValidationException",
		}, {
			name: "a code may come in the header alone", status: 400, body: `{"Message":"m"}`,
			header: http.Header{"X-Amzn-Errortype": {"ValidationException:http://internal.amazon.com/"}},
			want:   Invalid, code: "ValidationException",
		}, {
			name: "a message may be missing", status: 400, body: `{"__type":"AccessDeniedException"}`,
			want: Denied, code: "AccessDeniedException", says: "AccessDeniedException: Bad Request (HTTP status 400)",
		}, {
			name: "a message may be null", status: 400, body: `{"message":null,"__type":"AccessDeniedException"}`,
			want: Denied, code: "AccessDeniedException", says: "AccessDeniedException: Bad Request (HTTP status 400)",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for name, values := range test.header {
					w.Header()[name] = values
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			answer := make(chan error, 1)
			c := clientOf(t, server.URL)
			go func() { answer <- c.Post(context.Background(), []byte("{}"), 1, &wire.Answer{}) }()
			var err error
			select {
			case err = <-answer:
			case <-time.After(30 * time.Second):
				require.Fail(t, "post does not return")
			}
			require.Equal(t, test.want.String(), Classify(err).String())
			var refusal *Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, test.code, refusal.Code)
			require.Equal(t, test.status, refusal.Status)
			if test.says == "" {
				test.says = fmt.Sprintf("%s: m (HTTP status %d)", test.code, test.status)
			}
			require.EqualError(t, err, test.says)
		})
	}
}

func TestFaultsThatPass(t *testing.T) {
	passing := map[Fault]bool{
		Unanswered: true, Throttled: true, Failing: true, Expired: true,
		Unsent: false, Denied: false, Invalid: false,
	}
	require.Len(t, passing, len(faultNames))
	for f, passes := range passing {
		require.Equal(t, passes, f.Passes(), f.String())
	}
}

func TestFaultsOfRecordsPass(t *testing.T) {
	for code, want := range map[string]Fault{
		"ProvisionedThroughputExceededException": Throttled,
		"KMSThrottlingException":                 Throttled,
		"RequestLimitExceeded":                   Throttled,
		"InternalFailure":                        Failing,
		"ServiceUnavailable":                     Failing,
		"ValidationException":                    Failing,
		"ExpiredTokenException":                  Failing,
		"NewException":                           Failing,
		"":                                       Failing,
	} {
		err := (&wire.Result{Code: code, Message: "m"}).Err()
		require.Equal(t, want.String(), Classify(err).String(), code)
		require.Equal(t, want.String(), Classify(fmt.Errorf("wrapped: %w", err)).String(), code)
		require.True(t, want.Passes())
	}
}

func TestClassifySortsWrappedErrors(t *testing.T) {
	other := errors.New("other")
	require.Equal(t, Unanswered, Classify(other))
	require.True(t, Classify(other).Passes())
	require.Equal(t, Denied, Classify(fmt.Errorf("wrapped: %w", &Error{Fault: Denied})))
	require.Equal(t, Denied, Classify(errors.Join(other, &Error{Fault: Denied})))
}

func TestFaultsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range faultNames {
		require.NotEmpty(t, name)
		require.False(t, seen[name], name)
		seen[name] = true
	}
}

func TestRequestsRefusedForTheirSizeWithoutACodeAreRefusedByAProxy(t *testing.T) {
	require.True(t, RefusedByProxy(fmt.Errorf("wrapped: %w", &Error{Fault: Invalid, Status: 413})))
	require.False(t, RefusedByProxy(&Error{Fault: Invalid, Status: 413, Code: "RequestEntityTooLarge"}))
	require.False(t, RefusedByProxy(&Error{Fault: Invalid, Status: 400}))
	require.False(t, RefusedByProxy(errors.New("other")))
}

func TestRequestErrorsWithoutAnAnswer(t *testing.T) {
	require.EqualError(t, &Error{Message: "m"}, "m")
	require.EqualError(t, &Error{Code: "C", Message: "m"}, "C: m")
	require.EqualError(t, &Error{Code: "C", Message: ": m"}, "C: : m")
}
