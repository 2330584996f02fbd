package service

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"fluent-bit-kinesis/kinesis/wire"
)

// An Error is a request that the service did not take, as a whole.
type Error struct {
	Fault
	Status  int    // of the HTTP answer; 0 where there was none
	Code    string // the service's name of the error
	Message string

	unread bool // what refused it does not read the format that it was written in
}

// Error is the code, the message and the status, as far as there are any.
func (e *Error) Error() string {
	text := strings.TrimPrefix(e.Code+": "+e.Message, ": ")
	if e.Status == 0 {
		return text
	}
	return fmt.Sprintf("%s (HTTP status %d)", text, e.Status)
}

// RefusedByProxy tells whether something between here and the service refused a
// request for its size: an operator can mend that. The service names its errors.
func RefusedByProxy(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusRequestEntityTooLarge && e.Code == ""
}

// WasSent tells whether a request went out, whatever became of it: an error of
// its own may have kept it, such as that there are no credentials.
func WasSent(err error) bool {
	if err == nil {
		return true
	}
	var e *Error
	return !errors.As(err, &e) || e.Status != 0 || e.Fault == Unanswered
}

// readError reads the answer that refused a request signed at this time. Its
// shape is the same for all operations.
func readError(answer *http.Response, f wire.Format, body []byte, signed time.Time) *Error {
	e := &Error{Status: answer.StatusCode}
	var own bool
	e.Code, e.Message, own = readRefusal(answer, f, body)
	if kind := answer.Header.Get("X-Amzn-Errortype"); e.Code == "" && kind != "" {
		e.Code = kind
	}
	e.Code = bareCode(e.Code)
	// Below the first line the service repeats what was signed, tokens included.
	e.Message, _, _ = strings.Cut(e.Message, "\n")
	if e.Message == "" {
		e.Message = http.StatusText(answer.StatusCode)
	}
	e.Fault = faultOfRequest(e.Status, e.Code)
	e.unread = unread(e.Status, e.Code, own)
	if e.Fault != Throttled && stale(e.Code, e.Message) {
		e.Fault = faultOfStale(answer.Header.Get("Date"), signed)
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

// faultOfStale sorts the refusal of a signature made at this time: where our
// clock was wrong, the next one has the service's time.
func faultOfStale(date string, signed time.Time) Fault {
	if _, skewed := skew(date, signed); skewed {
		return Expired
	}
	return Denied
}
