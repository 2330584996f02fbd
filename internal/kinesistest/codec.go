package kinesistest

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// codec is a wire format of requests and answers: the operations do not know
// which one a client speaks. PutRecords is the operation whose speed matters,
// and has methods of its own.
type codec interface {
	contentType() string
	// parsePutRecords reads a PutRecords request into p. It keeps nothing of
	// body.
	parsePutRecords(p *putRequest, body []byte) error
	// appendPutRecordsAnswer appends the answer to a PutRecords request.
	appendPutRecordsAnswer(dst []byte, st *stream, l *landing) []byte
	// decode reads the request of any other operation into the struct in.
	decode(body []byte, in any) error
	// encode writes the answer of any other operation.
	encode(out any) ([]byte, error)
	// encodeError writes the body of an error.
	encodeError(e Error) []byte
}

// codecs by Content-Type.
var codecs = map[string]codec{
	jsonCodec{}.contentType(): jsonCodec{},
	cborCodec{}.contentType(): cborCodec{},
}

// badBody is the service's error for a body that it cannot read.
func badBody(format string, args ...any) error {
	return refuse("SerializationException", format, args...)
}

// messageName is the member of an error's body that has the message. The
// service writes message, and the layers in front of it, which authorise and
// deserialise, write Message; a client must know both.
func messageName(code string) string {
	switch code {
	case "AccessDeniedException", "SerializationException":
		return "Message"
	}
	return "message"
}

// messageOf is what the answer says about an entry that was refused.
func (st *stream) messageOf(r result) (code, message string) {
	if r.refusal == throttled {
		return "ProvisionedThroughputExceededException",
			"Rate exceeded for shard " + r.shard.ID + " in stream " + st.name + " under account " + accountID + "."
	}
	return "InternalFailure", "Internal service failure."
}

// timestamp is a time on the wire: in JSON seconds with milliseconds as their
// fraction, in CBOR tag 1 around whole milliseconds, which is the service's
// own reading of that tag.
type timestamp struct{ time.Time }

// MarshalJSON writes seconds to the millisecond.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(t.UnixMilli())/1000, 'f', 3, 64), nil
}

// UnmarshalJSON reads seconds.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	seconds, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return fmt.Errorf("timestamp %s is not a number of seconds", b)
	}
	t.Time = time.UnixMilli(int64(math.Round(seconds * 1000)))
	return nil
}

// cborEpoch is the CBOR tag of a time counted from 1970.
const cborEpoch = 1

// MarshalCBOR writes milliseconds.
func (t timestamp) MarshalCBOR() ([]byte, error) {
	return cbor.Marshal(cbor.Tag{Number: cborEpoch, Content: t.UnixMilli()})
}

// UnmarshalCBOR reads milliseconds, and floats as the seconds that other
// writers of the tag mean.
func (t *timestamp) UnmarshalCBOR(b []byte) error {
	var tag cbor.RawTag
	if err := cbor.Unmarshal(b, &tag); err != nil {
		return err
	}
	var number any
	if err := cbor.Unmarshal(tag.Content, &number); err != nil {
		return err
	}
	switch n := number.(type) {
	case uint64:
		t.Time = time.UnixMilli(int64(n))
	case int64:
		t.Time = time.UnixMilli(n)
	case float64:
		t.Time = time.UnixMilli(int64(math.Round(n * 1000)))
	default:
		return fmt.Errorf("timestamp of CBOR type %T", number)
	}
	return nil
}
