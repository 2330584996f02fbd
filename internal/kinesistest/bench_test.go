package kinesistest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
	v4 "github.com/aws/aws-sdk-go/aws/signer/v4"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// BenchmarkPutRecordsOverTLS is client and server together, with one request of
// 500 records of 450 bytes at a time.
func BenchmarkPutRecordsOverTLS(b *testing.B) {
	const records = 500
	s := kinesistest.Run(b, kinesistest.Options{Streams: map[string]int{"logs": 4}, Discard: true})
	data := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("a log line "), 41)[:450])
	var body bytes.Buffer
	body.WriteString(`{"StreamName":"logs","Records":[`)
	for i := range records {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"Data":"%s","PartitionKey":"%08d"}`, data, i)
	}
	body.WriteString("]}")
	c := httpClient(b, s)
	signer := v4.NewSigner(credentials.NewStaticCredentials(kinesistest.DefaultCredentials.AccessKeyID, kinesistest.DefaultCredentials.SecretAccessKey, ""))
	b.SetBytes(int64(body.Len()))
	for b.Loop() {
		r, err := http.NewRequest(http.MethodPost, s.URL(), nil)
		require.NoError(b, err)
		r.Header.Set("Content-Type", jsonType)
		r.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecords")
		_, err = signer.Sign(r, bytes.NewReader(body.Bytes()), "kinesis", "eu-west-1", time.Now())
		require.NoError(b, err)
		r.ContentLength = int64(body.Len())
		answer, err := c.Do(r)
		require.NoError(b, err)
		_, err = io.Copy(io.Discard, answer.Body)
		require.NoError(b, err)
		require.NoError(b, answer.Body.Close())
		require.Equal(b, http.StatusOK, answer.StatusCode)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/records, "ns/record")
}
