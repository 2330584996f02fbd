package test

import (
	"maps"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// options are those of one [OUTPUT] section.
type options = map[string]string

// streamName is the stream that instances send to unless they say otherwise.
const streamName = "logs"

// A stage is a stream, and a host that has the library loaded.
type stage struct {
	t      *testing.T
	stream *kinesistest.Server
	host   *flbhost.Host
}

// setStage starts a stream with the defaults of runStream, and a host before it
// with one instance for each of the sections, or with one without options of
// its own.
func setStage(t *testing.T, o kinesistest.Options, config flbhost.Config, sections ...options) *stage {
	t.Helper()
	s := runStream(t, o)
	return &stage{t: t, stream: s, host: runHost(t, s, config, sections...)}
}

// runStream starts an embedded stream for the length of a test, over TLS and
// with four shards unless o says otherwise.
func runStream(t *testing.T, o kinesistest.Options) *kinesistest.Server {
	t.Helper()
	if o.Streams == nil {
		o.Streams = map[string]int{streamName: 4}
	}
	return kinesistest.Run(t, o)
}

// runHost starts a host before the stream. When the test ends, the log is
// searched for what must never be in one.
func runHost(t *testing.T, s *kinesistest.Server, config flbhost.Config, sections ...options) *flbhost.Host {
	t.Helper()
	var h *flbhost.Host
	t.Cleanup(func() { // runs after the host's own, which waits for its end
		if h != nil {
			requireCleanLog(t, s, h.Log(), h.Stderr())
		}
	})
	h = flbhost.Run(t, hostConfig(s, config, sections...))
	return h
}

// merged are the options of both; those of the second stand.
func merged(first, second options) options {
	all := maps.Clone(first)
	maps.Copy(all, second)
	return all
}

// refusedStart starts a host that is expected to be refused, and returns the
// log of it.
func refusedStart(t *testing.T, s *kinesistest.Server, config flbhost.Config, sections ...options) logLines {
	t.Helper()
	h, err := flbhost.Start(hostConfig(s, config, sections...))
	if err == nil {
		_ = h.Exit() // the start is what the test is about
	}
	var refused *flbhost.InitError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, flbhost.Error, refused.Code)
	requireCleanLog(t, s, refused.Log, refused.Stderr)
	return parseLog(refused.Log)
}

// unset removes from the host's environment what would change how the plugin
// works, were it set where the tests run.
var unset = []string{
	"FLB_LOG_LEVEL", "SEND_FAILURE_TIMEOUT", "EKS_POD_EXECUTION_ROLE", "TZ=UTC",
	"AWS_PROFILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_SDK_LOAD_CONFIG", "AWS_CA_BUNDLE",
	"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL_STS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
}

func hostConfig(s *kinesistest.Server, config flbhost.Config, sections ...options) flbhost.Config {
	if len(sections) == 0 {
		sections = []options{{}}
	}
	for _, section := range sections {
		all := options{"region": "us-east-1", "stream": streamName, "endpoint": s.URL()}
		maps.Copy(all, section)
		config.Instances = append(config.Instances, all)
	}
	config.Env = append(append(append([]string(nil), unset...), s.Env()...), config.Env...)
	if config.Backoff == 0 {
		config.Backoff = 10 * time.Millisecond
	}
	return config
}

// flush hands a chunk to the first instance, requires the code that it
// answers, and returns what landed of this chunk.
func (s *stage) flush(code int, c *flbhost.Chunk) []kinesistest.Record {
	s.t.Helper()
	return s.flushTo(0, code, c)
}

// flushTo is flush for any instance.
func (s *stage) flushTo(instance, code int, c *flbhost.Chunk) []kinesistest.Record {
	s.t.Helper()
	before := len(s.stream.Records(streamName))
	result, err := s.host.Flush(instance, "app.log", c.Bytes())
	require.NoError(s.t, err)
	require.Equal(s.t, code, result.Code, "the answer to the chunk")
	return s.stream.Records(streamName)[before:]
}

// flushAll has all workers of an instance flush the chunks at once, and
// requires that each is taken in the end.
func flushAll(t *testing.T, h *flbhost.Host, instance int, chunks ...[]byte) {
	t.Helper()
	var jobs []*flbhost.Job
	for _, chunk := range chunks {
		jobs = append(jobs, h.Go(instance, "app.log", chunk))
	}
	requireTaken(t, jobs)
}

// requireTaken waits for the chunks, and requires that each is taken.
func requireTaken(t *testing.T, jobs []*flbhost.Job) {
	t.Helper()
	results, err := flbhost.WaitAll(jobs...)
	require.NoError(t, err)
	codes := map[int]int{}
	for _, result := range results {
		codes[result.Code]++
	}
	require.Equal(t, map[int]int{flbhost.OK: len(jobs)}, codes, "answers to the chunks by code")
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			require.FailNow(t, "waited in vain until "+what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// fields is short for the fields of an event.
func fields(f ...flbhost.Field) []flbhost.Field { return f }

// one is a chunk of one event at this time.
func one(at time.Time, f ...flbhost.Field) *flbhost.Chunk {
	var c flbhost.Chunk
	c.Append(flbhost.EventTime(at), f...)
	return &c
}

// when is the time of events where it matters.
var when = time.Date(2026, 3, 14, 9, 26, 53, 123456789, time.UTC)

// write makes a file with this content.
func write(t *testing.T, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, content, 0o600))
}
