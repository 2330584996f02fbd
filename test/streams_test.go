package test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// byNamespace is a template of which the stage has streams.
const byNamespace = "app-$kubernetes['namespace_name']"

// tenant is the name of a stream by byNamespace.
func tenant(i int) string { return fmt.Sprintf("app-team-%02d", i) }

// tenants are that many streams of one shard.
func tenants(n int) map[string]int {
	streams := map[string]int{}
	for i := range n {
		streams[tenant(i)] = 1
	}
	return streams
}

// tenantLines are small records, each with its number, for so many streams in turn.
func tenantLines(n, perChunk, streams int) *lot {
	return newLot(n, perChunk, func(i int) (time.Time, []flbhost.Field, landing) {
		team, pod := fmt.Sprintf("team-%02d", i%streams), fmt.Sprintf("web-%d", i%7)
		want := fmt.Sprintf(`{"n":%d,"pod":"%s","kubernetes":{"namespace_name":"%s"}}`, i, pod, team)
		return when, fields(F("n", i), F("pod", pod), F("kubernetes", fields(F("namespace_name", team)))), landing{data: want}
	})
}

// on is the part of a lot that is for stream i of so many.
func (l *lot) on(i, streams int) *lot {
	part := &lot{keyed: l.keyed}
	for n := i; n < len(l.want); n += streams {
		part.want = append(part.want, l.want[n])
	}
	return part
}

// requireOnceOn requires that each record of the lot for this stream of so many is
// on it once, and nothing else.
func (l *lot) requireOnceOn(t *testing.T, s *kinesistest.Server, i, streams int) {
	t.Helper()
	l.on(i, streams).requireTimes(t, 1, takenApart(t, s.Records(tenant(i))))
}

// Of 40 streams one does not exist, one throttles all and one may not be written to.
// The records of the others are there once, whatever happens to these; when all is
// mended, what is left comes to its stream, once.
func TestThreeOfFortyStreamsInTrouble(t *testing.T) {
	const streams, missing, throttled, denied = 40, 7, 17, 27
	for _, setting := range []struct {
		name    string
		options options
	}{
		{"plain", nil},
		{"cbor", options{"wire_format": "cbor"}},
		{"partition_key", options{"partition_key": "pod"}},
		{"aggregation", options{"aggregation": "true"}},
		{"aggregation and partition_key", options{"aggregation": "true", "partition_key": "pod"}},
		{"ledger_file", options{"ledger_file": t.TempDir() + "/ledger"}},
	} {
		t.Run(setting.name, func(t *testing.T) {
			l := tenantLines(manyRecords, manyRecords/16+1, streams)
			existing := tenants(streams)
			delete(existing, tenant(missing))
			section := with(with(setting.options, "stream", byNamespace), "delivery_timeout", "0")
			s := setStage(t, kinesistest.Options{Streams: existing}, flbhost.Config{Workers: 8}, section)
			require.NoError(t, s.stream.SetFaultsOf(tenant(throttled), kinesistest.Faults{ThrottleAll: true}))
			require.NoError(t, s.stream.SetFaultsOf(tenant(denied), kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}))
			good := func() (landed int) {
				for i := range streams {
					records, _ := s.stream.Count(tenant(i))
					landed += int(records)
				}
				return landed
			}
			last := -1
			for good() != last { // where the machine is slow, even these are handed back now and then
				last = good()
				requireCodes(t, s.host, flbhost.Retry, l.chunks)
			}
			for i := range streams {
				if i == missing || i == throttled || i == denied {
					require.Empty(t, s.stream.Records(tenant(i)))
				} else {
					l.requireOnceOn(t, s.stream, i, streams)
				}
			}
			s.stream.Heal()
			require.NoError(t, s.stream.CreateStream(tenant(missing), 1))
			require.Eventually(t, func() bool { return flushedAll(t, s.host, l.chunks) }, patience, 10*time.Millisecond)
			for i := range streams {
				l.requireOnceOn(t, s.stream, i, streams)
			}
			log := exitLog(t, s.host)
			requireLine(t, log, "error", "for the stream "+tenant(missing)+" failed (denied)")
			requireLine(t, log, "error", "for the stream "+tenant(denied)+" failed (denied)")
			requireLine(t, log, "info", "at exit, by stream: ", tenant(throttled)+": accepted ", "; 30 others: accepted ")
			requireLine(t, log, "info", fmt.Sprintf("at exit: records %d, accepted %d ", l.events(log), manyRecords))
		})
	}
}

// events is how many events the plugin says that it has met.
func (l *lot) events(log logLines) (n int) {
	for _, line := range log.with("info", "at exit: records ") {
		_, rest, _ := strings.Cut(line.text, "at exit: records ")
		_, _ = fmt.Sscan(rest, &n)
	}
	return n
}

// requireCodes offers all chunks at once, once each, and requires the code.
func requireCodes(t *testing.T, h *flbhost.Host, code int, chunks [][]byte) {
	t.Helper()
	for _, result := range offerAll(t, h, chunks) {
		require.Equal(t, code, result.Code)
	}
}

// flushedAll offers all chunks at once, once each, and tells whether all were taken.
func flushedAll(t *testing.T, h *flbhost.Host, chunks [][]byte) bool {
	t.Helper()
	for _, result := range offerAll(t, h, chunks) {
		if result.Code != flbhost.OK {
			return false
		}
	}
	return true
}

func offerAll(t *testing.T, h *flbhost.Host, chunks [][]byte) []flbhost.Result {
	t.Helper()
	var jobs []*flbhost.Job
	for i, chunk := range chunks {
		jobs = append(jobs, h.Go(0, "tag "+decimal(i), chunk))
	}
	results, err := flbhost.WaitAll(jobs...)
	require.NoError(t, err)
	return results
}

func TestRecordsThatMakeNoStreamGoWhereTheOptionsSay(t *testing.T) {
	var c flbhost.Chunk
	for _, f := range [][]flbhost.Field{
		fields(F("log", "good"), F("team", "team-01")),
		fields(F("log", "none")),
		fields(F("log", "odd"), F("team", "a/b")),
		fields(F("log", "number"), F("team", 5)),
	} {
		c.Append(flbhost.EventTime(when), f...)
	}
	streams := map[string]int{"app-team-01": 1, "app-5": 1, "others": 1}
	section := options{"stream": "app-$team", "data_keys": "log"}
	t.Run("nowhere", func(t *testing.T) {
		s := setStage(t, kinesistest.Options{Streams: streams}, flbhost.Config{}, section)
		s.flush(flbhost.OK, &c)
		requireData(t, s.stream, "app-team-01", `{"log":"good"}`)
		requireData(t, s.stream, "app-5", `{"log":"number"}`)
		requireData(t, s.stream, "others")
		requireLine(t, logOf(s.host), "error", `record 1 of a chunk is dropped: it has no value for "app-$team" (stream), and there is no stream_default`)
		requireLine(t, exitLog(t, s.host), "info", "at exit: records 4, accepted 2 ", "; dropped: without a stream 1, for a name that no stream can have 1")
	})
	t.Run("to stream_default", func(t *testing.T) {
		s := setStage(t, kinesistest.Options{Streams: streams}, flbhost.Config{}, with(section, "stream_default", "others"))
		s.flush(flbhost.OK, &c)
		requireData(t, s.stream, "others", `{"log":"none"}`, `{"log":"odd"}`)
		requireLine(t, exitLog(t, s.host), "info", "at exit: records 4, accepted 4 ", ", for stream_default 2")
	})
}

// requireData requires that just these records are on a stream.
func requireData(t *testing.T, s *kinesistest.Server, stream string, want ...string) {
	t.Helper()
	var got []string
	for _, r := range s.Records(stream) {
		got = append(got, string(r.Data))
	}
	require.ElementsMatch(t, want, got, stream)
}

func TestPartsOfTheTagMakeTheStream(t *testing.T) {
	s := setStage(t, kinesistest.Options{Streams: map[string]int{"logs-shop": 1, "logs-bank": 1}}, flbhost.Config{}, options{"stream": "logs-$TAG[1]"})
	for _, tag := range []string{"kube.shop.x", "kube.bank"} {
		offerOnce(t, s.host, flbhost.OK, tag, one(when, F("tag", tag)).Bytes())
	}
	requireData(t, s.stream, "logs-shop", `{"tag":"kube.shop.x"}`)
	requireData(t, s.stream, "logs-bank", `{"tag":"kube.bank"}`)
}

func TestMoreStreamsThanThereIsRoomForComeInTurn(t *testing.T) {
	l := tenantLines(400, 400, 10)
	s := setStage(t, kinesistest.Options{Streams: tenants(10)}, flbhost.Config{}, options{"stream": byNamespace, "streams_maximum": "4"})
	for _, code := range []int{flbhost.Retry, flbhost.Retry, flbhost.OK} {
		offerOnce(t, s.host, code, "tag", l.chunks[0])
	}
	for i := range 10 {
		l.requireOnceOn(t, s.stream, i, 10)
	}
	log := exitLog(t, s.host)
	requireLine(t, log, "error", "a record for the stream app-team-04 goes back to Fluent Bit to be offered again, for records of 4 streams (streams_maximum) are under way")
	requireLine(t, log, "info", "of these for want of room among streams_maximum 320")
}

// What the ledger's file knows of a chunk is of all streams that it went to.
func TestAcrossARestartOnlyTheRecordsForTheMissingStreamAreSent(t *testing.T) {
	const streams, missing = 10, 4
	l := tenantLines(1000, 1000, streams)
	existing := tenants(streams)
	delete(existing, tenant(missing))
	section := options{"stream": byNamespace, "ledger_file": t.TempDir() + "/ledger"}
	s := setStage(t, kinesistest.Options{Streams: existing}, flbhost.Config{}, section)
	offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0])
	exitLog(t, s.host)
	require.NoError(t, s.stream.CreateStream(tenant(missing), 1))
	before := s.stream.Stats().Offered
	again := runHost(t, s.stream, flbhost.Config{}, section)
	offerOnce(t, again, flbhost.OK, "tag", l.chunks[0])
	require.EqualValues(t, 100, s.stream.Stats().Offered-before)
	for i := range streams {
		l.requireOnceOn(t, s.stream, i, streams)
	}
}

// With a shard map for each stream, records that share an aggregate are for its
// shard, whatever stream that is of.
func TestEachStreamHasAShardMapOfItsOwn(t *testing.T) {
	const streams = 5
	l := tenantLines(5000, 500, streams)
	s := setStage(t, kinesistest.Options{Streams: map[string]int{tenant(0): 4, tenant(1): 2, tenant(2): 1, tenant(3): 8, tenant(4): 3}},
		flbhost.Config{Workers: 4}, options{"stream": byNamespace, "partition_key": "pod", "aggregation": "true", "aggregation_shard_map": "true"})
	flushAll(t, s.host, 0, l.chunks...)
	for i := range streams {
		l.requireOnceOn(t, s.stream, i, streams)
	}
	require.EqualValues(t, streams, s.stream.Stats().Operations["ListShards"])
	requireLine(t, logOf(s.host), "info", "the stream app-team-03 has 8 open shards")
}

func TestInTheBackgroundRecordsGoToTheirStreams(t *testing.T) {
	l := tenantLines(4000, 500, 10)
	config := retried
	config.Workers = 4
	s := setStage(t, kinesistest.Options{Streams: tenants(10)}, config, options{"stream": byNamespace, "experimental_concurrency": "4"})
	flushAll(t, s.host, 0, l.chunks...)
	requireLine(t, exitLog(t, s.host), "info", "at exit: records 4000, accepted 4000 ")
	for i := range 10 {
		l.requireOnceOn(t, s.stream, i, 10)
	}
}
