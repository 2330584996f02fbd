package test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A flow keeps numbered records coming to a host, several chunks at once, while
// something happens around it.
type flow struct {
	t      *testing.T
	stream *kinesistest.Server
	host   *flbhost.Host
	sent   int // records
}

const (
	flowChunks  = 4  // of a round
	flowRecords = 25 // of a chunk
)

// flowHost is a host on which a flow has its chunks flushed at once.
var flowHost = flbhost.Config{Workers: flowChunks}

func newFlow(t *testing.T, s *kinesistest.Server, h *flbhost.Host) *flow {
	return &flow{t: t, stream: s, host: h}
}

// round flushes some chunks at once, and requires that each is taken when it is
// first offered.
func (f *flow) round() {
	f.t.Helper()
	var jobs []*flbhost.Job
	for range flowChunks {
		jobs = append(jobs, f.host.Go(0, "app.log", f.chunk()))
	}
	results, err := flbhost.WaitAll(jobs...)
	require.NoError(f.t, err)
	for _, result := range results {
		require.Equal(f.t, flbhost.OK, result.Code, "the answer to a chunk")
		require.Equal(f.t, 1, result.Offers, "the offers that a chunk needed")
	}
}

// chunk is the next chunk.
func (f *flow) chunk() []byte {
	var c flbhost.Chunk
	for range flowRecords {
		c.Append(flbhost.EventTime(when), F("n", f.sent))
		f.sent++
	}
	return c.Bytes()
}

// until goes on until something holds.
func (f *flow) until(what string, holds func() bool) {
	f.t.Helper()
	eventually(f.t, what, func() bool {
		f.t.Helper()
		f.round()
		return holds()
	})
}

// requireOnce requires that the stream holds each record that was sent once.
func (f *flow) requireOnce() {
	f.t.Helper()
	l := &lot{}
	for i := range f.sent {
		l.want = append(l.want, landing{data: fmt.Sprintf(`{"n":%d}`, i)})
	}
	l.requireOnce(f.t, f.stream)
}

// requireQuiet ends the host, and requires that nothing is wrong in its log.
func (f *flow) requireQuiet() {
	f.t.Helper()
	f.requireOnce()
	log := exitLog(f.t, f.host)
	require.Empty(f.t, log.texts("warning"))
	require.Empty(f.t, log.texts("error"))
}

// requireSaid ends the host, and requires that its log says why requests have
// failed, and that nothing else is wrong.
func (f *flow) requireSaid(why string) {
	f.t.Helper()
	f.requireOnce()
	log := exitLog(f.t, f.host)
	requireLine(f.t, log, "warning", "a request of ", why)
	for _, line := range log.with("warning") {
		require.Regexp(f.t, regexp.QuoteMeta(why)+"|requests that failed: [0-9]+ more held back", line.text)
	}
	require.Empty(f.t, log.texts("error"))
}
