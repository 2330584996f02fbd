package kinesis

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// configOf is the config of an instance with these options beside the two that
// are required: pairs of name and value.
func configOf(t testing.TB, pairs ...string) *Config {
	t.Helper()
	values := plugins.Values{"region": "us-west-2", "stream": "logs"}
	for pair := range slices.Chunk(pairs, 2) {
		values[pair[0]] = pair[1]
	}
	config, _, err := ReadConfig(values, func(string) string { return "" })
	require.NoError(t, err)
	return &config
}

// outputOf is an instance that sends to client, until the end of the test.
func outputOf(t testing.TB, client poster, pairs ...string) *Output {
	t.Helper()
	return outputLogging(t, io.Discard, client, configOf(t, pairs...))
}

func outputLogging(t testing.TB, log io.Writer, client poster, config *Config) *Output {
	t.Helper()
	o, err := newOutput(config, plugins.NewLogger(log, "kinesis", "debug"), client, func(reason string) {
		t.Errorf("the watchdog has expired: %s", reason)
	})
	require.NoError(t, err)
	t.Cleanup(o.Close)
	return o
}

// A logText is a log to be read while it is written.
type logText struct {
	mu   sync.Mutex
	text strings.Builder // guarded by mu
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

type fields = []flbhost.Field

// kv is a field of an event.
var kv = flbhost.F

// eventsAt is the time of events for which it does not matter.
var eventsAt = flbhost.EventTime(time.Unix(1_700_000_000, 123_456_789))

// chunkOf makes a chunk of n events.
func chunkOf(n int, body func(i int) []flbhost.Field) []byte {
	var c flbhost.Chunk
	for i := range n {
		c.Append(eventsAt, body(i)...)
	}
	return c.Bytes()
}

// numbered makes a chunk of n events that come out as {"n":0}, {"n":1}, ...
func numbered(n int) []byte {
	return chunkOf(n, func(i int) []flbhost.Field { return []flbhost.Field{flbhost.F("n", i)} })
}

// keyed makes a chunk of n events with the next one of so many keys each, and a
// number: {"key":"k3","n":7}.
func keyed(n, keys int) []byte {
	return chunkOf(n, func(i int) []flbhost.Field {
		return []flbhost.Field{flbhost.F("key", "k"+strconv.Itoa(i%keys)), flbhost.F("n", i)}
	})
}

// A putRecord is a record as the service reads it from a request.
type putRecord struct {
	Data         []byte
	PartitionKey string
}

// n is the number in a record of numbered or keyed.
func (r putRecord) n(t testing.TB) int {
	var body struct{ N int }
	require.NoError(t, json.Unmarshal(r.Data, &body), "%s", r.Data)
	return body.N
}

// recordsOf reads the records of a request body as any JSON reader would.
func recordsOf(t testing.TB, body []byte) []putRecord {
	t.Helper()
	var request struct {
		StreamName string
		Records    []putRecord
	}
	reader := json.NewDecoder(bytes.NewReader(body))
	reader.DisallowUnknownFields()
	require.NoError(t, reader.Decode(&request), "%.200s", body)
	require.False(t, reader.More(), "the body goes on behind its end")
	require.Equal(t, "logs", request.StreamName)
	return request.Records
}

const (
	throttledCode = "ProvisionedThroughputExceededException"
	failureCode   = "InternalFailure"
)

// answerOf is the service's answer to a request: an error code for each
// record, empty for one that it took.
func answerOf(codes ...string) []byte {
	type result struct {
		SequenceNumber string `json:",omitempty"`
		ShardID        string `json:"ShardId,omitempty"`
		ErrorCode      string `json:",omitempty"`
		ErrorMessage   string `json:",omitempty"`
	}
	var answer struct {
		FailedRecordCount int
		Records           []result
	}
	for i, code := range codes {
		if code == "" {
			answer.Records = append(answer.Records, result{SequenceNumber: strconv.Itoa(i), ShardID: "shardId-000000000000"})
			continue
		}
		answer.FailedRecordCount++
		answer.Records = append(answer.Records, result{ErrorCode: code, ErrorMessage: "message of " + code})
	}
	text, _ := json.Marshal(answer) // of strings and numbers: cannot fail
	return text
}

var jsonFormat = wire.FormatOf(wire.JSON)

// answering makes into the answer to a request.
func answering(into *wire.Answer, codes ...string) error {
	into.Body = append(into.Body[:0], answerOf(codes...)...)
	return into.Read(jsonFormat, len(codes))
}

// A posterFunc is a client's seam made of a function.
type posterFunc func(ctx context.Context, body []byte, n int, into *wire.Answer) error

func (p posterFunc) Post(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	return p(ctx, body, n, into)
}

// A fakeStream stands in for the service. It reads each request's body, and
// takes every record that the test does not have it refuse.
type fakeStream struct {
	t       testing.TB
	latency time.Duration                                        // of each request
	refuse  func(r putRecord) (code string)                      // nil: none; called under mu
	fail    func(ctx context.Context, records []putRecord) error // of a request as a whole; nil: none
	before  func(ctx context.Context, records []putRecord)       // is called first; nil: nothing

	mu       sync.Mutex // guards the following
	landed   []putRecord
	requests []int // their numbers of records, in order of arrival
	inFlight int
	most     int            // in flight at a time
	keys     map[string]int // in flight, and in how many requests
	overlaps int            // of requests with a key in common
}

func (s *fakeStream) Post(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	records := recordsOf(s.t, body)
	s.arrived(records)
	defer s.left(records)
	if s.before != nil {
		s.before(ctx, records)
	}
	if s.latency > 0 && !pause(ctx, s.latency) {
		return &service.Error{Fault: service.Unanswered, Message: ctx.Err().Error()}
	}
	if s.fail != nil {
		if err := s.fail(ctx, records); err != nil {
			return err
		}
	}
	if len(records) != n {
		s.t.Errorf("%d records in a request of %d", len(records), n)
	}
	return answering(into, s.take(records)...)
}

// take lands the records that are not refused.
func (s *fakeStream) take(records []putRecord) (codes []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		code := ""
		if s.refuse != nil {
			code = s.refuse(r)
		}
		if code == "" {
			s.landed = append(s.landed, r)
		}
		codes = append(codes, code)
	}
	return codes
}

func (s *fakeStream) arrived(records []putRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, len(records))
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	if s.keys == nil {
		s.keys = map[string]int{}
	}
	for key := range keysOf(records) {
		if s.keys[key]++; s.keys[key] > 1 {
			s.overlaps++
		}
	}
}

func (s *fakeStream) left(records []putRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	for key := range keysOf(records) {
		s.keys[key]--
	}
}

func keysOf(records []putRecord) map[string]bool {
	keys := map[string]bool{}
	for _, r := range records {
		keys[r.PartitionKey] = true
	}
	return keys
}

// numbers lists the numbers of what has landed, sorted.
func (s *fakeStream) numbers() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ns := []int{}
	for _, r := range s.landed {
		ns = append(ns, r.n(s.t))
	}
	slices.Sort(ns)
	return ns
}

// data lists what has landed, in order.
func (s *fakeStream) data() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	texts := []string{}
	for _, r := range s.landed {
		texts = append(texts, string(r.Data))
	}
	return texts
}

// requestCount is how many requests have arrived.
func (s *fakeStream) requestCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// upTo is 0, 1, ... n-1.
func upTo(n int) []int {
	ns := make([]int, n)
	for i := range ns {
		ns[i] = i
	}
	return ns
}

// userNumbers lists the numbers of what has landed as a consumer sees them,
// those in aggregates included, sorted.
func (s *fakeStream) userNumbers() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ns := []int{}
	for _, r := range s.landed {
		users, _, err := aggregate.Split(r.Data)
		require.NoError(s.t, err)
		for _, user := range users {
			ns = append(ns, putRecord{Data: user.Data}.n(s.t))
		}
	}
	slices.Sort(ns)
	return ns
}

// userNumbersByKey lists the numbers of what has landed as a consumer sees
// them, by their own partition keys, in the order of landing.
func (s *fakeStream) userNumbersByKey() map[string][]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	byKey := map[string][]int{}
	for _, r := range s.landed {
		users, _, err := aggregate.Split(r.Data)
		require.NoError(s.t, err)
		for _, user := range users {
			key := string(user.PartitionKey)
			if key == "" {
				key = r.PartitionKey
			}
			byKey[key] = append(byKey[key], putRecord{Data: user.Data}.n(s.t))
		}
	}
	return byKey
}

// requireIdle requires that nothing is left of flushes that have ended.
func requireIdle(t testing.TB, o *Output) {
	t.Helper()
	o.d.underWay.Wait()
	require.Zero(t, o.retrying.Load())
	requests, bytes := o.d.gate.InFlight()
	require.Zero(t, requests)
	require.Zero(t, bytes)
	require.Empty(t, o.d.line.tickets)
	require.Empty(t, o.d.arrived)
	require.Nil(t, o.d.gathered)
	require.Zero(t, o.d.encoding)
	require.Zero(t, o.d.away)
}
