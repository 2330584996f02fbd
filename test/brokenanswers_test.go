package test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// rawAnswer answers a request with these bytes and the end of the connection.
func rawAnswer(answer string) http.HandlerFunc {
	return byHand(answer, func(net.Conn) {})
}

// reset answers a request with these bytes and a connection that is reset.
func reset(answer string) http.HandlerFunc {
	return byHand(answer, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) })
}

// stalled answers a request with these bytes, and with nothing more until the
// client gives up.
func stalled(answer string) http.HandlerFunc {
	return byHand(answer, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
}

// byHand answers a request with these bytes, on a connection that is taken out of
// the server's hands and closed after finish.
func byHand(answer string, finish func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, answer)
		finish(c)
	}
}

// said answers a request with a status and a text of this type.
func said(status int, kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "https://login.example/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// endless answers a request with text that has no end.
func endless(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	piece := bytes.Repeat([]byte("<p>more</p>"), 10_000)
	for {
		if _, err := w.Write(piece); err != nil {
			return
		}
	}
}

const (
	amzJSON = "application/x-amz-json-1.1"
	page    = "<html><body><h1>Something between you and Kinesis</h1></body></html>"
)

// broken is what may come in place of an answer of the service. What was sent
// has not reached the stream.
var broken = []struct {
	name   string
	answer http.HandlerFunc
	fault  string
	said   string
}{
	{"502 with a page of a proxy", said(502, "text/html", page), "failing", "Bad Gateway (HTTP status 502)"},
	{"503 with a page as large as a book", said(503, "text/html", strings.Repeat(page, 10_000)), "failing", "Service Unavailable (HTTP status 503)"},
	{"504 without a word", said(504, "", ""), "failing", "Gateway Timeout (HTTP status 504)"},
	{"200 with a page", said(200, "text/html", page), "unanswered", "answer of the service cannot be read"},
	{"200 without a word", said(200, amzJSON, ""), "unanswered", "answer of the service"},
	{"200 with something else in JSON", said(200, amzJSON, `{"status":"healthy"}`), "unanswered", "answer of the service has 0 results for 3 records"},
	{"200 with the half of an answer", said(200, amzJSON, `{"Records":[{"SequenceNumber":"1","ShardId":"shard`), "unanswered", "answer of the service cannot be read"},
	{"200 with the answer to another request", said(200, amzJSON, `{"FailedRecordCount":1,"Records":[{"ErrorCode":"InternalFailure"}]}`), "unanswered", "answer of the service has 1 results for 3 records"},
	{"200 with bytes of nothing", said(200, amzJSON, "\x00\xff\x1b\x80"), "unanswered", "answer of the service cannot be read"},
	{"200 with an answer that has no end", endless, "unanswered", "answer of the service is longer than"},
	{"an answer that says it is longer", rawAnswer("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"FailedRecordCount\":0,"), "unanswered", "unexpected EOF"},
	{"an answer in pieces of which the last is missing", rawAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"Fai\r\n"), "unanswered", "unexpected EOF"},
	{"an answer that only says that it is compressed", rawAnswer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 23\r\n\r\n{\"FailedRecordCount\":0}"), "unanswered", "gzip: invalid header"},
	{"something that is not HTTP", rawAnswer("SSH-2.0-OpenSSH_9.2p1\r\n"), "unanswered", ""},
	{"no answer and a connection that is closed", rawAnswer(""), "unanswered", ""},
	{"no answer and a connection that is reset", reset(""), "unanswered", ""},
	{"the half of an answer and a connection that is reset", reset("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"), "unanswered", ""},
}

func TestAnAnswerThatIsNotTheServicesIsSaidAndTheRequestTriedAgain(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	for _, x := range broken {
		for _, format := range []string{"json", "cbor"} {
			if format == "cbor" && strings.Contains(x.said, "results for 3 records") {
				continue // JSON is no CBOR
			}
			t.Run(x.name+", "+format, func(t *testing.T) {
				s.Reset()
				f := runFront(t, s.URL())
				h := runHost(t, s, flbhost.Config{}, options{"endpoint": f.URL, "wire_format": format})
				f.meddle(1, x.answer)
				result, err := h.Flush(0, "tag", goodThen().Bytes())
				require.NoError(t, err)
				require.Equal(t, flbhost.OK, result.Code)
				require.ElementsMatch(t, goodData, datas(s.Records(streamName)))
				require.Equal(t, 2, f.count())
				log := exitLog(t, h)
				requireLine(t, log, levelOf("failed ("+x.fault+")"), "a request of 3 records failed ("+x.fault+"): ", x.said)
				require.Less(t, len(h.Log()), 8000, "the log has no book in it")
			})
		}
	}
}

// TestAnAnswerWithoutAResultForEachRecordIsNoAnswer has answers that say that
// nothing failed, to requests of three records that have not reached the stream.
func TestAnAnswerWithoutAResultForEachRecordIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	const taken = `{"SequenceNumber":"1","ShardId":"shardId-000000000000"}`
	const cborTaken = "\xbf\x6eSequenceNumber\x611\x67ShardId\x74shardId-000000000000\xff"
	const cborHead = "\xbf\x71FailedRecordCount\x00\x67Records"
	for _, x := range []struct {
		name, format, body string
		results            int
	}{
		{"no list of results", "json", `{"FailedRecordCount":0}`, 0},
		{"no results", "json", `{"FailedRecordCount":0,"Records":[]}`, 0},
		{"fewer results", "json", `{"FailedRecordCount":0,"Records":[` + taken + `,` + taken + `]}`, 2},
		{"more results", "json", `{"FailedRecordCount":0,"Records":[` + strings.Repeat(taken+",", 3) + taken + `]}`, 4},
		{"no list of results", "cbor", "\xa1\x71FailedRecordCount\x00", 0},
		{"no results", "cbor", cborHead + "\x80\xff", 0},
		{"fewer results", "cbor", cborHead + "\x9f" + strings.Repeat(cborTaken, 2) + "\xff\xff", 2},
		{"more results", "cbor", cborHead + "\x84" + strings.Repeat(cborTaken, 4) + "\xff", 4},
	} {
		t.Run(x.name+", "+x.format, func(t *testing.T) {
			s.Reset()
			f := runFront(t, s.URL())
			h := runHost(t, s, flbhost.Config{}, options{"endpoint": f.URL, "wire_format": x.format})
			f.meddle(1, said(200, "application/x-amz-"+x.format+"-1.1", x.body))
			result, err := h.Flush(0, "tag", goodThen().Bytes())
			require.NoError(t, err)
			require.Equal(t, flbhost.OK, result.Code)
			require.ElementsMatch(t, goodData, datas(s.Records(streamName)))
			require.Equal(t, 2, f.count())
			requireLine(t, exitLog(t, h), "warning", "a request of 3 records failed (unanswered): ",
				"answer of the service has "+decimal(x.results)+" results for 3 records")
		})
	}
}

func TestAnAnswerThatNeverComesIsGivenUp(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	for _, x := range []struct{ name, answer string }{
		{"nothing", ""},
		{"the half of a head", "HTTP/1.1 200 OK\r\nContent-Le"},
		{"a head", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"},
		{"a head, and the half of a body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"Fai\r\n"},
		{"the head of a refusal", "HTTP/1.1 400 Bad Request\r\nContent-Length: 500\r\n\r\n"},
	} {
		t.Run("all there is: "+x.name, func(t *testing.T) {
			s.Reset()
			f := runFront(t, s.URL())
			h := runHost(t, s, flbhost.Config{}, options{"endpoint": f.URL, "http_request_timeout": "1"})
			f.meddle(1, stalled(x.answer))
			result, err := h.Flush(0, "tag", goodThen().Bytes())
			require.NoError(t, err)
			require.Equal(t, flbhost.OK, result.Code)
			require.ElementsMatch(t, goodData, datas(s.Records(streamName)))
			require.Equal(t, 2, f.count())
			requireLine(t, exitLog(t, h), "warning", "a request of 3 records failed (unanswered): no answer within 1s (http_request_timeout) from "+f.URL)
		})
	}
}

// A minute is what it takes, and nothing else is done in it.
func TestWithoutALimitOfTheUsersAnAnswerThatNeverComesIsGivenUpAllTheSame(t *testing.T) {
	for _, x := range []struct{ name, answer string }{
		{"nothing", ""},
		{"a head", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"},
	} {
		t.Run("all there is: "+x.name, func(t *testing.T) {
			t.Parallel()
			s := runStream(t, kinesistest.Options{PlainHTTP: true})
			f := runFront(t, s.URL())
			h := runHost(t, s, retried, options{"endpoint": f.URL})
			f.meddle(1, stalled(x.answer))
			requireTaken(t, []*flbhost.Job{h.Go(0, "tag", goodThen().Bytes())}) // when it is offered again
			require.ElementsMatch(t, goodData, datas(s.Records(streamName)))
			requireLine(t, exitLog(t, h), "warning", "a request of 3 records failed (unanswered): the request is given up, for it has had no answer for 1m0s from "+f.URL)
		})
	}
}

// TestARefusalThatIsNotTheServicesIsSaidUntilItEnds is what login pages and
// firewalls answer.
func TestARefusalThatIsNotTheServicesIsSaidUntilItEnds(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	for _, x := range []struct {
		name   string
		answer http.HandlerFunc
		said   string
	}{
		{"302 to a login page", said(302, "text/html", page), "failed (denied): Found (HTTP status 302)"},
		{"403 with a page of a firewall", said(403, "text/html", page), "failed (denied): Forbidden (HTTP status 403)"},
		{"404 with a page of another server", said(404, "text/html", page), "failed (denied): Not Found (HTTP status 404)"},
		{"204 without a word", said(204, "", ""), "failed (denied): No Content (HTTP status 204)"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.Reset()
			f := runFront(t, s.URL())
			f.meddle(-1, x.answer)
			h := runHost(t, s, retried, options{"endpoint": f.URL})
			requireMends(t, s, h, f.mend, x.said)
		})
	}
}

// TestAProxyWithASmallerLimitGetsSmallerRequests has a proxy on the way that
// takes no more than a few kilobytes at once.
func TestAProxyWithASmallerLimitGetsSmallerRequests(t *testing.T) {
	t.Parallel()
	s := runStream(t, kinesistest.Options{PlainHTTP: true})
	f := runFront(t, s.URL())
	tooLarge, service := said(413, "text/html", page), f.service
	f.service = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 8<<10 {
			tooLarge(w, r)
			return
		}
		service.ServeHTTP(w, r)
	})
	l := shortLines(1000, 1000)
	h := runHost(t, s, flbhost.Config{}, options{"endpoint": f.URL})
	flushAll(t, h, 0, l.chunks...)
	l.requireOnce(t, s)
}
