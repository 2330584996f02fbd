package test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestThePluginRegistersAsTheOutputThatItIs(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	require.Equal(t, flbhost.Registration{Type: 2, Proxy: 11, Name: "kinesis", Description: "Amazon Kinesis Data Streams Fluent Bit Plugin."},
		s.host.Registration())
}

func TestInstancesKeepTheirOwnStateAndName(t *testing.T) {
	for _, workers := range []int{0, 2} {
		t.Run("workers "+decimal(workers), func(t *testing.T) {
			s := runStream(t, kinesistest.Options{Streams: map[string]int{"lines": 1, "whole": 2}})
			h := runHost(t, s, flbhost.Config{Workers: workers},
				options{"stream": "lines", "log_key": "log", "append_newline": "on"},
				options{"stream": "whole", "partition_key": "k", "time_key": "t"},
				options{"stream": "nowhere", "delivery_timeout": "0"})
			event := one(when, F("log", "x"), F("k", "key")).Bytes()
			for range 3 {
				results, err := flbhost.WaitAll(h.Go(0, "tag", event), h.Go(1, "tag", event), h.Go(2, "tag", event))
				require.NoError(t, err)
				require.Equal(t, []int{flbhost.OK, flbhost.OK, flbhost.Retry}, []int{results[0].Code, results[1].Code, results[2].Code})
			}
			require.Equal(t, []string{"x\n", "x\n", "x\n"}, datas(s.Records("lines")))
			whole := `{"log":"x","k":"key","t":"2026-03-14T09:26:53"}`
			require.Equal(t, []string{whole, whole, whole}, datas(s.Records("whole")))
			require.Equal(t, []string{"key", "key", "key"}, partitionKeys(s.Records("whole")))

			log := exitLog(t, h)
			for i, stream := range []string{"lines", "whole", "nowhere"} {
				requireLine(t, log, "info", "[kinesis "+decimal(i)+"] stream = "+stream)
			}
			requireLine(t, log, "info", "[kinesis 0] at exit: records 3, accepted 3 ")
			requireLine(t, log, "info", "[kinesis 1] at exit: records 3, accepted 3 ")
			requireLine(t, log, "info", "[kinesis 2] at exit: records 3, accepted 0 (0 bytes), handed back 3; requests: denied 3")
			requireLine(t, log, "error", "[kinesis 2] ", "ResourceNotFoundException")
			for _, line := range log.with("warning") {
				require.True(t, strings.HasPrefix(line.text, "[kinesis 2] "), line.text)
			}
		})
	}
}

func TestTheChunksOfOneInstanceAreNotTakenForThoseOfAnother(t *testing.T) {
	s := runStream(t, kinesistest.Options{Streams: map[string]int{"a": 1, "b": 1}, Seed: 3})
	h := runHost(t, s, flbhost.Config{}, options{"stream": "a", "delivery_timeout": "0"}, options{"stream": "b", "delivery_timeout": "0"})
	l := shortLines(500, 500)
	require.NoError(t, s.SetFaults(kinesistest.Faults{ThrottleRecords: 0.5}))
	result, err := h.Flush(0, "tag", l.chunks[0])
	require.NoError(t, err)
	require.Equal(t, flbhost.Retry, result.Code)
	s.Heal()
	result, err = h.Flush(1, "tag", l.chunks[0])
	require.NoError(t, err)
	require.Equal(t, flbhost.OK, result.Code)
	require.Len(t, s.Records("b"), 500, "what the one has sent says nothing of the other")
	result, err = h.Flush(0, "tag", l.chunks[0])
	require.NoError(t, err)
	require.Equal(t, flbhost.OK, result.Code)
	require.Len(t, s.Records("a"), 500)
}

func TestAHostWithoutContextsWorksWithOneInstance(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{NoContext: true}, options{"log_key": "log"})
	require.Equal(t, []string{"x"}, datas(s.flush(flbhost.OK, one(when, F("log", "x")))))
	requireLine(t, exitLog(t, s.host), "info", "[kinesis 0] at exit: records 1, accepted 1 ")
}

func TestAHostWithoutContextsCannotHaveTwoInstances(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{NoContext: true}, options{}, options{})
	require.Empty(t, s.flush(flbhost.Error, one(when, F("log", "x"))))
	log := exitLog(t, s.host)
	requireLine(t, log, "error", "[kinesis] FLBPluginFlush: this host does not say which instance it means, and there are 2")
	for i := range 2 {
		requireLine(t, log, "info", "[kinesis "+decimal(i)+"] at exit: ")
	}
}

func TestTheLastLineOfAnInstanceIsItsCounts(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{})
	s.flush(flbhost.OK, goodThen())
	log := exitLog(t, s.host)
	require.Equal(t, "[kinesis 0] at exit: records 3, accepted 3 (45 bytes); requests: accepted 1", log[len(log)-1].text)
	require.Empty(t, s.host.Stderr())
}

func TestLogLevel(t *testing.T) {
	for _, x := range []struct {
		level string
		lines []string // levels of the lines of an instance that throttles
	}{
		{"", []string{"info", "warning"}},
		{"info", []string{"info", "warning"}},
		{"debug", []string{"info", "warning"}},
		{"WARN", []string{"warning"}},
		{"Error", nil},
		{"loud", []string{"info", "warning"}},
	} {
		t.Run("FLB_LOG_LEVEL "+x.level, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}},
				flbhost.Config{Env: []string{"FLB_LOG_LEVEL=" + x.level}}, options{"delivery_timeout": "0"})
			s.flush(flbhost.Retry, goodThen())
			s.stream.Heal()
			s.flush(flbhost.Error, goodThen(0xc1))
			log := exitLog(t, s.host)
			seen := map[string]bool{}
			for _, line := range log {
				seen[line.level] = true
			}
			delete(seen, "debug")
			want := map[string]bool{"error": true}
			for _, level := range x.lines {
				want[level] = true
			}
			require.Equal(t, want, seen)
			if x.level == "loud" {
				requireLine(t, log, "warning", `[kinesis] FLB_LOG_LEVEL = "loud": must be debug, info, warn or error`)
			}
		})
	}
}

func TestAfterAHotReloadInstancesAreNumberedAnew(t *testing.T) {
	for _, workers := range []int{0, 2} {
		t.Run("workers "+decimal(workers), func(t *testing.T) {
			s := runStream(t, kinesistest.Options{Streams: map[string]int{"before": 1, "after": 1}})
			before := options{"stream": "before"}
			config := hostConfig(s, flbhost.Config{Workers: workers}, before, before, before)
			h := flbhost.Run(t, config)
			section := config.Instances[0]
			for reload := range 3 {
				section["stream"] = "after"
				require.NoError(t, h.Reload(section, section))
				result, err := h.Flush(1, "tag", one(when, F("log", "x")).Bytes())
				require.NoError(t, err)
				require.Equal(t, flbhost.OK, result.Code)
				require.Len(t, s.Records("after"), reload+1)
			}
			log := exitLog(t, h)
			for i, starts := range []int{4, 4, 1, 0} {
				require.Len(t, log.with("info", "[kinesis "+decimal(i)+"] stream = "), starts, "starts of instance %d", i)
				require.Len(t, log.with("info", "[kinesis "+decimal(i)+"] at exit: "), starts, "exits of instance %d", i)
			}
			requireLine(t, log, "info", "[kinesis 1] at exit: records 1, accepted 1 ")
		})
	}
}

func TestAHostWithoutContextsWorksAfterAHotReload(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	config := hostConfig(s, flbhost.Config{NoContext: true}, options{"log_key": "log"})
	h := flbhost.Run(t, config)
	require.NoError(t, h.Reload(config.Instances...))
	result, err := h.Flush(0, "tag", one(when, F("log", "x")).Bytes())
	require.NoError(t, err)
	require.Equal(t, flbhost.OK, result.Code)
	require.Equal(t, []string{"x"}, datas(s.Records(streamName)))
}
