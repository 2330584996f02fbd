package service

import (
	"errors"
	"net/http"
	"strings"

	"fluent-bit-kinesis/kinesis/wire"
)

// A Fault is why a request came to nothing, or a record was refused, sorted by
// what is to be done.
type Fault uint8

const (
	Unanswered Fault = iota // no answer, or half of one: the records may be on the stream; try again
	Unsent                  // given up before it was sent
	Throttled               // try again
	Failing                 // on the service's side: try again
	Expired                 // signed with what has been renewed since: try again
	Denied                  // until an operator mends it: hand back
	Invalid                 // because of a record in it: find the record
)

var faultNames = [...]string{"unanswered", "unsent", "throttled", "failing", "expired", "denied", "invalid"}

// String is the fault as the log has it.
func (f Fault) String() string { return faultNames[f] }

// Passes tells whether the same request may be taken a little later.
func (f Fault) Passes() bool { return f != Denied && f != Invalid && f != Unsent }

// Classify sorts the error of a request or of a record. An error that is neither
// is taken for a request without an answer: nothing is known of it.
func Classify(err error) Fault {
	var request *Error
	if errors.As(err, &request) {
		return request.Fault
	}
	var record *wire.RecordError
	if errors.As(err, &record) {
		return faultOfRecord(record.Code)
	}
	return Unanswered
}

// faultOfCode is what the service's names of errors mean. The SDK knows others,
// that services have in common: see sdkFault.
var faultOfCode = map[string]Fault{
	"ProvisionedThroughputExceededException": Throttled,
	"ThrottlingException":                    Throttled,
	"KMSThrottlingException":                 Throttled,

	"ExpiredTokenException": Expired,

	"UnrecognizedClientException": Denied,

	"ValidationException":      Invalid,
	"InvalidArgumentException": Invalid,
	"SerializationException":   Invalid,
	"RequestEntityTooLarge":    Invalid,
}

// lookUp finds what a code means; known is false where nobody knows.
func lookUp(code string) (f Fault, known bool) {
	if f, known = faultOfCode[code]; known {
		return f, true
	}
	return sdkFault(code)
}

// faultOfRecord sorts the refusal of a record in a request that was taken. It is
// because of throttling or of a failure inside the service: both pass.
func faultOfRecord(code string) Fault {
	if f, _ := lookUp(code); f == Throttled {
		return Throttled
	}
	return Failing
}

// RefusesSize tells whether a record of more than 1 MiB was refused for its size, in a
// request that was taken. How a stream says so is not documented: by the name that
// such a request would get, or by words for it.
func RefusesSize(code, message string) bool {
	switch f, _ := lookUp(code); f {
	case Invalid:
		return true
	case Throttled, Failing:
		return false
	}
	text := strings.ToLower(code + " " + message)
	return strings.Contains(text, "size") || strings.Contains(text, "too large") || strings.Contains(text, "length")
}

// faultOfRequest sorts the refusal of a request. What the status says goes
// before a code that names no more than a sort of error.
func faultOfRequest(status int, code string) Fault {
	f, known := lookUp(code)
	switch {
	case status == http.StatusTooManyRequests, f == Throttled:
		return Throttled
	case f == Expired:
		return Expired
	case status >= 500:
		return Failing
	case known:
		return f
	case status == http.StatusRequestEntityTooLarge:
		return Invalid
	}
	return Denied
}
