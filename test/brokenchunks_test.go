package test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// goodThen is a chunk of three good events and then something else.
func goodThen(rest ...byte) *flbhost.Chunk {
	var c flbhost.Chunk
	for i := range 3 {
		c.Append(flbhost.EventTime(when), F("n", i))
	}
	c.AppendRaw(rest)
	return &c
}

var goodData = []string{`{"n":0}`, `{"n":1}`, `{"n":2}`}

// header is the start of an event, up to its body.
var header = []byte{0x92, 0xd7, 0x00, 0, 0, 0, 1, 0, 0, 0, 0}

func TestWhatCannotBeReadIsDroppedAndWhatCameBeforeLands(t *testing.T) {
	event := func(body ...byte) []byte { return append(append([]byte(nil), header...), body...) }
	const offset = "chunk cannot be read from byte 45 of " // three events of 15 bytes
	rows := []struct {
		name string
		rest []byte
		why  string
	}{
		{"a body that is a string", event(0xa1, 'x'), "event body is of msgpack type str, not a map"},
		{"a body that is an array", event(0x90), "event body is of msgpack type array, not a map"},
		{"a body that is null", event(0xc0), "event body is of msgpack type nil, not a map"},
		{"an event that is a map", []byte{0x80}, "event is not an array"},
		{"an event that is a number", []byte{0x07}, "event is not an array"},
		{"an event of three", []byte{0x93, 1, 2, 3}, "event is an array of 3, not of header and body"},
		{"an event of none", []byte{0x90}, "event is an array of 0, not of header and body"},
		{"a header that is a string", []byte{0x92, 0xa1, 'x', 0x80}, "event header is of msgpack type str, not a time"},
		{"a header that is an empty array", []byte{0x92, 0x90, 0x80}, "event header is an array of 0"},
		{"a header of three", []byte{0x92, 0x93, 0x01, 0x80, 0x80, 0x80}, "event header is an array of 3"},
		{"a header of another ext type", []byte{0x92, 0xd7, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}, "event header is ext type 5 of 8 bytes, not an event time"},
		{"a byte that begins no value", event(0x81, 0xa1, 'k', 0xc1), "0xc1"},
		{"an event that is cut in its header", header[:6], ""},
		{"an event that is cut before its body", header, "cut off"},
		{"an event that is cut in its body", event(0x82, 0xa1, 'k', 0x01), "cut off"},
		{"a string that is longer than the chunk", event(0x81, 0xa1, 'k', 0xdb, 0xff, 0xff, 0xff, 0xff, 'x'), ""},
		{"a map that says it has four thousand million members", event(0xdf, 0xff, 0xff, 0xff, 0xff), "cut off"},
		{"an array that says it has four thousand million elements", event(0x81, 0xa1, 'k', 0xdd, 0xff, 0xff, 0xff, 0xff), "cut off"},
	}
	s := setStage(t, kinesistest.Options{}, flbhost.Config{RetryLimit: flbhost.NoLimit}, make([]options, len(rows))...)
	for i, x := range rows {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, goodData, datas(s.flushTo(i, flbhost.Error, goodThen(x.rest...))))
			require.Equal(t, goodData, datas(s.flushTo(i, flbhost.OK, goodThen())), "the next chunk goes through")
		})
	}
	log := exitLog(t, s.host)
	for i, x := range rows {
		instance := "[kinesis " + decimal(i) + "] "
		requireLine(t, log, "error", instance+offset, x.why, "the "+decimal(len(x.rest))+" bytes from there on are dropped")
		requireLine(t, log, "info", instance+"at exit: ", "dropped: malformed 1")
	}
	require.Len(t, log.texts("error"), len(rows))
}

// TestAChunkThatIsCutAnywhere also has the host watch for a read beyond the
// chunk's last byte, which would end the process.
func TestAChunkThatIsCutAnywhereDeliversItsWholeEvents(t *testing.T) {
	var c flbhost.Chunk
	ends := []int{0}
	for _, kind := range kinds[:20] {
		c.Append(flbhost.WithMetadata(when, F("m", "x")), kind.body...)
		ends = append(ends, c.Size())
	}
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"time_key": "t", "partition_key": "a->b", "replace_dots": "_"})
	for size := 0; size <= c.Size(); size += 7 {
		var cut flbhost.Chunk
		cut.AppendRaw(c.Bytes()[:size])
		whole, code := 0, flbhost.Error
		for i, end := range ends {
			if end <= size {
				whole = i
			}
			if end == size {
				code = flbhost.OK
			}
		}
		require.Len(t, s.flush(code, &cut), whole, "%d of %d bytes", size, c.Size())
	}
}

func TestRandomBytesAreAnsweredWithErrorAndNeverAPanic(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 2}, options{"time_key": "t", "partition_key": "a->b", "replace_dots": "_"})
	random := rand.New(rand.NewPCG(1, 2))
	var jobs []*flbhost.Job
	for i := range 500 {
		chunk := make([]byte, 1+random.IntN(2000))
		for j := range chunk {
			chunk[j] = byte(random.Uint32())
		}
		if i%2 == 0 { // past the first checks
			chunk = append(append(append([]byte(nil), header...), 0x80|byte(random.IntN(16))), chunk...)
		}
		jobs = append(jobs, s.host.Go(0, "tag", chunk))
	}
	results, err := flbhost.WaitAll(jobs...)
	require.NoError(t, err, "the process lives")
	for _, result := range results {
		require.Equal(t, flbhost.Error, result.Code)
	}
	requireLine(t, logOf(s.host), "error", "[kinesis 0] chunk cannot be read from byte ")
	require.Equal(t, 3, len(s.flush(flbhost.OK, goodThen())), "the next good chunk goes through")
}

func TestABrokenChunkThatGoesBackKeepsWhatWasReadable(t *testing.T) {
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}}, flbhost.Config{}, options{"delivery_timeout": "0"})
	broken := goodThen(0xc1)
	require.Empty(t, s.flush(flbhost.Retry, broken))
	s.stream.Heal()
	require.Equal(t, goodData, datas(s.flush(flbhost.Error, broken)), "what could be read is on the stream before the rest is given up")
}
