package record

import (
	"errors"

	"fluent-bit-kinesis/plugins/msgjson"
)

// A DropReason is why a record is not sent, for good.
type DropReason uint8

// The reasons that lie in the record itself. What comes after them, such as a
// refusal of the service, is numbered from DropReasons on by whoever meets it.
const (
	NoLogKey  DropReason = iota // it has no log_key
	TooDeep                     // it is nested too deep
	TooBig                      // it cannot be made to fit
	Malformed                   // it, and what follows in its chunk, cannot be read
	DropReasons
)

var dropNames = [DropReasons]string{"without log_key", "nested too deep", "too big", "malformed"}

// String names the reason as the log does.
func (r DropReason) String() string { return dropNames[r] }

// ErrEmpty says that nothing is left of an event to be sent, and that it is to be
// left out, as skip_empty asks.
var ErrEmpty = errors.New("nothing is left of the record")

var (
	errNoLogKey = errors.New("record has no log_key")
	errTooBig   = errors.New("record cannot be made to fit")
)

// DropOf is the reason for which an error of Encode drops the record. known is
// false where the rest of the chunk is lost with it.
func DropOf(err error) (reason DropReason, known bool) {
	switch {
	case errors.Is(err, errNoLogKey):
		return NoLogKey, true
	case errors.Is(err, msgjson.ErrTooDeep):
		return TooDeep, true
	case errors.Is(err, errTooBig):
		return TooBig, true
	}
	return Malformed, false
}
