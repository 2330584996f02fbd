package test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// awsHost is an address of AWS's own, which a proxy leads to the embedded stream.
const awsHost = "kinesis.us-east-1.amazonaws.com"

// atAWS is a stage at AWS's own address.
func atAWS(t *testing.T, o kinesistest.Options, config flbhost.Config, section options) *stage {
	t.Helper()
	o.Hosts = []string{awsHost}
	s := runStream(t, o)
	p := runTunneler(t, map[string]string{awsHost + ":443": addressOf(t, s.URL())})
	config.Env = append(config.Env, "HTTPS_PROXY="+p.URL)
	return &stage{t, s, runHost(t, s, config, with(section, "endpoint", ""))}
}

const toJSON = "requests are written as JSON from here on"

// withoutCBOR are ways to refuse what is written in CBOR.
var withoutCBOR = []struct {
	name string
	with kinesistest.Error
}{
	{"as what cannot be read", kinesistest.Error{Status: 400, Code: "SerializationException"}},
	{"as an unknown operation", kinesistest.Error{Status: 400, Code: "UnknownOperationException"}},
	{"as nothing that is there", kinesistest.Error{Status: 404, Code: "com.amazon.coral.service#UnknownOperationException"}},
	{"as invalid", kinesistest.Error{Status: 400, Code: "ValidationException", Message: "Records must not be null"}},
	{"as an unknown kind of content", kinesistest.Error{Status: 415}},
}

func TestWhoeverDoesNotReadCBORIsSentJSON(t *testing.T) {
	for _, x := range withoutCBOR {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			l := keyedLines(5000, 100, 40)
			s := atAWS(t, kinesistest.Options{WithoutCBOR: x.with}, flbhost.Config{Workers: 8}, options{"partition_key": "container"})
			flushAll(t, s.host, 0, l.chunks[:40]...)
			refused := s.stream.Stats().Outcomes[x.with.Code]
			require.NotZero(t, refused)
			require.LessOrEqual(t, refused, int64(32), "those that were on their way")
			flushAll(t, s.host, 0, l.chunks[40:]...)
			l.requireOnce(t, s.stream)
			l.requireOrder(t, s.stream)
			stats := s.stream.Stats()
			require.Equal(t, refused, stats.Outcomes[x.with.Code], "none after them")
			require.Equal(t, stats.Requests, refused+stats.Outcomes[kinesistest.OutcomeOK])
			log := exitLog(t, s.host)
			require.Len(t, log.with("info", toJSON), 1)
			requireLine(t, log, "info", "wire_format auto is cbor here")
			requireNoLine(t, log, "warning")
			requireNoLine(t, log, "error")
			requireLine(t, log, "info", "at exit: records 5000, accepted 5000 ")
		})
	}
}

// TestWhatWasPackedForCBORIsSentAsJSON has aggregates be written anew, requests
// that chunks share, and those of records that were refused.
func TestWhatWasPackedForCBORIsSentAsJSON(t *testing.T) {
	for _, x := range []struct {
		name    string
		options options
	}{
		{"aggregated", options{"aggregation": "true"}},
		{"aggregated by key", options{"aggregation": "true", "partition_key": "container"}},
		{"aggregated by shard", options{"aggregation": "true", "partition_key": "container", "aggregation_shard_map": "true"}},
		{"in the background", options{"partition_key": "container", "experimental_concurrency": "4"}},
		{"one by one", nil},
		{"to an endpoint that is AWS's own", options{"endpoint": "https://" + awsHost}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			l := keyedLines(2000, 50, 40)
			if x.options["partition_key"] == "" {
				l = shortLines(2000, 50)
			}
			s := atAWS(t, kinesistest.Options{
				WithoutCBOR: withoutCBOR[0].with, Faults: kinesistest.Faults{ThrottleRecords: 0.01, FailRecords: 0.05},
			}, flbhost.Config{Workers: 8, RetryLimit: flbhost.NoLimit}, x.options)
			flushAll(t, s.host, 0, l.chunks...)
			log := exitLog(t, s.host)
			l.requireOnce(t, s.stream)
			require.Len(t, log.with("info", toJSON), 1)
		})
	}
}

func TestWhoeverReadsCBORIsSentThat(t *testing.T) {
	l := keyedLines(1000, 100, 40)
	s := atAWS(t, kinesistest.Options{}, flbhost.Config{Workers: 4}, options{"partition_key": "container"})
	s.stream.SetPoison(func(_ string, e kinesistest.Entry) bool { return strings.Contains(string(e.Data), `"n":500,`) })
	flushAll(t, s.host, 0, l.chunks...)
	log := exitLog(t, s.host)
	require.Len(t, landings(t, s.stream), 999, "an invalid record costs itself alone")
	requireNoLine(t, log, "info", toJSON)
}

func TestAFormatThatIsAskedForStays(t *testing.T) {
	for format, want := range map[string]int{"json": flbhost.OK, "cbor": flbhost.Retry} {
		t.Run(format, func(t *testing.T) {
			s := atAWS(t, kinesistest.Options{WithoutCBOR: withoutCBOR[1].with}, flbhost.Config{}, options{"wire_format": format})
			s.flush(want, one(when, F("log", "x")))
			log := exitLog(t, s.host)
			requireNoLine(t, log, "info", toJSON)
			requireNoLine(t, log, "info", "wire_format auto")
		})
	}
}

func TestAnAddressOfOnesOwnIsSentJSON(t *testing.T) {
	s := setStage(t, kinesistest.Options{WithoutCBOR: withoutCBOR[0].with}, flbhost.Config{}, nil)
	s.flush(flbhost.OK, one(when, F("log", "x")))
	require.EqualValues(t, 1, s.stream.Stats().Requests)
	requireLine(t, logOf(s.host), "info", "wire_format auto is json here")
}
