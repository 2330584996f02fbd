package kinesis

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

func TestOutputPutsRecordsOnAStream(t *testing.T) {
	for _, format := range []string{wire.JSON, wire.CBOR} {
		t.Run(format, func(t *testing.T) {
			s := kinesistest.Run(t, kinesistest.Options{Streams: map[string]int{"logs": 2}, Region: "us-west-2"})
			for _, pair := range s.Env() {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			config := configOf(t, "endpoint", s.URL(), "wire_format", format, "log_key", "log", "partition_key", "k")
			c, err := service.New(config.service())
			require.NoError(t, err)
			defer c.Close()
			o := outputLogging(t, io.Discard, c, config)

			chunk := chunkOf(600, func(i int) fields { return fields{kv("k", i), kv("log", []byte{0xff, byte(i)})} })
			require.Equal(t, OK, o.Flush(chunk, "tag"))
			require.Len(t, s.Records("logs"), 600)
			for _, r := range s.Records("logs") {
				var n byte
				_, err := fmt.Sscan(r.PartitionKey, &n)
				if err == nil {
					require.Equal(t, []byte{0xff, n}, r.Data)
				}
			}
		})
	}
}

func TestCloseEndsTheConnections(t *testing.T) {
	open, closed := make(chan struct{}, 10), make(chan struct{}, 10)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(answerOf("", "", "")) // a client that has gone shows in what it answers
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open <- struct{}{}
		case http.StateClosed:
			closed <- struct{}{}
		}
	}
	s.Start()
	defer s.Close()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID":           "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":       "secret",
		"AWS_PROFILE":                 "",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	o, err := New(configOf(t, "endpoint", s.URL), plugins.NewLogger(io.Discard, "kinesis", ""), nil)
	require.NoError(t, err)
	require.Equal(t, OK, o.Flush(numbered(3), "tag"))
	<-open
	require.Empty(t, closed, "it is kept for the next request")
	o.Close()
	select {
	case <-closed:
	case <-time.After(30 * time.Second): // left alone it would be for a minute and a half
		require.FailNow(t, "the connection is still open")
	}
}
