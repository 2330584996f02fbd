package test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// settings is ways of delivery that must all keep the count. A lot's chunks hold
// perChunk records, so that there are requests enough for faults to meet, and
// enough are in flight for their back-offs to pass side by side.
var settings = []struct {
	name     string
	options  options
	perChunk int
}{
	{"plain", options{"requests_in_flight": "40"}, 10_000},
	{"aggregated", options{"requests_in_flight": "40", "aggregation": "true", "aggregation_maximum_record_size": "4K", "skip_aggregation_record_size": "2K"}, 1000},
}

// faultySeed has the very first request fail, where requests do, and one of its
// first ten records, where records do: aggregated, there are few of either.
const faultySeed = 10

// faultMixes is what goes wrong, seeded. Where handedBack is set, nothing is
// tried again within a flush, so that chunks go back and forth.
var faultMixes = []struct {
	name       string
	faults     kinesistest.Faults
	handedBack bool
}{
	{"one record in ten throttled", kinesistest.Faults{ThrottleRecords: 0.10}, false},
	{"two in a hundred failing", kinesistest.Faults{FailRecords: 0.02}, false},
	{"one request in twenty failing", kinesistest.Faults{FailRequests: 0.05}, false},
	{"all three", kinesistest.Faults{ThrottleRecords: 0.10, FailRecords: 0.02, FailRequests: 0.05}, false},
	{"all three, with chunks handed back and offered again", kinesistest.Faults{ThrottleRecords: 0.10, FailRecords: 0.02, FailRequests: 0.05}, true},
}

// with is options and one more.
func with(o options, key, value string) options {
	all := options{key: value}
	for k, v := range o {
		all[k] = v
	}
	return all
}

func TestEveryRecordLandsOnceWhateverTheStreamRefuses(t *testing.T) {
	for _, setting := range settings {
		l := shortLines(manyRecords, setting.perChunk)
		for _, mix := range faultMixes {
			for _, workers := range []int{1, 4} {
				t.Run(setting.name+", "+mix.name+", workers "+decimal(workers), func(t *testing.T) {
					t.Parallel() // most of the time passes in back-offs
					section := setting.options
					if mix.handedBack {
						section = with(section, "delivery_timeout", "0")
					}
					config := retried
					config.Workers = workers
					s := setStage(t, kinesistest.Options{Seed: faultySeed, Faults: mix.faults, SkipOverlaps: true}, config, section)
					flushAll(t, s.host, 0, l.chunks...)
					l.requireOnce(t, s.stream)

					stats := s.stream.Stats()
					require.NotZero(t, stats.Throttled+stats.Failed+stats.Outcomes["InternalFailure"], "the faults came to pass")
					log := exitLog(t, s.host)
					require.Empty(t, log.texts("error"))
					requireLine(t, log, "info", "at exit: ", "accepted "+decimal(manyRecords)+" ")
					requireNoLine(t, log, "info", "at exit: ", "dropped")
					if mix.handedBack {
						requireLine(t, log, "info", "at exit: ", "handed back ", "not sent again ")
					}
				})
			}
		}
	}
}

func TestConnectionsThatAreCutLoseNothingAndRepeatOnlyWhatWasCut(t *testing.T) {
	for _, setting := range settings {
		l := shortLines(manyRecords, setting.perChunk)
		for _, x := range []struct {
			name   string
			faults kinesistest.Faults
		}{
			{"before the answer", kinesistest.Faults{CutAfter: 0.2}},
			{"within the answer", kinesistest.Faults{CutWithin: 0.2}},
			{"anywhere, and records throttled", kinesistest.Faults{CutBefore: 0.1, CutAfter: 0.1, CutWithin: 0.1, ThrottleRecords: 0.1}},
		} {
			t.Run(setting.name+", "+x.name, func(t *testing.T) {
				t.Parallel()
				config := retried
				config.Workers = 4
				s := setStage(t, kinesistest.Options{Seed: 12, Faults: x.faults, SkipOverlaps: true}, config, setting.options)
				flushAll(t, s.host, 0, l.chunks...)
				l.requireAnsweredOnce(t, s.stream)
				require.NotZero(t, s.stream.Stats().Unanswered, "connections were cut")
				require.Empty(t, exitLog(t, s.host).texts("error"))
			})
		}
	}
}

// TestAnAnswerThatComesTooLate is as a connection that was cut: the client
// cannot know that the records landed.
func TestAnAnswerThatComesTooLateRepeatsOnlyWhatItWasFor(t *testing.T) {
	l := shortLines(3000, 1000)
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{AnswerDelay: patience}}, retried,
		options{"http_request_timeout": "1", "delivery_timeout": "0"})
	var jobs []*flbhost.Job
	for _, chunk := range l.chunks {
		jobs = append(jobs, s.host.Go(0, "tag", chunk))
	}
	eventually(t, "an answer was not waited for", func() bool { return len(s.stream.Unanswered(streamName)) > 0 })
	s.stream.Heal()
	requireTaken(t, jobs)
	l.requireAnsweredOnce(t, s.stream)
}

func TestAPoisonousRecordIsDroppedAloneWithItsNumberInTheLog(t *testing.T) {
	l := shortLines(4000, 4000)
	poison := map[string]bool{}
	for _, n := range []int{0, 1234, 3999} {
		poison[l.want[n].data] = true
	}
	s := setStage(t, kinesistest.Options{Poison: func(_ string, e kinesistest.Entry) bool { return poison[string(e.Data)] }}, flbhost.Config{Workers: 1})
	flushAll(t, s.host, 0, l.chunks...)

	healthy := *l
	healthy.want = nil
	for _, r := range l.want {
		if !poison[r.data] {
			healthy.want = append(healthy.want, r)
		}
	}
	healthy.requireOnce(t, s.stream)
	log := exitLog(t, s.host)
	require.Len(t, log.with("error", " of a chunk is dropped, for the service refuses it as invalid: ValidationException"), 1, "said once, the others held back")
	requireLine(t, log, "error", "records dropped: 2 more held back")
	requireLine(t, log, "info", "at exit: records 4000, accepted 3997 ", "dropped: refused as invalid 3")
}

func TestTheNumberOfAPoisonousRecordCountsAllEventsOfItsChunk(t *testing.T) {
	s := setStage(t, kinesistest.Options{Poison: func(_ string, e kinesistest.Entry) bool { return string(e.Data) == "poison" }},
		flbhost.Config{}, options{"log_key": "log"})
	var c flbhost.Chunk
	c.Append(flbhost.GroupOpen())
	for i := range 20 {
		c.Append(flbhost.EventTime(when), F("no log", i)) // skipped
	}
	c.Append(flbhost.EventTime(when), F("log", "good"))
	c.Append(flbhost.EventTime(when), F("log", "poison"))
	c.Append(flbhost.GroupClose())
	require.Equal(t, []string{"good"}, datas(s.flush(flbhost.OK, &c)))
	requireLine(t, logOf(s.host), "error", "record 21 of a chunk is dropped, for the service refuses it as invalid: ValidationException")
}

func TestAPoisonousRecordAmongFaultsStillCostsItselfAlone(t *testing.T) {
	l := shortLines(4000, 500)
	poison := l.want[2718].data
	s := setStage(t, kinesistest.Options{Seed: 5, Faults: kinesistest.Faults{ThrottleRecords: 0.2, FailRequests: 0.1},
		Poison: func(_ string, e kinesistest.Entry) bool { return string(e.Data) == poison }}, retried, options{"delivery_timeout": "100ms"})
	flushAll(t, s.host, 0, l.chunks...)
	healthy := *l
	healthy.want = append(append([]landing(nil), l.want[:2718]...), l.want[2719:]...)
	healthy.requireOnce(t, s.stream)
	requireLine(t, exitLog(t, s.host), "info", "at exit: ", "accepted 3999 ", "dropped: refused as invalid 1")
}
