package test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/internal/samples"
)

// manyRecords is how many records the tests of volume and of faults send: fewer
// where the library runs on an emulated processor.
var manyRecords = 60_000

func init() {
	flag.IntVar(&manyRecords, "records", manyRecords, "how many records the tests of volume and of faults send")
}

// A lot is records on their way to a stream: the chunks that carry them, and
// what must land of them. It can be sent any number of times.
type lot struct {
	chunks [][]byte
	want   []landing // by the number of the record
	chunk  []int     // of each record
	keyed  bool      // the partition keys are asked for, not random
}

// A landing is a record as a consumer finds it, or must.
type landing struct {
	data, key  string
	unanswered bool // the plugin cannot know that it landed
}

// identity is what tells records of a lot apart.
func (l *lot) identity(r landing) string {
	if l.keyed {
		return r.key + "\x00" + r.data
	}
	return r.data
}

// newLot makes n events, number by number, and chunks of them of at most so
// many records and 2 MB, as Fluent Bit's are.
func newLot(n, perChunk int, event func(i int) (at time.Time, body []flbhost.Field, want landing)) *lot {
	const fluentBitChunk = 2_000_000
	l := &lot{}
	var c flbhost.Chunk
	ship := func() {
		if c.Len() > 0 {
			l.chunks = append(l.chunks, append([]byte(nil), c.Bytes()...))
			c.Reset()
		}
	}
	for i := range n {
		at, body, want := event(i)
		c.Append(flbhost.EventTime(at), body...)
		l.want, l.chunk = append(l.want, want), append(l.chunk, len(l.chunks))
		l.keyed = l.keyed || want.key != ""
		if c.Len() == perChunk || c.Size() >= fluentBitChunk {
			ship()
		}
	}
	ship()
	return l
}

// shortLines are small records, each with its number, for tests in which the
// number of records counts and not their look.
func shortLines(n, perChunk int) *lot {
	return newLot(n, perChunk, func(i int) (time.Time, []flbhost.Field, landing) {
		want := fmt.Sprintf(`{"n":%d,"log":"line of text"}`, i)
		return when, fields(F("n", i), F("log", "line of text")), landing{data: want}
	})
}

// keyedLines are small records of so many containers, for partition_key
// container.
func keyedLines(n, perChunk, containers int) *lot {
	return newLot(n, perChunk, func(i int) (time.Time, []flbhost.Field, landing) {
		key := "container " + decimal(i*i%containers)
		want := fmt.Sprintf(`{"n":%d,"container":"%s"}`, i, key)
		return when, fields(F("n", i), F("container", key)), landing{data: want, key: key}
	})
}

// sampleLines are the bundled log lines of a cluster over and over, each with
// its number, and what the options ask of them.
func sampleLines(t *testing.T, n int, o options) *lot {
	t.Helper()
	const placeholder = 987654321 // stands for a record's number
	events := samples.Events()
	wanted := make([]landing, len(events))
	for i, event := range events {
		wanted[i] = asked(t, o, event.Time, numberedEvent(event, placeholder))
	}
	return newLot(n, n, func(i int) (time.Time, []flbhost.Field, landing) {
		event, want := events[i%len(events)], wanted[i%len(events)]
		want.data = strings.Replace(want.data, decimal(placeholder), decimal(i), 1)
		return event.Time, numberedEvent(event, i), want
	})
}

func numberedEvent(e samples.Event, n int) []flbhost.Field {
	return append(e.Fields[:len(e.Fields):len(e.Fields)], F("n", n))
}

// landings is what a consumer finds on the stream, aggregates taken apart, in
// the order of arrival.
func landings(t *testing.T, s *kinesistest.Server) []landing {
	t.Helper()
	return takenApart(t, s.Records(streamName))
}

// takenApart is what a consumer finds in records.
func takenApart(t *testing.T, records []kinesistest.Record) (found []landing) {
	t.Helper()
	for _, r := range records {
		users, packed, err := aggregate.Split(r.Data)
		require.NoError(t, err)
		if !packed {
			found = append(found, landing{string(r.Data), r.PartitionKey, r.Unanswered})
			continue
		}
		for _, user := range users {
			found = append(found, landing{string(user.Data), user.PartitionKey, r.Unanswered})
		}
	}
	return found
}

// userKeys is the partition keys of an entry's records, for
// kinesistest.Options.UserKeys.
func userKeys(e kinesistest.Entry) (keys []string) {
	users, packed, err := aggregate.Split(e.Data)
	if err != nil || !packed {
		return []string{e.PartitionKey}
	}
	for _, user := range users {
		keys = append(keys, user.PartitionKey)
	}
	return keys
}

// requireOnce requires that the stream holds each record of the lot once, as it
// must be, and nothing else.
func (l *lot) requireOnce(t *testing.T, s *kinesistest.Server) {
	t.Helper()
	l.requireTimes(t, 1, landings(t, s))
}

// requireAnsweredOnce requires that no record is lost, and that none is there
// twice but those whose answer never came: each is there once among those that
// were answered.
func (l *lot) requireAnsweredOnce(t *testing.T, s *kinesistest.Server) {
	t.Helper()
	var answered []landing
	var strange mistakes
	known := l.numbers()
	for _, r := range landings(t, s) {
		if !r.unanswered {
			answered = append(answered, r)
		} else if _, ok := known[l.identity(r)]; !ok {
			strange.add(l.identity(r))
		}
	}
	l.requireTimes(t, 1, answered)
	require.Zero(t, strange.n, "records without an answer that are none of the lot%s", &strange)
}

// requireAll requires that no record is lost, and that nothing else is there.
func (l *lot) requireAll(t *testing.T, s *kinesistest.Server) {
	t.Helper()
	unique := map[string]bool{}
	var once []landing
	for _, r := range landings(t, s) {
		if id := l.identity(r); !unique[id] {
			unique[id] = true
			once = append(once, r)
		}
	}
	l.requireTimes(t, 1, once)
}

// requireTimes requires that each record is among what was found this many
// times. It counts, and shows the first of each kind of mistake.
func (l *lot) requireTimes(t *testing.T, times int, found []landing) {
	t.Helper()
	open := make(map[string]int, len(l.want))
	for _, r := range l.want {
		open[l.identity(r)] += times
	}
	var strange, extra, lost mistakes
	for _, r := range found {
		id := l.identity(r)
		left, known := open[id]
		switch {
		case !known:
			strange.add(id)
		case left == 0:
			extra.add(id)
		default:
			open[id] = left - 1
		}
	}
	for id, left := range open {
		for range left {
			lost.add(id)
		}
	}
	if strange.n+extra.n+lost.n > 0 {
		require.FailNowf(t, "not the records that were sent", "%d of %d landed as they must\n%d are missing%s\n%d are there too often%s\n%d are none of these records%s",
			len(found)-strange.n-extra.n, times*len(l.want), lost.n, &lost, extra.n, &extra, strange.n, &strange)
	}
}

// mistakes counts records of one kind and keeps the first few.
type mistakes struct {
	n     int
	shown []string
}

func (m *mistakes) add(id string) {
	if m.n++; m.n <= 3 {
		m.shown = append(m.shown, excerpt(id, 0))
	}
}

func (m *mistakes) String() string {
	if m.n == 0 {
		return ""
	}
	return ", such as\n\t" + strings.Join(m.shown, "\n\t")
}

// numbers is the number of each record by its identity, which must be its own.
func (l *lot) numbers() map[string]int {
	numbers := make(map[string]int, len(l.want))
	for i, r := range l.want {
		numbers[l.identity(r)] = i
	}
	return numbers
}

// requireOrder requires that the records of a chunk with one partition key
// arrived in their order.
func (l *lot) requireOrder(t *testing.T, s *kinesistest.Server) {
	t.Helper()
	l.requireInOrder(t, landings(t, s))
}

// requireInOrder requires it of what was found, in the order of arrival.
func (l *lot) requireInOrder(t *testing.T, found []landing) {
	t.Helper()
	type train struct {
		key   string
		chunk int
	}
	numbers := l.numbers()
	last := map[train]int{}
	overtaken := 0
	for _, r := range found {
		n, known := numbers[l.identity(r)]
		require.True(t, known)
		at := train{r.key, l.chunk[n]}
		if before, ok := last[at]; ok && n < before {
			overtaken++
		}
		last[at] = n
	}
	require.Zero(t, overtaken, "records that arrived behind a later one of their partition key and chunk")
}
