package kinesis

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// configOf is the config of an instance with these options beside the two that
// are required: pairs of name and value. Requests are JSON unless they say otherwise.
func configOf(t testing.TB, pairs ...string) *Config {
	t.Helper()
	values := plugins.Values{"region": "us-west-2", "stream": "logs", "wire_format": "json"}
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
	Data            []byte
	PartitionKey    string
	ExplicitHashKey string `json:",omitempty" cbor:",omitempty"`
}

// n is the number in a record of numbered or keyed.
func (r putRecord) n(t testing.TB) int {
	var body struct{ N int }
	require.NoError(t, json.Unmarshal(r.Data, &body), "%s", r.Data)
	return body.N
}

// recordsOf reads the records of a request body, which must be for the stream that
// instances have as a rule.
func recordsOf(t testing.TB, body []byte) []putRecord {
	t.Helper()
	stream, records := requestOf(t, body)
	require.Equal(t, "logs", stream)
	return records
}

// requestOf reads a request body as any reader of JSON would, or of CBOR.
func requestOf(t testing.TB, body []byte) (stream string, records []putRecord) {
	t.Helper()
	var request struct {
		StreamName string
		Records    []putRecord
	}
	if bytes.HasPrefix(body, []byte("{")) {
		reader := json.NewDecoder(bytes.NewReader(body))
		reader.DisallowUnknownFields()
		require.NoError(t, reader.Decode(&request), "%.200s", body)
		require.False(t, reader.More(), "the body goes on behind its end")
	} else {
		require.NoError(t, cbor.Unmarshal(body, &request), "%.200q", body)
	}
	return request.StreamName, request.Records
}

const (
	throttledCode = "ProvisionedThroughputExceededException"
	failureCode   = "InternalFailure"
)

// answerOf is the service's answer to a request: an error code for each
// record, empty for one that it took.
func answerOf(codes ...string) []byte {
	return answerFrom(codes, func(int) string { return landingShard })
}

// answerFrom is answerOf by shards of the test's choice.
func answerFrom(codes []string, shardOf func(i int) string) []byte {
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
			answer.Records = append(answer.Records, result{SequenceNumber: strconv.Itoa(i), ShardID: shardOf(i)})
			continue
		}
		answer.FailedRecordCount++
		answer.Records = append(answer.Records, result{ErrorCode: code, ErrorMessage: refusalBy(code, shardOf(i))})
	}
	text, _ := json.Marshal(answer) // of strings and numbers: cannot fail
	return text
}

var jsonFormat = wire.FormatOf(wire.JSON)

// refusalBy is how a shard says that it refuses a record.
func refusalBy(code, shard string) string {
	if code != throttledCode {
		return "message of " + code
	}
	return "Rate exceeded for shard " + shard + " in stream logs under account 123456789012."
}

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
	shardOf func(r putRecord) string                             // where a record comes to rest; nil: on landingShard
	packed  compress.Format                                      // of aggregates

	mostRecord int // bytes of a record; 0 for the service's limit

	mu       sync.Mutex // guards the following
	landed   []putRecord
	requests []int       // their numbers of records, in order of arrival
	begins   []time.Time // when they arrived
	inFlight int
	most     int            // in flight at a time
	keys     map[string]int // in flight, and in how many requests
	overlaps int            // of requests with a key in common
}

func (s *fakeStream) Post(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	return s.put(ctx, recordsOf(s.t, body), n, into)
}

func (s *fakeStream) put(ctx context.Context, records []putRecord, n int, into *wire.Answer) error {
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
	into.Body = append(into.Body[:0], answerFrom(s.take(records), func(i int) string {
		if s.shardOf == nil {
			return landingShard
		}
		return s.shardOf(records[i])
	})...)
	return into.Read(jsonFormat, n)
}

// users are what a consumer makes of a record: those that are packed into it, its
// lines, or itself.
func (s *fakeStream) users(r putRecord) (users []putRecord) {
	data := r.Data
	if s.packed != compress.None {
		data = s.unpacked(data)
	}
	split, packed, err := aggregate.Split(data)
	require.NoError(s.t, err)
	if !packed && bytes.HasSuffix(data, []byte("\n")) {
		for line := range bytes.Lines(data) {
			users = append(users, putRecord{Data: bytes.TrimSuffix(line, []byte("\n")), PartitionKey: r.PartitionKey, ExplicitHashKey: r.ExplicitHashKey})
		}
		return users
	}
	if !packed {
		return []putRecord{r}
	}
	for _, user := range split {
		users = append(users, putRecord{user.Data, user.PartitionKey, user.ExplicitHashKey})
	}
	return users
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

// oneOfMany is a shard of a stream that has so many that two keys are on different
// ones.
func oneOfMany(r putRecord) string {
	return fmt.Sprintf("shardId-%012d", aggregate.HashOf([]byte(r.PartitionKey)).Hi>>48)
}

func (s *fakeStream) arrived(records []putRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, len(records))
	s.begins = append(s.begins, time.Now())
	s.requireLimits(records)
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	if s.keys == nil {
		s.keys = map[string]int{}
	}
	for key := range s.keysOf(records) {
		if s.keys[key]++; s.keys[key] > 1 {
			s.overlaps++
		}
	}
}

func (s *fakeStream) left(records []putRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight--
	for key := range s.keysOf(records) {
		s.keys[key]--
	}
}

// unzstd is made outside of all tests, for it does not let those share it that
// have a clock of their own.
var unzstd, _ = zstd.NewReader(nil)

func (s *fakeStream) unpacked(data []byte) []byte {
	var unpacked []byte
	var err error
	if s.packed == compress.Zstd {
		unpacked, err = unzstd.DecodeAll(data, nil)
	} else {
		unpacked, err = compress.Decompress(s.packed, data, 2*wire.MaxRecordBytes)
	}
	if err != nil {
		return data // it went without
	}
	return unpacked
}

// keysOf are the partition keys in a request, those of records in aggregates
// included.
func (s *fakeStream) keysOf(records []putRecord) map[string]bool {
	keys := map[string]bool{}
	for _, r := range records {
		keys[r.PartitionKey] = true
		for _, user := range s.users(r) {
			keys[user.PartitionKey] = true
		}
	}
	return keys
}

// requireLimits requires that the service would take a request of this size.
func (s *fakeStream) requireLimits(records []putRecord) {
	bytes := 0
	for _, r := range records {
		size := len(r.Data) + len(r.PartitionKey)
		if bytes += size; size > max(wire.MaxRecordBytes, s.mostRecord) {
			s.t.Errorf("a record of %d bytes", size)
		}
	}
	if len(records) > wire.MaxRecords || bytes > max(wire.MaxBytes, s.mostRecord) {
		s.t.Errorf("a request of %d records and %d bytes", len(records), bytes)
	}
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
		for _, user := range s.users(r) {
			ns = append(ns, user.n(s.t))
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
		for _, user := range s.users(r) {
			byKey[user.PartitionKey] = append(byKey[user.PartitionKey], user.n(s.t))
		}
	}
	return byKey
}

// together has flushes share what they have left: the first to hand over waits
// for one that is under way and will not come, for a moment in which all others
// come. It returns their codes, and how long each took.
func (o *Output) together(chunks ...[]byte) ([]Code, []time.Duration) {
	o.d.mu.Lock()
	o.d.encoding++
	o.d.mu.Unlock()
	codes, took := o.atOnce(chunks...)
	o.d.mu.Lock()
	o.d.encoding--
	o.d.mu.Unlock()
	return codes, took
}

// atOnce flushes each chunk in a goroutine of its own, and returns the codes, and
// how long each took.
func (o *Output) atOnce(chunks ...[]byte) ([]Code, []time.Duration) {
	codes, took := make([]Code, len(chunks)), make([]time.Duration, len(chunks))
	begin := time.Now()
	var workers sync.WaitGroup
	for i, chunk := range chunks {
		workers.Go(func() {
			codes[i] = o.Flush(chunk, "tag "+strconv.Itoa(i))
			took[i] = time.Since(begin)
		})
	}
	workers.Wait()
	return codes, took
}

// allOK are n codes of OK.
func allOK(n int) []Code { return slices.Repeat([]Code{OK}, n) }

// requireSequence requires that numbers are the same, and shows the first that is
// not.
func requireSequence(t testing.TB, want, got []int) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "in place %d, of %d", i, len(got))
	}
	require.Len(t, got, len(want))
}

// widen has the pacer learn that many requests may be in flight.
func (o *Output) widen() {
	for range 64 {
		o.d.pacer.Learn(pace.Outcome{Accepted: pace.Amount{Records: 1}})
	}
}

// requireIdle requires that nothing is left of flushes that have ended.
func requireIdle(t testing.TB, o *Output) {
	t.Helper()
	o.d.underWay.Wait()
	require.Zero(t, o.retrying.Load())
	require.Zero(t, o.d.pacer.State().InFlight)
	require.Zero(t, o.d.pacer.State().Weight)
	require.Zero(t, o.d.pacer.State().Waiting)
	require.Empty(t, o.d.line.tickets)
	require.Empty(t, o.d.arrived)
	require.Nil(t, o.d.gathered)
	require.Zero(t, o.d.encoding)
	require.Zero(t, o.d.away)
}

// flushWithoutEncoder is a flush that panics at the first event.
func (o *Output) flushWithoutEncoder() *flush {
	f := o.getFlush()
	f.records = new(record.Encoder)
	return f
}
