package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/kinesistest"
)

// program is a run of the program within the test.
type program struct {
	url, ca string
	stdin   *io.PipeWriter
	stop    context.CancelFunc
	lines   *bufio.Scanner // of standard output
	stderr  strings.Builder
	ended   sync.WaitGroup
	err     error
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	stdin, stdinWriter := io.Pipe()
	stdout, stdoutWriter := io.Pipe()
	p.stdin, p.lines = stdinWriter, bufio.NewScanner(stdout)
	p.ended.Go(func() {
		p.err = run(ctx, args, stdin, stdoutWriter, &p.stderr)
		stdoutWriter.Close()
	})
	t.Cleanup(func() {
		stop()
		stdinWriter.Close()
		stdout.Close()
		p.ended.Wait()
	})
	require.True(t, p.lines.Scan())
	ready := regexp.MustCompile(`^ready url=(\S+) ca=(\S*) sts=(\S+)$`).FindStringSubmatch(p.lines.Text())
	require.NotNil(t, ready, p.lines.Text())
	p.url, p.ca = ready[1], ready[2]
	return p
}

// put sends n records without a signature, and returns the status.
func (p *program) put(t *testing.T, n int) int {
	t.Helper()
	records := strings.TrimSuffix(strings.Repeat(`{"PartitionKey":"k","Data":"aGVsbG8="},`, n), ",")
	r, err := http.NewRequest(http.MethodPost, p.url, strings.NewReader(fmt.Sprintf(`{"StreamName":"logs","Records":[%s]}`, records)))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.PutRecords")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

// end reads the summary.
func (p *program) end(t *testing.T) summary {
	t.Helper()
	var s summary
	require.True(t, p.lines.Scan())
	require.NoError(t, json.Unmarshal(p.lines.Bytes(), &s), "%s", p.lines.Text())
	require.False(t, p.lines.Scan())
	p.ended.Wait()
	require.NoError(t, p.err)
	return s
}

func TestItServesUntilItsInputEnds(t *testing.T) {
	p := start(t, "-exit-on-eof", "-tls=false", "-skip-signatures", "-streams", "logs:2,more:1", "-streams", "third:1", "-throttle-records", "0.5", "-seed", "3", "-discard")
	require.Empty(t, p.ca)
	require.Equal(t, 200, p.put(t, 100))
	require.NoError(t, p.stdin.Close())
	s := p.end(t)
	require.Equal(t, uint64(3), s.Seed)
	require.Equal(t, int64(100), s.Stats.Landed+s.Stats.Throttled)
	require.InDelta(t, 50, s.Stats.Landed, 30)
	require.Len(t, s.Streams, 3)
	logs := s.Streams["logs"]
	require.Equal(t, s.Stats.Landed, logs.Records)
	require.Equal(t, 6*logs.Records, logs.Bytes)
	require.Len(t, logs.Shards, 2)
	require.Equal(t, logs.Records, logs.Shards[0].Records+logs.Shards[1].Records)
}

func TestItServesUntilItIsTold(t *testing.T) {
	p := start(t, "-streams", "logs:1", "-access-key-id", "AKIAMINE", "-session-token", "it's")
	require.Contains(t, p.url, "https://")
	_, err := os.Stat(p.ca)
	require.NoError(t, err)
	require.NoError(t, p.stdin.Close(), "without -exit-on-eof its end means nothing")
	p.stop()
	require.Zero(t, p.end(t).Stats.Requests)
	require.Contains(t, p.stderr.String(), "export AWS_ACCESS_KEY_ID='AKIAMINE'\n")
	require.Contains(t, p.stderr.String(), `export AWS_SESSION_TOKEN='it'\''s'`)
	require.Contains(t, p.stderr.String(), "export AWS_CA_BUNDLE='"+p.ca+"'\n")
}

func TestItPrintsWhatLands(t *testing.T) {
	p := start(t, "-tls=false", "-skip-signatures", "-streams", "logs:1", "-print")
	var answered sync.WaitGroup
	answered.Go(func() { p.put(t, 1) }) // the pipe makes it wait for the line to be read
	require.True(t, p.lines.Scan())
	answered.Wait()
	var l line
	require.NoError(t, json.Unmarshal(p.lines.Bytes(), &l))
	require.Equal(t, []string{"logs", "shardId-000000000000", "k", "hello"}, []string{l.Stream, l.Shard, l.PartitionKey, l.Data})
	p.stop()
	require.Equal(t, int64(1), p.end(t).Stats.Landed)
}

func TestItHealsAfterAWhile(t *testing.T) {
	p := start(t, "-tls=false", "-skip-signatures", "-streams", "logs:1", "-hang", "1", "-heal-after", "50ms")
	require.Equal(t, 200, p.put(t, 1), "hangs until it is healed")
	require.Equal(t, 200, p.put(t, 1))
	p.stop()
	require.Equal(t, int64(2), p.end(t).Stats.Landed)
}

func TestEachFaultHasItsFlag(t *testing.T) {
	s, err := parse(strings.Fields("-throttle-records 0.01 -fail-records 0.02 -throttle-all -fail-requests 0.03 -throttle-requests 0.04 "+
		"-answer-error 0.05:AccessDeniedException -bad-gateway 0.06 -cut-before 0.07 -cut-after 0.08 -cut-within 0.09 -stall-within 0.095 -hang 0.1 "+
		"-delay 1ms -delay-jitter 2ms -answer-delay 3ms"), io.Discard)
	require.NoError(t, err)
	require.Equal(t, kinesistest.Faults{
		ThrottleRecords: 0.01, FailRecords: 0.02, ThrottleAll: true, FailRequests: 0.03, ThrottleRequests: 0.04,
		AnswerError: 0.05, Error: kinesistest.ErrorNamed("AccessDeniedException"), BadGateway: 0.06,
		CutBefore: 0.07, CutAfter: 0.08, CutWithin: 0.09, StallWithin: 0.095, Hang: 0.1,
		Delay: 1e6, DelayJitter: 2e6, AnswerDelay: 3e6,
	}, s.options.Faults)
}

func TestFlagsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct{ name, args, says string }{
		{"an unknown flag", "-nope", "-nope"},
		{"an argument", "logs", `"logs"`},
		{"a stream without shards", "-streams logs", `"logs" is not name:shards`},
		{"a stream with bad shards", "-streams logs:x", `"logs:x" is not name:shards`},
		{"a stream given twice", "-streams logs:1 -streams logs:2", "given twice"},
		{"a stream with no shard", "-streams logs:0", "shardCount"},
		{"a stream with a bad name", "-streams lo/gs:1", "streamName"},
		{"an error without a code", "-answer-error 0.1", "not fraction:code"},
		{"a fraction above one", "-cut-after 1.5", "CutAfter is 1.5"},
		{"an address that is none", "-address nowhere", "nowhere"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(context.Background(), strings.Fields(c.args), strings.NewReader(""), io.Discard, io.Discard)
			require.ErrorContains(t, err, c.says)
		})
	}
}
