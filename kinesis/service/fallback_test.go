package service

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/wire"
)

const (
	amzCBOR = "application/x-amz-cbor-1.1"
	amzJSON = "application/x-amz-json-1.1"
)

// cborRefusal is a refusal as the service writes it in CBOR.
func cborRefusal(code string) string {
	return "\xa1\x66__type" + string(rune(0x60+len(code))) + code
}

// A listener answers CBOR with what a test wants, and JSON with a result.
type listener struct {
	status     int
	kind, body string // of the answer to CBOR

	mu   sync.Mutex // guards the following
	seen []string   // the kinds of content, in turn
	last []byte     // the last body
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = append(l.seen, r.Header.Get("Content-Type"))
	l.last, _ = io.ReadAll(r.Body)
	if r.Header.Get("Content-Type") == amzJSON {
		_, _ = w.Write(taken)
		return
	}
	if l.kind != "" {
		w.Header().Set("Content-Type", l.kind)
	}
	w.WriteHeader(l.status)
	_, _ = io.WriteString(w, l.body)
}

// oneRecord are the bodies of a request of one record.
func oneRecord() (cbor, json []byte) {
	for _, name := range []string{wire.CBOR, wire.JSON} {
		f := wire.FormatOf(name)
		b := wire.NewBody(f, f.AppendHead(nil, "logs"))
		b.Add([]byte("data"), []byte("key"))
		cbor, json = json, b.Close()
	}
	return cbor, json
}

func TestTheClientFallsBackWhereNothingWasTaken(t *testing.T) {
	const stays, resends, counts = "stays", "resends", "counts"
	for _, x := range []struct {
		name       string
		status     int
		kind, body string
		want       string
	}{
		{"an unknown kind of content", 415, "", "", resends},
		{"an unknown kind of content, in CBOR", 415, amzCBOR, cborRefusal("Unsupported"), resends},
		{"what cannot be read", 400, amzJSON, `{"__type":"SerializationException"}`, resends},
		{"an unknown operation", 400, amzJSON, `{"__type":"com.amazon.coral.service#UnknownOperationException"}`, resends},
		{"an invalid request, said in JSON", 400, amzJSON, `{"__type":"ValidationException","message":"no records"}`, resends},
		{"a page", 400, "text/html", "<html>what?</html>", resends},
		{"a page that is not there", 404, "text/plain", "404 page not found", resends},
		{"nothing", 422, "", "", resends},

		{"what cannot be read, said in CBOR", 400, amzCBOR, cborRefusal("SerializationException"), stays},
		{"nothing, of that kind", 400, amzCBOR, "", stays},
		{"a stream that is not there", 400, amzJSON, `{"__type":"ResourceNotFoundException"}`, stays},
		{"no access", 403, "text/html", "<html>no</html>", stays},
		{"a proxy that wants a name", 407, "text/html", "", stays},
		{"too much for a proxy", 413, "text/html", "", stays},
		{"throttling", 400, amzJSON, `{"__type":"ProvisionedThroughputExceededException"}`, stays},
		{"too many requests", 429, "text/html", "", stays},
		{"expired keys", 400, amzJSON, `{"__type":"ExpiredTokenException"}`, stays},
		{"a failure", 500, amzJSON, `{"__type":"SerializationException"}`, stays},
		{"a gateway that is bad", 502, "text/html", "<html>", stays},

		{"an answer in JSON", 200, amzJSON, string(taken), counts},
		{"a page with 200", 200, "text/html", "<html>", stays},
		{"JSON that is no answer", 200, amzJSON, `{"status":"healthy"}`, stays},
		{"half of an answer", 200, amzJSON, string(taken[:50]), stays},
		{"half of an answer in CBOR", 200, amzCBOR, "\xa1\x67Records\x81", stays},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := &listener{status: x.status, kind: x.kind, body: x.body}
			server := httptest.NewServer(l)
			defer server.Close()
			var why []string
			c := clientWith(t, Options{Endpoint: server.URL, Format: wire.FormatOf(wire.CBOR), FellBack: func(text string) { why = append(why, text) }})
			cbor, json := oneRecord()
			var answer wire.Answer
			err := c.Post(t.Context(), cbor, 1, &answer)
			switch x.want {
			case resends:
				require.NoError(t, err)
				require.Equal(t, []string{amzCBOR, amzJSON}, l.seen)
				require.Equal(t, string(json), string(l.last))
			case counts:
				require.NoError(t, err)
				require.Equal(t, []string{amzCBOR}, l.seen, "what was taken is not sent again")
			default:
				require.Error(t, err)
				require.Equal(t, []string{amzCBOR}, l.seen)
				require.Empty(t, why)
				return
			}
			require.Len(t, why, 1)
			l.seen = nil
			require.NoError(t, c.Post(t.Context(), cbor, 1, &answer))
			require.Equal(t, []string{amzJSON}, l.seen, "from then on")
			require.Equal(t, string(json), string(l.last))
			require.Len(t, why, 1, "once")
		})
	}
}

func TestAClientThatMayNotFallBackReadsJSONAllTheSame(t *testing.T) {
	l := &listener{status: 200, kind: amzJSON, body: string(taken)}
	server := httptest.NewServer(l)
	defer server.Close()
	c := clientWith(t, Options{Endpoint: server.URL, Format: wire.FormatOf(wire.CBOR)})
	cbor, _ := oneRecord()
	for range 2 {
		require.NoError(t, c.Post(t.Context(), cbor, 1, &wire.Answer{}))
	}
	l.status, l.body = 400, `{"__type":"SerializationException","message":"?"}`
	require.ErrorContains(t, c.Post(t.Context(), cbor, 1, &wire.Answer{}), "SerializationException: ?")
	require.Equal(t, []string{amzCBOR, amzCBOR, amzCBOR}, l.seen)
}

func TestManyRequestsFallBackAtOnce(t *testing.T) {
	l := &listener{status: 415}
	server := httptest.NewServer(l)
	defer server.Close()
	said := 0
	c := clientWith(t, Options{Endpoint: server.URL, Format: wire.FormatOf(wire.CBOR), FellBack: func(string) { said++ }})
	cbor, _ := oneRecord()
	var all sync.WaitGroup
	errs := make(chan error, 16)
	for range cap(errs) {
		all.Go(func() { errs <- c.Post(t.Context(), cbor, 1, &wire.Answer{}) })
	}
	all.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	require.Equal(t, 1, said)
}

func TestAddressesOfAWS(t *testing.T) {
	for address, want := range map[string]bool{
		"": true,
		"https://kinesis.eu-west-1.amazonaws.com":                              true,
		"https://KINESIS-FIPS.us-east-1.AMAZONAWS.com:443/":                    true,
		"https://vpce-0a1b-2c3d.kinesis.eu-west-1.vpce.amazonaws.com":          true,
		"https://kinesis.eu-west-1.api.aws":                                    true,
		"https://kinesis.cn-north-1.amazonaws.com.cn":                          true,
		"https://kinesis.eusc-de-east-1.amazonaws.eu":                          true,
		"kinesis.us-gov-west-1.amazonaws.com":                                  true,
		"https://127.0.0.1:4568":                                               false,
		"http://localhost:4566":                                                false,
		"https://kinesis.internal":                                             false,
		"https://amazonaws.com.example.org":                                    false,
		"https://notamazonaws.com":                                             false,
		"https://example.org/kinesis.eu-west-1.amazonaws.com":                  false,
		"https://kinesis.eu-west-1.amazonaws.com.localhost.localstack.cloud:1": false,
		"://": false,
	} {
		require.Equal(t, want, IsAWS(address), address)
	}
}
