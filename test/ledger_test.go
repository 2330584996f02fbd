package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// offerOnce offers a chunk once, as it is offered with Retry_Limit 0 and a new
// start of the count, and requires the code.
func offerOnce(t *testing.T, h *flbhost.Host, code int, tag string, chunk []byte) {
	t.Helper()
	result, err := h.Flush(0, tag, chunk)
	require.NoError(t, err)
	require.Equal(t, code, result.Code)
	require.Equal(t, 1, result.Offers)
}

// halfRefused is a stage whose stream refuses about half of the records, and a
// plugin that hands back what was refused.
func halfRefused(t *testing.T, section options) *stage {
	t.Helper()
	return setStage(t, kinesistest.Options{Seed: 21, Faults: kinesistest.Faults{ThrottleRecords: 0.5}}, flbhost.Config{},
		with(section, "delivery_timeout", "0"))
}

func TestAChunkThatComesBackSendsOnlyWhatTheStreamHasNot(t *testing.T) {
	l := shortLines(2000, 2000)
	s := halfRefused(t, nil)
	for range 3 {
		offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0])
	}
	landed := len(s.stream.Records(streamName))
	require.Greater(t, landed, 1000)
	require.Less(t, landed, 2000)
	s.stream.Heal()
	before := s.stream.Stats().Offered
	offerOnce(t, s.host, flbhost.OK, "tag", l.chunks[0])
	l.requireOnce(t, s.stream)
	require.Equal(t, int64(2000-landed), s.stream.Stats().Offered-before, "what the stream held was not even offered")
	requireLine(t, logOf(s.host), "warning", " of the 2000 records of a chunk go back to Fluent Bit to be offered again")
}

func TestALedgersEntryIsSpentOnce(t *testing.T) {
	l := shortLines(2000, 2000)
	s := halfRefused(t, nil)
	offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0])
	s.stream.Heal()
	offerOnce(t, s.host, flbhost.OK, "tag", l.chunks[0])
	l.requireOnce(t, s.stream)
	offerOnce(t, s.host, flbhost.OK, "tag", l.chunks[0])
	l.requireTimes(t, 2, landings(t, s.stream)) // the same bytes once more are other events
}

func TestTheSameBytesUnderAnotherTagAreAnotherChunk(t *testing.T) {
	l := shortLines(2000, 2000)
	s := halfRefused(t, nil)
	offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0])
	s.stream.Heal()
	before := len(s.stream.Records(streamName))
	offerOnce(t, s.host, flbhost.OK, "another tag", l.chunks[0])
	require.Len(t, s.stream.Records(streamName), before+2000)
	offerOnce(t, s.host, flbhost.OK, "tag", l.chunks[0])
	l.requireTimes(t, 2, landings(t, s.stream))
}

func TestIdenticalChunksAtOnceComeOutAsOftenAsTheyWereSent(t *testing.T) {
	const copies = 6
	l := shortLines(2000, 2000)
	for _, setting := range settings {
		t.Run(setting.name, func(t *testing.T) {
			config := retried
			config.Workers = 4
			s := setStage(t, kinesistest.Options{Seed: 22, Faults: kinesistest.Faults{ThrottleRecords: 0.5}}, config,
				with(setting.options, "delivery_timeout", "0"))
			var chunks [][]byte
			for range copies {
				chunks = append(chunks, l.chunks[0])
			}
			flushAll(t, s.host, 0, chunks...)
			l.requireTimes(t, copies, landings(t, s.stream))
		})
	}
}

func TestRecordsThatAreSkippedDroppedOrCutKeepTheirPlacesInTheLedger(t *testing.T) {
	s := halfRefused(t, options{"log_key": "log"})
	s.stream.SetPoison(func(_ string, e kinesistest.Entry) bool { return string(e.Data) == "poison 7" })
	var c flbhost.Chunk
	l := &lot{}
	for i := range 300 {
		switch i % 10 {
		case 3:
			c.Append(flbhost.EventTime(when), F("no log", i))
		case 5:
			c.Append(flbhost.EventTime(when), F("log", "x"), F("deep", nestedArrays(200)))
		case 8:
			c.Append(flbhost.GroupOpen())
			fallthrough
		default:
			line := "line " + decimal(i)
			c.Append(flbhost.EventTime(when), F("log", line))
			l.want = append(l.want, landing{data: line})
		}
	}
	c.Append(flbhost.EventTime(when), F("log", "poison 7"))
	for range 3 {
		offerOnce(t, s.host, flbhost.Retry, "tag", c.Bytes())
	}
	s.stream.Heal()
	offerOnce(t, s.host, flbhost.OK, "tag", c.Bytes())
	l.requireOnce(t, s.stream)
	requireLine(t, exitLog(t, s.host), "info", "dropped: without log_key 30, nested too deep 30, refused as invalid 1")
}

func TestAChunkOfWhichNothingGotThroughIsSentWhole(t *testing.T) {
	l := shortLines(2000, 2000)
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}}, flbhost.Config{}, options{"delivery_timeout": "0"})
	offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0])
	s.stream.Heal()
	offerOnce(t, s.host, flbhost.OK, "tag", l.chunks[0])
	l.requireOnce(t, s.stream)
	requireNoLine(t, exitLog(t, s.host), "info", "at exit", "not sent again")
}
