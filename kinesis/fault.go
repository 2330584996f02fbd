package kinesis

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"fluent-bit-kinesis/kinesis/wire"
)

// A fault is why a request came to nothing, sorted by what is to be done.
type fault uint8

const (
	unanswered fault = iota // no answer, or half of one: the records may be on the stream; try again
	unsent                  // given up before it was sent
	throttled               // try again
	failing                 // on the service's side: try again
	expired                 // signed with what has been renewed since: try again
	denied                  // until an operator mends it: hand back
	invalid                 // because of a record in it: find the record
)

var faultNames = [...]string{"unanswered", "unsent", "throttled", "failing", "expired", "denied", "invalid"}

func (f fault) String() string { return faultNames[f] }

// passes tells whether the same request may be taken a little later.
func (f fault) passes() bool { return f != denied && f != invalid && f != unsent }

// A requestError is a request that the service did not take, as a whole.
type requestError struct {
	fault   fault
	status  int    // of the HTTP answer; 0 where there was none
	code    string // the service's name of the error
	message string
}

func (e *requestError) Error() string {
	text := strings.TrimPrefix(e.code+": "+e.message, ": ")
	if e.status == 0 {
		return text
	}
	return fmt.Sprintf("%s (HTTP status %d)", text, e.status)
}

// refusal reads an error answer, whose shape is the same for all operations.
func refusal(answer *http.Response, f wire.Format, body []byte) *requestError {
	e := &requestError{status: answer.StatusCode}
	e.code, e.message = f.Refusal(body)
	if kind := answer.Header.Get("X-Amzn-Errortype"); e.code == "" && kind != "" {
		e.code = kind
	}
	e.code = bareCode(e.code)
	// Below the first line the service repeats what was signed, tokens included.
	e.message, _, _ = strings.Cut(e.message, "\n")
	if e.message == "" {
		e.message = http.StatusText(answer.StatusCode)
	}
	return e
}

// bareCode takes the error's name out of how it may be written in an answer:
// namespace#Name:address. See the AWS JSON 1.1 protocol, operation error
// serialization.
func bareCode(code string) string {
	if i := strings.IndexByte(code, ':'); i >= 0 {
		code = code[:i]
	}
	return code[strings.LastIndexByte(code, '#')+1:]
}

// invalid tells whether the service found fault with what the request says.
func (e *requestError) invalid() bool {
	switch e.code {
	case "ValidationException", "InvalidArgumentException", "SerializationException", "RequestEntityTooLarge":
		return true
	}
	return e.status == http.StatusRequestEntityTooLarge
}

// onTheWay tells whether something between here and the service refused the
// request for its size: an operator can mend that. The service names its errors.
func onTheWay(err error) bool {
	var e *requestError
	return errors.As(err, &e) && e.status == http.StatusRequestEntityTooLarge && e.code == ""
}

// stale tells whether the time of a signature may be what it was refused for,
// by the stream or by the token service.
func stale(code, message string) bool {
	switch code {
	case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		return true
	case "InvalidSignatureException", "SignatureDoesNotMatch":
		return strings.Contains(message, "Signature expired") || strings.Contains(message, "Signature not yet current")
	}
	return false
}
