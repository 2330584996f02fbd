package record

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/plugins"
	"fluent-bit-kinesis/plugins/events"
)

type (
	fields = []flbhost.Field
	array  = []any
)

// kv is a field of an event.
var kv = flbhost.F

// eventsTime is the time of events for which it does not matter.
var (
	eventsTime = time.Unix(1_700_000_000, 123_456_789)
	eventsAt   = flbhost.EventTime(eventsTime)
)

// defaultFormat is that of encoderOf where a time is added in no other.
const defaultFormat = "%Y-%m-%dT%H:%M:%S"

// format is the format of a pattern that is good.
func format(pattern string) *plugins.TimeFormat {
	f, err := plugins.NewTimeFormat(pattern)
	if err != nil {
		panic(err)
	}
	return f
}

// encoder encodes events one after another, as a flush does.
type encoder struct {
	t testing.TB
	*Encoder
}

// encoderOf is an encoder under these options, with the default format and the
// service's limit where they name none.
func encoderOf(t testing.TB, options Options) encoder {
	if options.TimeFormat == nil {
		options.TimeFormat = format(defaultFormat)
	}
	if options.MaximumSize == 0 {
		options.MaximumSize = mebibyte
	}
	return encoder{t, NewEncoder(options)}
}

// compressing lends the encoder a compressor, if there is one to lend.
func (e encoder) compressing(f compress.Format) encoder {
	e.t.Helper()
	if f == compress.None {
		return e
	}
	var err error
	e.Compressor, err = compress.New(f, compress.DefaultLevel)
	require.NoError(e.t, err)
	return e
}

// of encodes an event.
func (e encoder) of(header flbhost.Header, body fields) (Record, error) {
	e.t.Helper()
	var chunk flbhost.Chunk
	chunk.Append(header, body...)
	event := events.NewReader(chunk.Bytes())
	require.True(e.t, event.Next(), "%v", event.Err())
	size := len(event.Body())
	r, n, err := e.Encode(&event)
	require.Equal(e.t, size, n, "length of the event's body")
	return r, err
}

// must encodes an event of which a record can be made.
func (e encoder) must(body ...flbhost.Field) Record {
	e.t.Helper()
	r, err := e.of(eventsAt, body)
	require.NoError(e.t, err)
	return r
}

// deep is a value of so many levels of maps and arrays, which count alike.
func deep(levels int) any {
	if levels == 0 {
		return "x"
	}
	if levels%2 == 0 {
		return array{deep(levels - 1)}
	}
	return fields{kv("d.", deep(levels-1))}
}
