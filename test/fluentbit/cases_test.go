package fluentbit

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// tailBy is the plain case: a file is there, it grows, and another one comes.
func tailBy(workers string) func(t *testing.T, s *stage) {
	return func(t *testing.T, s *stage) {
		want := s.grow("logs/app.log", 3000, 3000)
		run := s.start(pipeline{service(grace), []section{s.tail("logs")}, []section{s.output("*", mainStream, workers)}})
		s.await(run, mainStream, want)
		want = append(want, s.grow("logs/later.log", 20_000, 100)...)
		s.await(run, mainStream, want)
		run.stop()

		s.arrived.requireOnce(t, mainStream, want)
		require.Contains(t, run.log(), "at exit: records 23000, accepted 23000 ")
	}
}

// optionsArrive sends events that are the same to the nanosecond, so that the record is known.
func optionsArrive(t *testing.T, s *stage) {
	const events = 5
	dummy := section{
		{"name", "dummy"},
		{"tag", "app"},
		{"dummy", `{"log":"a % b","kubernetes":{"pod_name":"web-0","labels":{"app.kubernetes.io/name":"web"}},"left":"out"}`},
		{"samples", "5"},
		{"rate", "100"},
		{"start_time_sec", "1773480413"},
		{"start_time_nsec", "123456789"},
		{"fixed_timestamp", "on"},
	}
	run := s.start(pipeline{section{{"flush", "0.2"}}, []section{dummy}, []section{s.output("*", mainStream, "1",
		option{"Partition_Key", "kubernetes->pod_name"},
		option{"time_key", "event.time"},
		option{"time_key_format", "%Y-%m-%dT%H:%M:%S.%L"},
		option{"data_keys", "log, kubernetes"},
		option{"replace_dots", "_"},
		option{"append_newline", "on"},
	)}})
	record := `{"log":"a % b","kubernetes":{"pod_name":"web-0","labels":{"app_kubernetes_io/name":"web"}},` +
		`"event_time":"2026-03-14T09:26:53.123"}` + "\n"
	s.eventually(run, "all events landed", func() bool { return s.stream.Stats().Landed >= events })
	run.stop()

	s.arrived.requireOnce(t, mainStream, slices.Repeat([]string{record}, events))
	require.Equal(t, map[string]int{"web-0": events}, s.arrived.keys[mainStream])
}

// namedTwice is what comes of our image's -e and a configuration that names the library itself.
func namedTwice(t *testing.T, s *stage) {
	want := s.place("logs/app.log", 1000)
	run := s.start(pipeline{service(grace), []section{s.tail("logs")}, []section{s.output("*", mainStream, "1")}}, "-e", s.library)
	s.await(run, mainStream, want)
	run.stop()
	s.arrived.requireOnce(t, mainStream, want)
}

func badValueStopsTheStart(t *testing.T, s *stage) {
	input := section{{"name", "dummy"}, {"tag", "app"}}
	run := s.start(pipeline{section{{"flush", "0.2"}}, []section{input}, []section{s.output("*", mainStream, "1",
		option{"wire_format", "xml"}, option{"compression", "lzw"})}})
	require.Error(t, run.awaitEnd())
	for _, name := range []string{"wire_format", "xml", "compression", "lzw"} {
		require.Contains(t, run.log(), name)
	}
	require.Zero(t, s.stream.Stats().Requests)
}

// retriesUnderThrottling has the plugin try nothing again by itself: each refusal makes Fluent Bit offer the chunk once
// more.
func retriesUnderThrottling(t *testing.T, s *stage) {
	require.NoError(t, s.stream.SetFaults(kinesistest.Faults{ThrottleRecords: 0.1}))
	want := s.place("logs/app.log", 4000)
	run := s.start(pipeline{service(grace), []section{s.tail("logs")},
		[]section{s.output("*", mainStream, "4", option{"delivery_timeout", "0"})}})
	s.await(run, mainStream, want)
	run.stop()

	s.arrived.requireOnce(t, mainStream, want)
	require.NotZero(t, s.stream.Stats().Throttled)
	require.Regexp(t, `at exit: .*handed back `, run.log())
}

// twoOutputs sends all files to one stream, and those of one folder to another as well, as bare lines.
func twoOutputs(t *testing.T, s *stage) {
	require.NoError(t, s.stream.SetFaults(kinesistest.Faults{ThrottleRecords: 0.05}))
	both := s.place("logs/both.log", 3000)
	run := s.start(pipeline{service(grace), []section{s.tail("logs"), s.tail("other")},
		[]section{
			s.output("app.*", mainStream, "1"),
			s.output("app.logs", otherStream, "1", option{"log_key", "log"}, option{"append_newline", "true"}),
		}})
	one := s.place("other/one.log", 2000)
	text, _ := numbered("logs/both.log", 0, 3000)
	lines := slices.Collect(strings.Lines(string(text)))
	s.await(run, mainStream, append(both, one...))
	s.await(run, otherStream, lines)
	run.stop()

	s.arrived.requireOnce(t, mainStream, append(both, one...))
	s.arrived.requireOnce(t, otherStream, lines)
}

// outageAndRestart has Fluent Bit end while the stream takes nothing. What it held is in files then, and the next one
// delivers it.
func outageAndRestart(t *testing.T, s *stage) {
	p := pipeline{
		service("2", option{"storage.path", s.path("storage")}),
		[]section{s.tail("logs", option{"storage.type", "filesystem"})},
		[]section{s.output("*", mainStream, "1")},
	}

	want := s.place("logs/before.log", 3000)
	first := s.start(p)
	s.await(first, mainStream, want)
	require.NoError(t, s.stream.SetFaults(kinesistest.Faults{ThrottleAll: true}))
	during := s.place("logs/during.log", 3000)
	s.eventually(first, "the lines were read, and some offered to the stream", func() bool {
		return s.stored() >= len(strings.Join(during, "")) && s.stream.Stats().Throttled > 0
	})
	first.stop()
	s.arrived.requireOnce(t, mainStream, want)
	require.GreaterOrEqual(t, s.stored(), len(strings.Join(during, "")), "bytes of what was not delivered")

	s.stream.Heal()
	second := s.start(p)
	want = slices.Concat(want, during, s.place("logs/after.log", 3000))
	s.await(second, mainStream, want)
	second.stop()
	s.arrived.requireOnce(t, mainStream, want)
}

// terminatedUnderLoad ends Fluent Bit while requests are under way. What it has read is delivered before it is gone;
// what it has not read is for the next one, which goes on where the first one's database says.
func terminatedUnderLoad(workers string) func(t *testing.T, s *stage) {
	return func(t *testing.T, s *stage) {
		p := pipeline{service(grace), []section{s.tail("logs")}, []section{s.output("*", mainStream, workers)}}
		want := s.place("logs/first.log", 3000)
		first := s.start(p)
		s.await(first, mainStream, want)

		want = append(want, s.placeUnderWay(first, "logs/second.log")...)
		perhaps := s.place("logs/third.log", 10_000)
		first.terminate()
		s.stream.Heal()
		require.NoError(t, first.awaitEnd())
		require.Zero(t, s.arrived.missing(mainStream, want), "records that Fluent Bit held and lost")

		second := s.start(p)
		want = slices.Concat(want, perhaps, s.place("logs/fourth.log", 1000)) // the fourth tells that it is up
		s.await(second, mainStream, want)
		second.stop()
		s.arrived.requireOnce(t, mainStream, want)
	}
}

// terminatedWithAQueue ends Fluent Bit while chunks wait behind the one that is under way. They are kept in files, which
// tell that Fluent Bit has them.
func terminatedWithAQueue(t *testing.T, s *stage) {
	run := s.start(pipeline{
		service(grace, option{"storage.path", s.path("storage")}),
		[]section{s.tail("logs", option{"storage.type", "filesystem"})},
		[]section{s.output("*", mainStream, "1")},
	})
	held := s.placeUnderWay(run, "logs/first.log")
	for _, name := range []string{"logs/second.log", "logs/third.log"} {
		held = append(held, s.place(name, 10_000)...)
		s.eventually(run, "all lines are in chunks", func() bool { return s.stored() >= len(strings.Join(held, "")) })
	}
	run.terminate()
	s.stream.Heal()
	require.NoError(t, run.awaitEnd())
	s.arrived.requireOnce(t, mainStream, held)
	require.Zero(t, s.stored(), "chunks that are left in files")
}

// placeUnderWay places a file and returns when the first request with its records hangs, as all others will.
func (s *stage) placeUnderWay(run *process, name string) (records []string) {
	s.t.Helper()
	require.NoError(s.t, s.stream.SetFaults(kinesistest.Faults{Hang: 1}))
	records = s.place(name, 10_000)
	s.eventually(run, "a request is under way", func() bool { return s.stream.Stats().Hanging > 0 })
	return records
}
