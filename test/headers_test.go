package test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestTheEventsTimeIsReadFromEveryFormOfHeader(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"time_key": "time", "time_key_format": "%Y-%m-%dT%H:%M:%S.%f"})
	for _, x := range []struct {
		name   string
		header flbhost.Header
		want   string
	}{
		{"an event time", flbhost.EventTime(when), "2026-03-14T09:26:53.123456"},
		{"an event time with metadata", flbhost.WithMetadata(when, F("schema", "otlp"), F("nested", fields(F("a", []any{1})))), "2026-03-14T09:26:53.123456"},
		{"an event time with empty metadata", flbhost.WithMetadata(when), "2026-03-14T09:26:53.123456"},
		{"an integer", flbhost.IntTime(1773480413), "2026-03-14T09:26:53.000000"},
		{"an integer of 64 bits", flbhost.RawHeader([]byte{0xcf, 0, 0, 0, 0, 0x69, 0xb5, 0x29, 0xdd}), "2026-03-14T09:26:53.000000"},
		{"a float", flbhost.FloatTime(1773480413.5), "2026-03-14T09:26:53.500000"},
		{"a float of 32 bits", flbhost.RawHeader([]byte{0xca, 0x44, 0x80, 0x10, 0}), "1970-01-01T00:17:04.500000"},
		{"an integer with metadata", flbhost.RawHeader([]byte{0x92, 0x01, 0x80}), "1970-01-01T00:00:01.000000"},
		{"an event time as an ext of any length", flbhost.RawHeader([]byte{0xc7, 8, 0, 0, 0, 0, 2, 0, 0, 0, 0}), "1970-01-01T00:00:02.000000"},
		{"the first second", flbhost.EventTime(time.Unix(0, 0)), "1970-01-01T00:00:00.000000"},
		{"a second past 2038", flbhost.EventTime(time.Unix(1<<31, 999999999)), "2038-01-19T03:14:08.999999"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var c flbhost.Chunk
			c.Append(x.header, F("n", 1))
			require.Equal(t, []string{`{"n":1,"time":"` + x.want + `"}`}, datas(s.flush(flbhost.OK, &c)))
		})
	}
}

func TestGroupMarkersAreNoRecords(t *testing.T) {
	int32Seconds := func(lead byte) flbhost.Header { // as Fluent Bit's encoder writes them
		return flbhost.RawHeader([]byte{0x92, 0xd7, 0x00, 0xff, 0xff, 0xff, lead, 0, 0, 0, 0, 0x80})
	}
	for _, x := range []struct {
		name        string
		open, close flbhost.Header
	}{
		{"with metadata", flbhost.GroupOpen(F("resource", "web")), flbhost.GroupClose()},
		{"byte by byte", int32Seconds(0xff), int32Seconds(0xfe)},
		{"as an event time alone", flbhost.EventTime(time.Unix(-1, 0)), flbhost.EventTime(time.Unix(-2, 0))},
		{"as integers", flbhost.IntTime(-1), flbhost.IntTime(-2)},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{})
			var c flbhost.Chunk
			c.Append(flbhost.WithMetadata(when), F("n", 0))
			for group := range 2 {
				c.Append(x.open, F("resource", fields(F("service.name", "web"))), F("scope", nil))
				c.Append(flbhost.WithMetadata(when), F("n", 2*group+1))
				c.Append(flbhost.WithMetadata(when), F("n", 2*group+2))
				c.Append(x.close)
			}
			landed := s.flush(flbhost.OK, &c)
			require.Equal(t, []string{`{"n":0}`, `{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`}, datas(landed))
			requireLine(t, exitLog(t, s.host), "info", "at exit: records 5, accepted 5 ")
		})
	}
}

func TestAChunkOfGroupMarkersAloneIsTaken(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	var c flbhost.Chunk
	c.Append(flbhost.GroupOpen())
	c.Append(flbhost.GroupClose())
	require.Empty(t, s.flush(flbhost.OK, &c))
}
