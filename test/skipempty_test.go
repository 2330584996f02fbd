package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// sparse is a chunk of which every third event has a number, and the others have
// nothing that is asked for; and what must land of it.
func sparse(events int) (*flbhost.Chunk, *lot) {
	var c flbhost.Chunk
	l := &lot{}
	for i := range events {
		switch i % 3 {
		case 0:
			c.Append(flbhost.EventTime(when), F("n", i), F("x", i))
			l.want = append(l.want, landing{data: `{"n":` + decimal(i) + `,"tag":"app.log"}`})
		case 1:
			c.Append(flbhost.EventTime(when), F("x", i), F("tag", "own"))
		default:
			c.Append(flbhost.WithMetadata(when))
		}
	}
	return &c, l
}

func TestEventsOfWhichNothingIsLeftMakeNoRecords(t *testing.T) {
	for _, x := range []struct {
		name    string
		options options
	}{
		{"plain", nil},
		{"in aggregates", options{"aggregation": "true"}},
		{"in CBOR", options{"wire_format": "cbor"}},
		{"in the background", options{"experimental_concurrency": "2"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			section := options{"data_keys": "n", "tag_key": "tag", "skip_empty": "true"}
			for key, value := range x.options {
				section = with(section, key, value)
			}
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, section)
			c, l := sparse(300)
			flushAll(t, s.host, 0, c.Bytes())
			eventually(t, "all have landed", func() bool { return len(landings(t, s.stream)) >= len(l.want) })
			before := s.stream.Stats().Requests
			flushAll(t, s.host, 0, one(when, F("x", 1)).Bytes())
			log := exitLog(t, s.host)
			l.requireOnce(t, s.stream)
			require.Equal(t, before, s.stream.Stats().Requests, "a chunk without a record makes no request")
			requireLine(t, log, "info", "at exit: records 301, accepted 100 ", "left out as empty 201")
			require.Empty(t, log.with("warning", "skipped"))
			require.Empty(t, log.with("error", ""))
		})
	}
}

func TestEventsOfWhichNothingIsLeftKeepTheirPlacesInTheLedger(t *testing.T) {
	c, l := sparse(900)
	for i := range l.want { // the tag of offerOnce below
		require.Contains(t, l.want[i].data, `"tag":"app.log"`)
	}
	s := halfRefused(t, options{"data_keys": "n", "tag_key": "tag", "skip_empty": "on"})
	for range 3 {
		offerOnce(t, s.host, flbhost.Retry, "app.log", c.Bytes())
	}
	s.stream.Heal()
	offerOnce(t, s.host, flbhost.OK, "app.log", c.Bytes())
	l.requireOnce(t, s.stream)
	requireLine(t, exitLog(t, s.host), "info", "left out as empty 600")
}

func TestWithLogKeyAnEventOfWhichNothingIsLeftIsNotSaidToLackIt(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"log_key": "log", "skip_empty": "true"})
	var c flbhost.Chunk
	c.Append(flbhost.EventTime(when))
	c.Append(flbhost.EventTime(when), F("log", ""))
	c.Append(flbhost.EventTime(when), F("message", "x"))
	require.Equal(t, []string{""}, datas(s.flush(flbhost.OK, &c)))
	log := exitLog(t, s.host)
	requireLine(t, log, "warning", `record 2 of a chunk has no "log" (log_key) and is skipped`)
	requireLine(t, log, "info", "at exit: records 3, accepted 1 ", "left out as empty 1", "dropped: without log_key 1")
}
