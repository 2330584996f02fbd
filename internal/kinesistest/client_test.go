package kinesistest_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/kinesis"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

const (
	jsonType = "application/x-amz-json-1.1"
	cborType = "application/x-amz-cbor-1.1"
)

// httpClient trusts the server, and reuses no connection of another test.
func httpClient(t testing.TB, s *kinesistest.Server) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, ForceAttemptHTTP2: true}
	if file := s.CAFile(); file != "" {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		roots := x509.NewCertPool()
		require.True(t, roots.AppendCertsFromPEM(text))
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// sdkSession is a session of the AWS SDK without retries.
func sdkSession(t testing.TB, s *kinesistest.Server, c kinesistest.Credentials) *session.Session {
	t.Helper()
	for _, variable := range s.Env() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	sess, err := session.NewSession(&aws.Config{
		Region:      aws.String("eu-west-1"),
		Endpoint:    aws.String(s.URL()),
		HTTPClient:  httpClient(t, s),
		MaxRetries:  aws.Int(0),
		Credentials: credentials.NewStaticCredentials(c.AccessKeyID, c.SecretAccessKey, c.SessionToken),
	})
	require.NoError(t, err)
	return sess
}

// sdk is the AWS SDK's client.
func sdk(t testing.TB, s *kinesistest.Server) *kinesis.Kinesis {
	t.Helper()
	return kinesis.New(sdkSession(t, s, kinesistest.DefaultCredentials))
}

// entries are n records of distinct keys and data.
func entries(n int) []*kinesis.PutRecordsRequestEntry {
	list := make([]*kinesis.PutRecordsRequestEntry, n)
	for i := range list {
		text := "record " + string(rune('a'+i%26)) + " " + time.Duration(i).String()
		list[i] = &kinesis.PutRecordsRequestEntry{Data: []byte(text), PartitionKey: aws.String("key " + text)}
	}
	return list
}

func put(c *kinesis.Kinesis, stream string, list ...*kinesis.PutRecordsRequestEntry) (*kinesis.PutRecordsOutput, error) {
	return c.PutRecords(&kinesis.PutRecordsInput{StreamName: aws.String(stream), Records: list})
}

// requireCode checks the service's error code.
func requireCode(t testing.TB, err error, code string) awserr.RequestFailure {
	t.Helper()
	var failure awserr.RequestFailure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, code, failure.Code(), "%v", err)
	require.NotEmpty(t, failure.RequestID())
	return failure
}

// post sends a body as it is, unsigned.
func post(t testing.TB, s *kinesistest.Server, operation, contentType string, body []byte) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL(), bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	answer, err := httpClient(t, s).Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer, text
}

// postJSON sends a JSON body and reads the answer's members.
func postJSON(t testing.TB, s *kinesistest.Server, operation, body string) (int, map[string]any) {
	t.Helper()
	answer, text := post(t, s, operation, jsonType, []byte(body))
	require.Equal(t, jsonType, answer.Header.Get("Content-Type"))
	require.Len(t, answer.Header.Get("X-Amzn-RequestId"), 36)
	members := map[string]any{}
	if len(text) > 0 {
		require.NoError(t, json.Unmarshal(text, &members), "%s", text)
	}
	return answer.StatusCode, members
}
