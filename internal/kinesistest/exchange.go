package kinesistest

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody is the largest body that is read. The largest request that the
// service accepts is 5 MiB of data in base64, with its keys and names.
const maxBody = 16 << 20

// targetPrefix begins X-Amz-Target; the operation follows.
const targetPrefix = "Kinesis_20131202."

// exchange is one request on its way to its answer.
type exchange struct {
	server    *Server
	request   *http.Request
	codec     codec
	operation string
	body      []byte
	unread    bool // the body is CBOR, which the server does not know

	// Of PutRecords alone.
	put    *putRequest
	stream *stream
	flight *flight
}

// answer is what goes back to the client.
type answer struct {
	status  int
	kind    string // Content-Type
	body    []byte
	outcome string // for Stats.Outcomes
	cut     misfortune
	reset   bool
}

// perform does a request's work once its fate allows it to.
type perform func(f fate) answer

// bodies are the buffers that requests are read into, and answers written.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// serve handles one request to the stream.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !s.handlers.enter() {
		cutConnection(r, false)
	}
	defer s.handlers.done()
	buffer := bodies.Get().(*[]byte)
	defer bodies.Put(buffer)
	body, err := readBody(w, r, (*buffer)[:0])
	*buffer = body
	if err != nil {
		refuseBody(w, err)
		return
	}
	x := &exchange{server: s, request: r, body: body}
	x.codec, x.operation = codecOf(r), operationOf(r)
	_, binary := x.codec.(cborCodec)
	if x.unread = binary && s.options.WithoutCBOR.Status != 0; x.unread {
		x.codec = jsonCodec{}
	}
	s.meter.called(x.operation)
	defer x.recycle()
	if x.operation == "PutRecords" {
		s.meter.began(len(body))
	}
	a := x.answer()
	x.end(&a)
	if a.cut == none && x.stream != nil {
		s.answers.write(r, x.stream, &x.put.land) // before a client can have read it
	}
	if err := x.write(w, a); err != nil {
		x.lost()
	}
	if a.cut != none && a.outcome != OutcomeGone {
		s.answers.cut(r)
	}
	if a.cut != none && !a.cut.within() {
		cutConnection(r, a.reset)
	}
}

// readBody appends the request's body to dst.
func readBody(w http.ResponseWriter, r *http.Request, dst []byte) ([]byte, error) {
	if n := r.ContentLength; n > maxBody {
		return dst, &http.MaxBytesError{Limit: maxBody}
	} else if n >= 0 {
		if int64(cap(dst)) < n {
			dst = make([]byte, 0, n)
		}
		_, err := io.ReadFull(r.Body, dst[:n])
		return dst[:n], err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	return append(dst, body...), err
}

// refuseBody answers a request whose body did not come whole.
func refuseBody(w http.ResponseWriter, err error) {
	w.Header().Set("Connection", "close")
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.WriteHeader(http.StatusBadRequest)
}

// codecOf is the codec that a request is written in; JSON where that is unknown.
func codecOf(r *http.Request) codec {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if c, known := codecs[kind]; err == nil && known {
		return c
	}
	return jsonCodec{}
}

// operationOf is the operation that a request names, or unknownOperation.
func operationOf(r *http.Request) string {
	name, found := strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	if _, known := operations[name]; !found || !known || r.Method != http.MethodPost {
		return unknownOperation
	}
	return name
}

// unknownOperation stands for all that are not served.
const unknownOperation = "unknown"

// answer takes the request through all that may become of it.
func (x *exchange) answer() answer {
	s := x.server
	if x.unread {
		return x.refuse(s.options.WithoutCBOR)
	}
	if x.operation == unknownOperation {
		return x.refuse(Error{Status: http.StatusBadRequest, Code: "UnknownOperationException"})
	}
	c, err := s.verify(x.request, x.body, "kinesis")
	if err != nil {
		return x.refuse(err)
	}
	s.keys.use(c)
	work, err := operations[x.operation](x)
	if err != nil {
		return x.refuse(err)
	}
	f := s.fates.draw(x.operation, x.streamName())
	if a, met := x.before(f); met {
		return a
	}
	return x.after(f, work(f))
}

// streamName is the stream that a PutRecords request is for.
func (x *exchange) streamName() string {
	if x.stream == nil {
		return ""
	}
	return x.stream.name
}

// before is what befalls a request before its work is done. met is set where
// the work is not to be done at all.
func (x *exchange) before(f fate) (a answer, met bool) {
	if !x.pause(f.delay) {
		return x.gone(), true
	}
	switch f.misfortune {
	case failRequest:
		return x.refuse(ErrorNamed("InternalFailure")), true
	case throttleRequest:
		return x.refuse(ErrorNamed("ProvisionedThroughputExceededException")), true
	case answerError:
		return x.refuse(f.err), true
	case badGateway:
		return answer{status: http.StatusBadGateway, kind: "text/html", outcome: OutcomeBadGateway,
			body: []byte("<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n")}, true
	case cutBefore:
		return answer{cut: cutBefore, reset: f.reset, outcome: OutcomeCutBefore}, true
	case hang:
		if !x.server.hangs.wait(x.request.Context().Done(), x.server.closing) {
			return x.gone(), true
		}
	}
	return answer{}, false
}

// after is what befalls a request once its work is done. Refused requests have
// nothing to lose, but their answers are cut all the same.
func (x *exchange) after(f fate, a answer) answer {
	if !x.pause(f.answerDelay) {
		return x.gone()
	}
	switch f.misfortune {
	case cutAfter:
		return answer{cut: cutAfter, reset: f.reset, outcome: OutcomeCutAfter}
	case cutWithin:
		a.cut, a.outcome = cutWithin, OutcomeCutWithin
	case stallWithin:
		a.cut, a.outcome = stallWithin, OutcomeStalled
	}
	return a
}

// pause is false if the client went away, or the server closed, before its end.
func (x *exchange) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.request.Context().Done():
	case <-x.server.closing:
	}
	return false
}

// gone is the answer to nobody.
func (x *exchange) gone() answer {
	return answer{cut: cutAfter, outcome: OutcomeGone}
}

// refuse is an error's answer.
func (x *exchange) refuse(err error) answer {
	var e Error
	if !errors.As(err, &e) {
		e = refuse("InternalFailure", "%v", err)
	}
	return answer{status: e.Status, kind: x.codec.contentType(), body: x.codec.encodeError(e), outcome: e.Code}
}

// end takes the request out of flight, before its answer's first byte leaves.
func (x *exchange) end(a *answer) {
	if x.operation != "PutRecords" {
		return
	}
	if a.cut == none && x.request.Context().Err() != nil {
		*a = x.gone()
	}
	gone := a.outcome == OutcomeGone
	if gone {
		x.lost()
	}
	if x.flight != nil {
		x.stream.overlaps.release(x.flight, gone)
	}
	x.server.meter.ended(a.outcome)
}

// lost marks what landed as unanswered.
func (x *exchange) lost() {
	if x.put == nil || x.put.land.landed() == 0 || x.put.land.unanswered {
		return
	}
	x.put.land.unanswered = true
	x.server.meter.lost(x.stream.lost(x.put.land.from, x.put.land.to))
}

// recycle gives back what the exchange borrowed.
func (x *exchange) recycle() {
	if x.put != nil {
		x.put.recycle(!x.server.options.Discard)
	}
}

// write sends the answer, or the first half of it.
func (x *exchange) write(w http.ResponseWriter, a answer) error {
	if a.cut != none && !a.cut.within() {
		return nil
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	id := x.server.requestID()
	h.Set("X-Amzn-RequestId", id)
	h.Set("X-Amz-Id-2", id+id)
	w.WriteHeader(a.status)
	if a.cut.within() {
		// Of an answer that is shorter than it says, net/http closes the
		// connection.
		a.body = a.body[:len(a.body)/2]
	}
	if _, err := w.Write(a.body); err != nil {
		return err
	}
	// What cannot be sent is not answered. net/http would find out once this
	// has returned, and keep it to itself.
	err := http.NewResponseController(w).Flush()
	if a.cut == stallWithin {
		x.server.hangs.wait(x.request.Context().Done(), x.server.closing)
	}
	return err
}

// requestID is a UUID made of the seed and the number of requests.
func (s *Server) requestID() string {
	n := s.requests.Add(1)
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], mix(s.options.Seed^n))
	binary.BigEndian.PutUint64(raw[8:], mix(n))
	raw[6] = raw[6]&0x0f | 0x40 // version 4
	raw[8] = raw[8]&0x3f | 0x80 // variant of RFC 9562
	id := hex.EncodeToString(raw[:])
	return strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
}
