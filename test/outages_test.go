//go:build linux

package test

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// An outage is a way in which a stream cannot be reached for a while.
type outage struct {
	name  string
	begin func(t *testing.T, s *kinesistest.Server, r *slowResolver)
	end   func(t *testing.T, s *kinesistest.Server, r *slowResolver)
	// came is whether the stream has seen something of it; nil where it sees
	// nothing at all.
	came func(stats kinesistest.Stats) bool
}

var outages = []outage{
	{"connections are refused",
		func(t *testing.T, s *kinesistest.Server, _ *slowResolver) { require.NoError(t, s.Down()) },
		func(t *testing.T, s *kinesistest.Server, _ *slowResolver) { require.NoError(t, s.Up()) },
		nil},
	{"the service fails",
		faulty(kinesistest.Faults{FailRequests: 1}), heal,
		func(stats kinesistest.Stats) bool { return stats.Outcomes["InternalFailure"] > 0 }},
	{"nothing lands, and no answer comes",
		faulty(kinesistest.Faults{Hang: 1}), heal,
		func(stats kinesistest.Stats) bool { return stats.Outcomes[kinesistest.OutcomeGone] > 0 }},
	{"all lands, and no answer comes",
		faulty(kinesistest.Faults{AnswerDelay: time.Hour}), heal,
		func(stats kinesistest.Stats) bool { return stats.Unanswered > 0 }},
	{"all lands, and the half of an answer comes",
		faulty(kinesistest.Faults{StallWithin: 1}), heal,
		func(stats kinesistest.Stats) bool { return stats.Unanswered > 0 }},
	{"the name does not resolve",
		func(t *testing.T, s *kinesistest.Server, r *slowResolver) {
			r.answerAfter(noSuchName)
			require.NoError(t, s.Down()) // connections that last need no name, nor do those that have just looked it up
		},
		func(t *testing.T, s *kinesistest.Server, r *slowResolver) {
			require.NoError(t, s.Up())
			r.answerAfter("0")
		},
		nil},
}

func faulty(f kinesistest.Faults) func(*testing.T, *kinesistest.Server, *slowResolver) {
	return func(t *testing.T, s *kinesistest.Server, _ *slowResolver) { require.NoError(t, s.SetFaults(f)) }
}

func heal(_ *testing.T, s *kinesistest.Server, _ *slowResolver) { s.Heal() }

// A short outage, of which `make soak` has a long one: see TestLongOutages.
func TestOutagesLoseNothing(t *testing.T) {
	const length = 2 * time.Second
	for _, x := range outages {
		for _, setting := range settings {
			t.Run(x.name+", "+setting.name, func(t *testing.T) {
				t.Parallel() // most of the time passes in the outage
				x.requireLosesNothing(t, length, setting.options, setting.perChunk)
			})
		}
	}
}

// requireLosesNothing has the outage begin when a third of the records has landed,
// and requires that they all land in the end, none but those without an answer
// twice, and that no chunk is handed back: Fluent Bit offers one once more and then
// drops it.
func (x *outage) requireLosesNothing(t *testing.T, length time.Duration, o options, perChunk int) {
	t.Helper()
	l := shortLines(manyRecords, perChunk)
	r := runSlowResolver(t)
	first := newBrake(len(l.want) / 3)
	s := runStream(t, kinesistest.Options{Hosts: []string{streamHost}, SkipOverlaps: true, OnRecord: first.record})
	t.Cleanup(first.release)
	_, port, err := net.SplitHostPort(addressOf(t, s.URL()))
	require.NoError(t, err)
	section := with(o, "endpoint", "https://"+streamHost+":"+port)
	section["http_request_timeout"] = strconv.Itoa(max(1, int(length.Seconds()/4)))
	h := runHost(t, s, flbhost.Config{Workers: 4, RetryLimit: 1, Env: r.env}, section)

	var jobs []*flbhost.Job
	for _, chunk := range l.chunks {
		jobs = append(jobs, h.Go(0, "app.log", chunk))
	}
	<-first.reached
	x.begin(t, s, r)
	begin := time.Now()
	first.release()
	eventually(t, "the outage has come to pass", func() bool {
		return (x.came == nil || x.came(s.Stats())) && len(logOf(h).with("warning", "failed (")) > 0
	})
	time.Sleep(time.Until(begin.Add(length)))
	if x.came == nil {
		require.Less(t, first.landed(), len(l.want), "it is in the middle")
	}
	x.end(t, s, r)

	results, err := flbhost.WaitAll(jobs...)
	require.NoError(t, err)
	for _, result := range results {
		require.Equal(t, flbhost.OK, result.Code)
		require.Equal(t, 1, result.Offers, "it is waited for, and the chunk is not handed back")
	}
	l.requireReadOnce(t, s)
	require.Empty(t, exitLog(t, h).texts("error"))
}

// requireReadOnce is requireAnsweredOnce where the client may have given up as its
// answer was on its way: what the last answer on a connection was for may be there
// once more.
func (l *lot) requireReadOnce(t *testing.T, s *kinesistest.Server) {
	t.Helper()
	last := map[uint64]bool{}
	for _, r := range s.LastAnswers(streamName) {
		last[r.Sequence] = true
	}
	var answered, doubtful []kinesistest.Record
	for _, r := range s.Records(streamName) {
		switch {
		case r.Unanswered:
		case last[r.Sequence]:
			doubtful = append(doubtful, r)
		default:
			answered = append(answered, r)
		}
	}
	found := takenApart(t, answered)
	there := map[string]bool{}
	for _, r := range found {
		there[l.identity(r)] = true
	}
	for _, r := range takenApart(t, doubtful) {
		if id := l.identity(r); !there[id] {
			there[id] = true
			found = append(found, r)
		}
	}
	l.requireTimes(t, 1, found)
}

// A brake holds a stream when so many records have landed, until it is released.
type brake struct {
	at       int64
	count    atomic.Int64
	reached  chan struct{} // closed when they have
	released chan struct{}
	once     sync.Once
}

func newBrake(at int) *brake {
	return &brake{at: int64(at), reached: make(chan struct{}), released: make(chan struct{})}
}

// record takes a record that has landed.
func (b *brake) record(r kinesistest.Record) {
	n := int64(len(userKeys(r.Entry)))
	if count := b.count.Add(n); count >= b.at && count-n < b.at {
		close(b.reached)
		<-b.released
	}
}

// landed is how many records have landed, each time counted.
func (b *brake) landed() int { return int(b.count.Load()) }

func (b *brake) release() { b.once.Do(func() { close(b.released) }) }
