package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/samples"
)

func TestMain(m *testing.M) {
	if os.Getenv(actAsFluentBit) != "" {
		os.Exit(standIn(os.Args[1:]))
	}
	os.Exit(flbhost.Main(m))
}

// safeBuffer is a buffer that several goroutines write.
type safeBuffer struct {
	mu sync.Mutex // guards the buffer
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// runWith is the command run with the module's library, standard output and standard error apart.
func runWith(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	library, err := flbhost.Library()
	require.NoError(t, err)
	var out, errs safeBuffer
	args = append([]string{"-library", library}, args...)
	status = run(context.Background(), args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// runInput is runWith with a standard input that is written to, while shown tells what is on standard output.
func runInput(t *testing.T, write func(stdin *os.File, shown func() string), args ...string) (status int, stdout, stderr string) {
	t.Helper()
	library, err := flbhost.Library()
	require.NoError(t, err)
	stdin, lines, err := os.Pipe()
	require.NoError(t, err)
	defer stdin.Close()
	var out, errs safeBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(context.Background(), append([]string{"-library", library, "-input", "-"}, args...), stdin, &out, &errs)
	}()
	write(lines, out.String)
	require.NoError(t, lines.Close())
	return <-ended, out.String(), errs.String()
}

var summaryRow = regexp.MustCompile(`(?m)^(lines in|records landed|lost|duplicated) +([0-9,]+)`)

// summaryOf is what the summary says: lines in, records landed, lost, duplicated.
func summaryOf(stdout string) map[string]string {
	rows := map[string]string{}
	for _, row := range summaryRow.FindAllStringSubmatch(stdout, -1) {
		rows[row[1]] = row[2]
	}
	return rows
}

func all(n string) map[string]string {
	return map[string]string{"lines in": n, "records landed": n, "lost": "0", "duplicated": "0"}
}

func TestBundledLinesAllLandAndAreShown(t *testing.T) {
	status, stdout, stderr := runWith(t, "", "-host", "bundled", "-o", "partition_key=container_id", "-full")
	require.Zero(t, status, stderr)
	n := len(samples.Events())
	require.Equal(t, all(grouped(int64(n))), summaryOf(stdout))
	require.Equal(t, n, strings.Count(stdout, `{"run_line":`), "each record is shown")
	require.Contains(t, stdout, "crème brûlée")
	require.Contains(t, stderr, "partition_key=container_id")
	require.NotContains(t, stdout+stderr, "\x1b", "no colours but on a terminal")
}

func TestTheMetricsAreWhereTheRunSaysTheyAre(t *testing.T) {
	said := regexp.MustCompile(`(?m)^metrics +(http://127\.0\.0\.1:\d+/metrics), while it runs$`)
	_, _, stderr := runWith(t, "")
	require.Regexp(t, said, stderr)
	require.Contains(t, stderr, "metrics at "+said.FindStringSubmatch(stderr)[1])

	_, _, stderr = runWith(t, "", "-o", "metrics_listen=127.0.0.1:0")
	require.Regexp(t, said, stderr, "a port that is free is found before")
	require.Contains(t, stderr, "metrics at "+said.FindStringSubmatch(stderr)[1])
}

func TestAStreamOfATemplateComesWithItsFirstRecord(t *testing.T) {
	status, stdout, stderr := runWith(t, "", "-host", "bundled", "-shards", "2", "-limits", "-o", "stream=app-$kubernetes['namespace_name']")
	require.Zero(t, status, stderr)
	require.Equal(t, all(grouped(int64(len(samples.Events())))), summaryOf(stdout))
	require.Contains(t, stderr, "2 shards each that take 2,000 records or 2 MiB a second")
	require.Regexp(t, `(?m)^[0-9:.]+  app-shop shard [01]  .*"run_line":1,`, stdout)
	for _, shard := range []string{"app-kube-system shard 0", "app-kube-system shard 1", "app-shop shard 0", "app-shop shard 1"} {
		require.Regexp(t, `(?m)^`+shard+` +[0-9]+ `, stdout)
	}
}

func TestTheStreamTakesRecordsAsLargeAsThePluginMaySend(t *testing.T) {
	line := strings.Repeat("x", 2_000_000)
	status, stdout, stderr := runWith(t, line, "-host", "bundled", "-input", "-", "-full", "-o", "maximum_record_size=10M")
	require.Zero(t, status, "%.1000s", stderr)
	require.Contains(t, stdout, line+`"`)
}

func TestStandardInputIsReadToItsEndEmptyLinesIncluded(t *testing.T) {
	status, stdout, stderr := runWith(t, "one\n\nthree \"quoted\"\r\nlast without newline", "-host", "bundled", "-input", "-")
	require.Zero(t, status, stderr)
	require.Equal(t, all("4"), summaryOf(stdout))
	require.Contains(t, stdout, `{"run_line":2,"log":"",`)
	require.Contains(t, stdout, `"log":"three \"quoted\"",`)
	require.Contains(t, stdout, `"log":"last without newline",`)
}

func TestManyLinesAreCountedAndNotAllShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("a line of a log\n", 1000)), 0o600))
	status, stdout, stderr := runWith(t, "", "-host", "bundled", "-input", file, "-n", "3", "-workers", "4", "-show", "7")
	require.Zero(t, status, stderr)
	require.Equal(t, all("3,000"), summaryOf(stdout))
	require.Equal(t, 7, strings.Count(stdout, `{"run_line":`))
}

func TestAStreamWithLimitsIsSaidToHaveThem(t *testing.T) {
	status, stdout, stderr := runWith(t, strings.Repeat("a line of a log\n", 3000), "-host", "bundled", "-input", "-", "-limits", "-shards", "1", "-show", "0", "-workers", "2")
	require.Zero(t, status, stderr)
	require.Equal(t, all("3,000"), summaryOf(stdout))
	require.Contains(t, stderr, "1 shard that takes 1,000 records or 1 MiB a second")
	require.Regexp(t, `(?m)^pace +[0-9,]+ records/s from the first to the last, in [0-9.]+ s$`, stdout)
}

func TestChunksAreCutByTheLine(t *testing.T) {
	lines := strings.Repeat("a line of a log\n", 1003)
	for _, tc := range []struct {
		name    string
		args    []string
		chunks  string
		records string // of the stream; empty where they are as many as the log records
	}{
		{"many small ones, for many workers", []string{"-chunk-lines", "10", "-workers", "16"}, "101", ""},
		{"one line each, for Fluent Bit's own thread", []string{"-chunk-lines", "1"}, "1,003", ""},
		{"more lines than there are", []string{"-chunk-lines", "2000", "-workers", "2"}, "1", ""},
		{"packed", []string{"-chunk-lines", "100", "-workers", "16", "-o", "aggregation=true"}, "11", "as [0-9]+ Kinesis records? "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, stdout, stderr := runWith(t, lines, append(tc.args, "-input", "-", "-show", "0")...)
			require.Zero(t, status, stderr)
			require.Equal(t, all("1,003"), summaryOf(stdout))
			require.Regexp(t, `(?m)^chunks +`+tc.chunks+`$`, stdout)
			require.Regexp(t, `(?m)^records landed +1,003 with [0-9.,]+ k?B of data, `+tc.records+`in [0-9,]+ requests?$`, stdout)
		})
	}
}

func TestChunksCutByTheLineAreForTheBundledHost(t *testing.T) {
	t.Setenv("FLUENT_BIT", "/no/such/fluent-bit")
	status, _, stderr := runWith(t, "x\n", "-chunk-lines", "1", "-input", "-")
	require.Zero(t, status, stderr)
	require.Contains(t, stderr, "the bundled host (as -chunk-lines asks for)")
}

func TestALineThatComesLateDoesNotWaitForItsChunkToFill(t *testing.T) {
	status, stdout, stderr := runInput(t, func(stdin *os.File, shown func() string) {
		for _, line := range []string{"one", "two"} {
			_, err := stdin.WriteString(line + "\n")
			require.NoError(t, err)
			require.Eventually(t, func() bool { return strings.Contains(shown(), `"log":"`+line+`"`) }, eventually, poll)
		}
	}, "-chunk-lines", "10")
	require.Zero(t, status, stderr)
	require.Regexp(t, `(?m)^chunks +2$`, stdout)
}

func TestWithoutTheNumberRecordsAreCounted(t *testing.T) {
	status, stdout, stderr := runWith(t, "x\ny\n", "-host", "bundled", "-input", "-", "-o", "data_keys=log", "-o", "append_newline=true")
	require.Zero(t, status, stderr)
	require.Equal(t, all("2"), summaryOf(stdout))
	require.Contains(t, stdout, `{"log":"x"}\n`)
	require.Contains(t, stdout, "differences of counts")
}

func TestRecordsThatThePluginSkipsAreLost(t *testing.T) {
	status, stdout, _ := runWith(t, "x\ny\n", "-host", "bundled", "-input", "-", "-o", "log_key=no_such_key")
	require.Equal(t, statusLost, status)
	require.Equal(t, map[string]string{"lines in": "2", "records landed": "0", "lost": "2", "duplicated": "0"}, summaryOf(stdout))
}

func TestARefusedOptionIsThePluginsToExplain(t *testing.T) {
	status, _, stderr := runWith(t, "x\n", "-host", "bundled", "-input", "-", "-o", "compression=perhaps")
	require.Equal(t, statusLost, status)
	require.Regexp(t, `plugin \| .*compression`, stderr)
	require.Contains(t, stderr, "refused to start")
}

func TestARoleIsAssumedFromTheEmbeddedTokenService(t *testing.T) {
	status, stdout, stderr := runWith(t, "x\n", "-host", "bundled", "-input", "-", "-o", "role_arn=arn:aws:iam::123456789012:role/writer")
	require.Zero(t, status, stderr)
	require.Equal(t, all("1"), summaryOf(stdout))
}

func TestWrongFlagsAreNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"an option without a value":            {[]string{"-o", "data_keys"}, "key=value"},
		"an option that the run sets":          {[]string{"-o", "Endpoint=https://example.com"}, "its own stream"},
		"workers as an option":                 {[]string{"-o", "workers=2"}, "-workers N"},
		"a value over two lines":               {[]string{"-o", "log_key=a\nb"}, "line break"},
		"an option of the plugin as a flag":    {[]string{"partition_key=x"}, "-o key=value"},
		"chunks of less than no lines":         {[]string{"-chunk-lines", "-1"}, "-chunk-lines is -1"},
		"chunks that are Fluent Bit's to cut":  {[]string{"-chunk-lines", "5", "-host", "fluent-bit"}, "-host bundled"},
		"records beside a picture":             {[]string{"-watch", "-show", "3"}, "leave out -show"},
		"no passes":                            {[]string{"-n", "0"}, "-n is 0"},
		"a host that is none":                  {[]string{"-host", "docker"}, "auto, bundled, fluent-bit"},
		"standard input twice":                 {[]string{"-input", "-", "-n", "2"}, "standard input"},
		"more than all throttled":              {[]string{"-throttle", "101"}, "-throttle is 101"},
		"no shards, and workers beyond reason": {[]string{"-shards", "0", "-workers", "1000"}, "-workers is 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr safeBuffer
			status := run(context.Background(), tc.args, strings.NewReader(""), &stdout, &stderr)
			require.Equal(t, statusUsage, status)
			require.Contains(t, stderr.String(), tc.says)
		})
	}
}

func TestAnInputThatCannotBeReadIsAnError(t *testing.T) {
	for name, path := range map[string]string{"no such file": "/no/such/file.log", "a folder": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := runWith(t, "", "-host", "bundled", "-input", path)
			require.Equal(t, statusLost, status)
			require.Contains(t, stderr, path)
		})
	}
}

func TestWhatTheStreamThrottlesIsTriedAgain(t *testing.T) {
	status, stdout, stderr := runWith(t, "", "-host", "bundled", "-n", "40", "-show", "0", "-throttle", "10")
	require.Zero(t, status, stderr)
	summary := summaryOf(stdout)
	require.Equal(t, summary["lines in"], summary["records landed"])
	require.Equal(t, "0", summary["lost"])
	require.Regexp(t, `(?m)^throttled +[1-9]`, stdout)
}

func TestAnInterruptEndsTheInputAndNotTheSending(t *testing.T) {
	library, err := flbhost.Library()
	require.NoError(t, err)
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	stdin, lines, err := os.Pipe()
	require.NoError(t, err)
	defer stdin.Close()
	defer lines.Close()
	_, err = lines.WriteString("one\ntwo\n")
	require.NoError(t, err)

	var stdout, stderr safeBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"-library", library, "-host", "bundled", "-input", "-"}, stdin, &stdout, &stderr)
	}()
	require.Eventually(t, func() bool { return strings.Contains(stdout.String(), `"log":"two"`) }, eventually, poll,
		"lines are sent while more may come")
	interrupt()
	require.Zero(t, <-ended, stderr.String())
	require.Equal(t, all("2"), summaryOf(stdout.String()))
}

func TestPackedAndCompressedRecordsAreReadAsTheirConsumerWould(t *testing.T) {
	for _, options := range [][]string{
		{"-o", "aggregation=true"},
		{"-o", "simple_aggregation=on"},
		{"-o", "simple_aggregation=on", "-o", "compression=zstd"},
		{"-o", "compression=zstd"},
		{"-o", "aggregation=true", "-o", "compression=gzip", "-o", "aggregation_compression=gzip"},
	} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			status, stdout, stderr := runWith(t, "", append([]string{"-host", "bundled", "-show", "3"}, options...)...)
			require.Zero(t, status, stderr)
			rows := summaryOf(stdout)
			require.Equal(t, rows["lines in"], rows["records landed"])
			require.Equal(t, "0", rows["lost"])
			require.Equal(t, "0", rows["duplicated"])
			require.Contains(t, stdout, `{"run_line":1,`)
			require.Contains(t, stdout, "user records packed into")
			require.NotContains(t, stdout, "differences of counts")
		})
	}
}
