package test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func TestInTheBackgroundAChunkIsTakenBeforeItsRecordsLand(t *testing.T) {
	l := shortLines(2000, 1000)
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Hang: 1}}, flbhost.Config{Workers: 1}, options{"experimental_concurrency": "2"})
	for _, chunk := range l.chunks {
		offerOnce(t, s.host, flbhost.OK, "tag", chunk)
	}
	require.Empty(t, s.stream.Records(streamName))
	offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0]) // no slot is free

	s.stream.Heal()
	l.requireEventually(t, s.stream)
	eventually(t, "a slot is free again", func() bool {
		result, err := s.host.Flush(0, "tag", goodThen().Bytes())
		require.NoError(t, err)
		return result.Code == flbhost.OK
	})
	log := exitLog(t, s.host)
	requireLine(t, log, "warning", "experimental_concurrency = 2: records that do not get through in 5 attempts are lost")
	requireLine(t, log, "info", "at exit: ", "accepted 2003 ")
}

// requireEventually waits until as many records have landed as the lot has,
// and requires that they are these.
func (l *lot) requireEventually(t *testing.T, s *kinesistest.Server) {
	t.Helper()
	eventually(t, "all records have landed", func() bool {
		records, _ := s.Count(streamName)
		return int(records) >= len(l.want)
	})
	l.requireOnce(t, s)
}

func TestInTheBackgroundManyRecordsLandOnceWhateverTheStreamRefuses(t *testing.T) {
	for _, setting := range settings {
		t.Run(setting.name, func(t *testing.T) {
			t.Parallel()
			l := shortLines(manyRecords, setting.perChunk)
			config := retried
			config.Workers = 2
			section := with(with(setting.options, "experimental_concurrency", "10"), "experimental_concurrency_retries", "1000")
			s := setStage(t, kinesistest.Options{Seed: 51, Faults: kinesistest.Faults{ThrottleRecords: 0.05, FailRecords: 0.01, FailRequests: 0.05}, SkipOverlaps: true}, config, section)
			flushAll(t, s.host, 0, l.chunks...)
			log := exitLog(t, s.host) // which waits for the background
			l.requireOnce(t, s.stream)
			requireLine(t, log, "info", "at exit: records "+decimal(manyRecords)+", accepted "+decimal(manyRecords)+" ")
		})
	}
}

func TestInTheBackgroundKeysKeepTheirOrder(t *testing.T) {
	l := keyedLines(20_000, 2000, 40)
	config := retried
	config.Workers = 1
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Delay: time.Millisecond}}, config,
		options{"experimental_concurrency": "10", "partition_key": "container"})
	flushAll(t, s.host, 0, l.chunks...)
	exitLog(t, s.host)
	l.requireOnce(t, s.stream)
	l.requireOrder(t, s.stream)
	require.Zero(t, s.stream.Stats().Overlaps)
}

func TestInTheBackgroundChunksAreHandedBackWhileRecordsAreTriedAgain(t *testing.T) {
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{ThrottleAll: true}}, flbhost.Config{Workers: 1},
		options{"experimental_concurrency": "10", "experimental_concurrency_retries": "1000"})
	offerOnce(t, s.host, flbhost.OK, "tag", goodThen().Bytes())
	eventually(t, "the records have been tried twice", func() bool { return s.stream.Stats().Requests >= 2 })
	offerOnce(t, s.host, flbhost.Retry, "tag", one(when, F("n", "next")).Bytes())
	s.stream.Heal()
	eventually(t, "the next chunk is taken again", func() bool {
		result, err := s.host.Flush(0, "tag", one(when, F("n", "next")).Bytes())
		require.NoError(t, err)
		return result.Code == flbhost.OK
	})
	exitLog(t, s.host)
	require.ElementsMatch(t, append([]string{`{"n":"next"}`}, goodData...), datas(s.stream.Records(streamName)))
}

func TestInTheBackgroundRecordsAreLostAfterTheirAttemptsAndSaid(t *testing.T) {
	for _, x := range []struct {
		name   string
		faults kinesistest.Faults
	}{
		{"throttled", kinesistest.Faults{ThrottleAll: true}},
		{"failing", kinesistest.Faults{FailRequests: 1}},
		{"denied", kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{Faults: x.faults}, flbhost.Config{Workers: 1},
				options{"experimental_concurrency": "1", "experimental_concurrency_retries": "2"})
			offerOnce(t, s.host, flbhost.OK, "tag", goodThen().Bytes())
			eventually(t, "the loss is said", func() bool { return len(logOf(s.host).with("error", "3 of the 3 records of a chunk are lost: ")) == 1 })
			require.Equal(t, int64(3), s.stream.Stats().Requests, "the first attempt and experimental_concurrency_retries more")
			s.stream.Heal()
			offerOnce(t, s.host, flbhost.OK, "tag", one(when, F("n", "next")).Bytes())
			requireLine(t, exitLog(t, s.host), "info", "at exit: records 4, accepted 1 ", "dropped: lost in the background 3")
			require.Equal(t, []string{`{"n":"next"}`}, datas(s.stream.Records(streamName)))
		})
	}
}

func TestAtExitTheBackgroundIsDrained(t *testing.T) {
	l := shortLines(3000, 1000)
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Hang: 1}}, flbhost.Config{Workers: 1}, options{"experimental_concurrency": "3"})
	for _, chunk := range l.chunks {
		offerOnce(t, s.host, flbhost.OK, "tag", chunk)
	}
	eventually(t, "all requests are in flight", func() bool { return s.stream.Stats().Hanging == 6 })
	exited := make(chan error, 1)
	go func() { exited <- s.host.Exit() }()
	s.stream.Heal()
	require.NoError(t, <-exited)
	l.requireOnce(t, s.stream)
	requireLine(t, logOf(s.host), "info", "at exit: records 3000, accepted 3000 ")
}

// However they are told to: each by its context, all by that of the last one, or none of them.
func TestAtExitTheBackgroundOfEveryInstanceIsDrained(t *testing.T) {
	for _, config := range []flbhost.Config{
		{}, {Workers: 1},
		{LastContext: true}, {Workers: 1, LastContext: true},
		{NoExit: true}, {Workers: 1, NoExit: true},
	} {
		name := fmt.Sprintf("workers %d, last context %t, no exit %t", config.Workers, config.LastContext, config.NoExit)
		t.Run(name, func(t *testing.T) {
			background := options{"experimental_concurrency": "3"}
			s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Hang: 1}}, config, background, background, background)
			l := shortLines(3000, 1000)
			for i, chunk := range l.chunks {
				result, err := s.host.Flush(i, "tag", chunk)
				require.NoError(t, err)
				require.Equal(t, flbhost.OK, result.Code)
			}
			eventually(t, "all requests are in flight", func() bool { return s.stream.Stats().Hanging == 6 })
			exited := make(chan error, 1)
			go func() { exited <- s.host.Exit() }()
			s.stream.Heal()
			require.NoError(t, <-exited)
			l.requireOnce(t, s.stream)
			for i := range l.chunks {
				require.Len(t, logOf(s.host).with("info", "[kinesis "+decimal(i)+"] at exit: records 1000, accepted 1000 "), 1)
			}
		})
	}
}

func TestAtExitWhatTakesTooLongInTheBackgroundIsGivenUpAndCounted(t *testing.T) {
	l := shortLines(2000, 1000)
	s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Hang: 1}}, flbhost.Config{Workers: 1},
		options{"experimental_concurrency": "2", "experimental_concurrency_retries": "0", "http_request_timeout": "1"})
	for _, chunk := range l.chunks {
		offerOnce(t, s.host, flbhost.OK, "tag", chunk)
	}
	log := exitLog(t, s.host)
	require.Len(t, log.with("error", "1000 of the 1000 records of a chunk are lost: "), 2)
	requireLine(t, log, "info", "at exit: records 2000, accepted 0 (0 bytes)", "dropped: lost in the background 2000")
}

func TestInTheBackgroundABrokenChunkIsAnsweredWithErrorAndItsGoodRecordsLand(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{Workers: 1}, options{"experimental_concurrency": "1"})
	offerOnce(t, s.host, flbhost.Error, "tag", goodThen(0xc1).Bytes())
	requireLine(t, exitLog(t, s.host), "error", "chunk cannot be read from byte 45 of 46 on")
	require.Equal(t, goodData, datas(s.stream.Records(streamName)))
}
