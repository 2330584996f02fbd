package test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

func ledgerPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger")
}

// Exit while the stream refuses everything: what had landed by then is known to
// the next process, which says so and counts it.
func TestWhatHadLandedWhenThePluginStoppedUnderThrottlingIsNotSentAgain(t *testing.T) {
	l := shortLines(16_000, 2000)
	section := options{"ledger_file": ledgerPath(t), "delivery_timeout": "200ms", "requests_in_flight": "3"}
	s := setStage(t, kinesistest.Options{Seed: 51, Faults: kinesistest.Faults{ThrottleRecords: 0.3, Delay: 5 * time.Millisecond}},
		flbhost.Config{Workers: 4}, section)
	requireLine(t, logOf(s.host), "info", "ledger_file = "+section["ledger_file"])
	requireNoLine(t, logOf(s.host), "info", "ledger_file: the stream has parts of")
	var jobs []*flbhost.Job
	for _, chunk := range l.chunks {
		jobs = append(jobs, s.host.Go(0, "tag", chunk))
	}
	eventually(t, "some records have landed", func() bool { return s.stream.Stats().Landed > 4000 })
	require.NoError(t, s.stream.SetFaults(kinesistest.Faults{ThrottleAll: true}))
	require.NoError(t, s.host.Exit())

	landed := map[int]int{} // by chunk
	numbers := l.numbers()
	for _, r := range landings(t, s.stream) {
		landed[l.chunk[numbers[l.identity(r)]]]++
	}
	var rest [][]byte
	parts, known := 0, 0 // chunks of which the stream has a part, and their records
	for i, job := range jobs {
		result, err := job.Wait()
		require.NoError(t, err)
		if result.Code == flbhost.OK {
			continue
		}
		rest = append(rest, l.chunks[i])
		if landed[i] > 0 {
			parts, known = parts+1, known+landed[i]
		}
	}
	require.Positive(t, parts)
	s.stream.Heal()
	before := s.stream.Stats().Offered
	next := runHost(t, s.stream, flbhost.Config{Workers: 4}, section)
	requireLine(t, logOf(next), "info", "ledger_file: the stream has parts of "+decimal(parts)+" chunks that were not finished")
	jobs = nil
	for _, chunk := range rest {
		jobs = append(jobs, next.Go(0, "tag", chunk))
	}
	requireTaken(t, jobs)
	l.requireOnce(t, s.stream)
	require.EqualValues(t, 2000*len(rest)-known, s.stream.Stats().Offered-before, "what the stream held was not even offered")
	requireLine(t, exitLog(t, next), "info", "at exit: ", "not sent again "+decimal(known), "chunks in ledger_file at the start "+decimal(parts),
		"chunks that came back and were known "+decimal(parts))
}

// A hot reload makes the instances anew in the same process, on the same files.
func TestALedgerFileOutlivesAReload(t *testing.T) {
	l := shortLines(2000, 2000)
	section := options{"ledger_file": ledgerPath(t), "delivery_timeout": "0"}
	s := halfRefused(t, section)
	reload := func() {
		require.NoError(t, s.host.Reload(hostConfig(s.stream, flbhost.Config{}, section).Instances...))
	}
	offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0])
	for range 3 {
		reload()
		offerOnce(t, s.host, flbhost.Retry, "tag", l.chunks[0])
	}
	s.stream.Heal()
	offerOnce(t, s.host, flbhost.OK, "tag", l.chunks[0])
	l.requireOnce(t, s.stream)
	reload()
	offerOnce(t, s.host, flbhost.OK, "tag", l.chunks[0])
	l.requireTimes(t, 2, landings(t, s.stream)) // the same bytes once more are other events
}

// A file that is full is done without, is said once, and holds nothing that is
// out of date.
func TestALedgerFileThatIsFullIsAWarning(t *testing.T) {
	limitFileSize(t)
	l := shortLines(80_000, 2000)
	path := ledgerPath(t)
	s := setStage(t, kinesistest.Options{Seed: 21, Faults: kinesistest.Faults{ThrottleRecords: 0.5}},
		flbhost.Config{Workers: 4, RetryLimit: flbhost.NoLimit}, options{"ledger_file": path, "delivery_timeout": "0"})
	flushAll(t, s.host, 0, l.chunks...)
	l.requireOnce(t, s.stream)
	log := logOf(s.host)
	requireLine(t, log, "warning", "ledger_file = ", "cannot be written, so until it can what the stream has of chunks is not known across restarts")
	require.Len(t, log.with("warning", "ledger_file"), 1)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, content)
}

// limitFileSize has hosts write files of 12 KiB at most, or 24 where the shell
// counts in other blocks: that is enough for the log, and not for the ledger of
// records that are refused at random.
func limitFileSize(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" || os.Getenv("FLBHOST_EXEC") != "" {
		t.Skip("the size of files is not limited here")
	}
	script := filepath.Join(t.TempDir(), "limited")
	// Who writes more gets an error, as from a disk that is full, and no signal.
	write(t, script, []byte("#!/bin/sh\ntrap '' XFSZ\nulimit -f 24\nexec \"$@\"\n"))
	require.NoError(t, os.Chmod(script, 0o700))
	t.Setenv("FLBHOST_EXEC", script)
}

func TestTwoInstancesOnOneLedgerFileAreRefused(t *testing.T) {
	s := runStream(t, kinesistest.Options{})
	section := options{"ledger_file": ledgerPath(t)}
	const refusal = `cannot start: ledger_file = "`
	log := refusedStart(t, s, flbhost.Config{}, section, section)
	requireLine(t, log, "error", "[kinesis 1] "+refusal, "the file is in use by another instance")
	first := runHost(t, s, flbhost.Config{}, section)
	requireLine(t, refusedStart(t, s, flbhost.Config{}, section), "error", "[kinesis 0] "+refusal, "the file is in use by another instance")
	first.Kill()
	_, err := first.Wait()
	require.NoError(t, err)
	runHost(t, s, flbhost.Config{}, section)
}

func TestALedgerFileThatCannotBeHadIsAWarning(t *testing.T) {
	foreign := ledgerPath(t)
	write(t, foreign, []byte("someone else's\n"))
	for name, path := range map[string]string{
		"someone else's":           foreign,
		"in a folder that is none": filepath.Join(foreign, "ledger"),
		"a folder":                 t.TempDir(),
	} {
		t.Run(name, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{}, options{"ledger_file": path})
			s.flush(flbhost.OK, one(when, F("log", "x")))
			requireLine(t, logOf(s.host), "warning", "ledger_file = ", "cannot be used, so what the stream has of chunks is not known across restarts")
		})
	}
	content, err := os.ReadFile(foreign)
	require.NoError(t, err)
	require.Equal(t, "someone else's\n", string(content))
}
