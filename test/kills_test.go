package test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// kills is how often the plugin is killed in each of the ways to deliver.
const kills = 7

// TestNothingIsSentTwiceAcrossKills kills the plugin at random moments and offers
// what it had not answered to the next one, as Fluent Bit does with its chunks on
// disk.
func TestNothingIsSentTwiceAcrossKills(t *testing.T) {
	for _, x := range []struct {
		name    string
		options options
		faults  kinesistest.Faults
	}{
		{"plain", nil, kinesistest.Faults{}},
		{"by key", options{"partition_key": "container"}, kinesistest.Faults{}},
		{"aggregated", options{"aggregation": "true", "aggregation_maximum_record_size": "1k", "skip_aggregation_record_size": "512"},
			kinesistest.Faults{}},
		{"throttled", nil, kinesistest.Faults{ThrottleRecords: 0.2, FailRequests: 0.05, CutAfter: 0.02}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			x.faults.Delay, x.faults.DelayJitter = 10*time.Millisecond, 10*time.Millisecond // some are under way all the time
			k := newKilled(t, x.faults, with(x.options, "ledger_file", filepath.Join(t.TempDir(), "ledger")))
			for range kills {
				k.kill(t, k.random.IntN(k.records/(2*kills)))
			}
			k.faults = kinesistest.Faults{}
			k.finish(t)
			k.requireOnce(t)
		})
	}
}

// What the plugin had in hand when it was stopped is known to the next one, too.
func TestNothingIsSentTwiceWhereThePluginIsStopped(t *testing.T) {
	k := newKilled(t, kinesistest.Faults{Delay: 10 * time.Millisecond}, options{"ledger_file": filepath.Join(t.TempDir(), "ledger")})
	for range 3 {
		k.stop(t, k.records/8)
	}
	k.finish(t)
	k.requireOnce(t)
	require.Empty(t, k.excused)
}

// A killed is a plugin that is ended again and again before its work is done.
type killed struct {
	lot     *lot
	records int            // of Kinesis, that the lot makes, about
	number  map[string]int // of a record, by its identity
	stream  *kinesistest.Server
	faults  kinesistest.Faults // that it begins with for each plugin
	plan    atomic.Pointer[plan]
	section options
	random  *rand.Rand

	taken   []bool          // by chunk
	excused map[uint64]bool // landings of records that may be sent again, by sequence
	whole   []wholeChunk
	known   bool // a plugin has begun with chunks that another had in hand
}

// A wholeChunk was on the stream as a whole when the plugin was killed, and not
// taken: the answer to Fluent Bit may have been under way.
type wholeChunk struct {
	chunk int
	last  uint64 // sequence of what was there last
}

// A plan is what the stream does as records land, so that no plugin comes to its
// end, however slow the test is to end it.
type plan struct {
	left    atomic.Int64  // records until reached is closed
	reached chan struct{} // when the plugin is to be ended
	most    int64         // records that may land after that
	then    kinesistest.Faults
}

// landed follows the plan.
func (k *killed) landed(kinesistest.Record) {
	p := k.plan.Load()
	switch left := p.left.Add(-1); {
	case left == 0:
		close(p.reached)
		fallthrough
	case left < 0:
		if left == -p.most {
			_ = k.stream.SetFaults(p.then) // which can be set
		}
	}
}

// newKilled has chunks of a dozen requests, of a few if they are aggregated.
func newKilled(t *testing.T, faults kinesistest.Faults, section options) *killed {
	t.Helper()
	const records, chunk = 80_000, 5000
	_, keyed := section["partition_key"]
	room := strings.Repeat("x", 280)
	l := newLot(records, chunk, func(i int) (time.Time, []flbhost.Field, landing) {
		want := landing{data: `{"n":` + decimal(i) + `,"log":"` + room + `"}`}
		if !keyed {
			return when, fields(F("n", i), F("log", room)), want
		}
		want.key = "container " + decimal(i%40)
		want.data = strings.TrimSuffix(want.data, "}") + `,"container":"` + want.key + `"}`
		return when, fields(F("n", i), F("log", room), F("container", want.key)), want
	})
	k := &killed{
		lot: l, records: records, number: l.numbers(), section: with(section, "requests_in_flight", "3"), random: rand.New(rand.NewPCG(11, 4)),
		faults: faults, taken: make([]bool, len(l.chunks)), excused: map[uint64]bool{},
	}
	k.stream = runStream(t, kinesistest.Options{Seed: 11, SkipOverlaps: true, OnRecord: k.landed})
	if section["aggregation"] != "" {
		k.records /= 3 // in an aggregate of 1k
	}
	return k
}

// offer starts a plugin and offers it the chunks that none before it has taken,
// until so many records have landed; then the stream has other faults, after so
// many more.
func (k *killed) offer(t *testing.T, retryLimit, landed, more int, then kinesistest.Faults) (*flbhost.Host, map[int]*flbhost.Job) {
	t.Helper()
	p := &plan{reached: make(chan struct{}), most: int64(more), then: then}
	p.left.Store(int64(1 + landed))
	k.plan.Store(p)
	require.NoError(t, k.stream.SetFaults(k.faults))
	h := runHost(t, k.stream, flbhost.Config{Workers: 4, RetryLimit: retryLimit}, k.section)
	k.known = k.known || len(logOf(h).with("info", "ledger_file: the stream has parts of ")) > 0
	jobs := map[int]*flbhost.Job{}
	for i, chunk := range k.lot.chunks {
		if !k.taken[i] {
			jobs[i] = h.Go(0, "tag", chunk)
		}
	}
	<-p.reached
	return h, jobs
}

// settle notes which chunks were taken.
func (k *killed) settle(jobs map[int]*flbhost.Job) {
	for i, job := range jobs {
		result, err := job.Wait()
		k.taken[i] = err == nil && result.Code == flbhost.OK
	}
}

// kill offers the chunks and kills the plugin when so many more records have
// landed and up to the time of a request has passed, and then excuses what it could
// not know of.
func (k *killed) kill(t *testing.T, landed int) {
	t.Helper()
	h, jobs := k.offer(t, flbhost.NoLimit, landed, k.records/40, kinesistest.Faults{Hang: 1})
	time.Sleep(time.Duration(k.random.Int64N(int64(20 * time.Millisecond))))
	h.Kill()
	_, err := h.Wait()
	require.NoError(t, err)
	k.settle(jobs)
	require.Contains(t, k.taken, false, "it had not come to its end")
	eventually(t, "the stream has nothing more of the plugin", func() bool { return k.stream.Stats().InFlight == 0 })
	k.excuse(t)
}

// excuse notes the landings of which a killed plugin may not have known: their
// answer was cut off, or it was the last on its connection and may not have been
// read. Chunks that are there as a whole are another matter: see excuseWhole.
func (k *killed) excuse(t *testing.T) {
	t.Helper()
	k.excuseAll(k.stream.Unanswered(streamName))
	k.excuseAll(k.stream.LastAnswers(streamName))
	missing := make([]map[int]bool, len(k.lot.chunks))
	for n, chunk := range k.lot.chunk {
		if missing[chunk] == nil {
			missing[chunk] = map[int]bool{}
		}
		missing[chunk][n] = true
	}
	last := uint64(0)
	for _, r := range k.found(t) {
		delete(missing[k.lot.chunk[r.number]], r.number)
		last = max(last, r.sequence)
	}
	for chunk, taken := range k.taken {
		if !taken && len(missing[chunk]) == 0 {
			k.whole = append(k.whole, wholeChunk{chunk, last})
		}
	}
}

// excuseWhole excuses chunks that were there as a whole, and that the plugin had
// ended: later plugins have sent all of such a chunk, for the same bytes are another
// one. It returns how many there are. One that was not ended is known, and what may
// be sent again of it is what any chunk may.
func (k *killed) excuseWhole(found []foundRecord) (ended int) {
	for _, w := range k.whole {
		again := map[int]bool{}
		all := 0
		for _, chunk := range k.lot.chunk {
			if chunk == w.chunk {
				all++
			}
		}
		for _, r := range found {
			if r.sequence > w.last && k.lot.chunk[r.number] == w.chunk {
				again[r.number] = true
			}
		}
		if len(again) < all {
			continue
		}
		ended++
		for _, r := range found {
			if r.sequence <= w.last && k.lot.chunk[r.number] == w.chunk {
				k.excused[r.sequence] = true
			}
		}
	}
	return ended
}

func (k *killed) excuseAll(records []kinesistest.Record) {
	for _, r := range records {
		k.excused[r.Sequence] = true
	}
}

// stop offers the chunks, has the stream deny everything when so many more records
// have landed, and has the plugin exit.
func (k *killed) stop(t *testing.T, landed int) {
	t.Helper()
	denied := kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}
	h, jobs := k.offer(t, 0, landed, 0, denied)
	require.NoError(t, h.Exit())
	k.settle(jobs)
	require.Contains(t, k.taken, false, "it had not come to its end")
}

// finish has a plugin take all that is left.
func (k *killed) finish(t *testing.T) {
	t.Helper()
	h, jobs := k.offer(t, flbhost.NoLimit, 0, 2*k.records, kinesistest.Faults{})
	k.settle(jobs)
	for i, taken := range k.taken {
		require.True(t, taken, "chunk %d", i)
	}
	require.True(t, k.known, "some plugin began with what another had in hand")
	require.Empty(t, exitLog(t, h).texts("error"))
	k.excuseAll(k.stream.Unanswered(streamName))
}

// A foundRecord is one of the lot on the stream.
type foundRecord struct {
	number   int
	sequence uint64 // of the Kinesis record that it is in
}

func (k *killed) found(t *testing.T) (found []foundRecord) {
	t.Helper()
	for _, r := range k.stream.Records(streamName) {
		users, packed, err := aggregate.Split(r.Data)
		require.NoError(t, err)
		if !packed {
			users = []aggregate.Record{{Data: r.Data, PartitionKey: r.PartitionKey}}
		}
		for _, user := range users {
			n, known := k.number[k.lot.identity(landing{data: string(user.Data), key: user.PartitionKey})]
			require.True(t, known, "a record that was not sent: %s", user.Data)
			found = append(found, foundRecord{n, r.Sequence})
		}
	}
	return found
}

// requireOnce requires that each record is there, and no more than once but for
// landings that are excused.
func (k *killed) requireOnce(t *testing.T) {
	t.Helper()
	found := k.found(t)
	ended := k.excuseWhole(found)
	there, twice, again := make([]int, len(k.lot.want)), make([]int, len(k.lot.want)), 0
	for _, r := range found {
		if there[r.number]++; there[r.number] > 1 {
			again++
		}
		if !k.excused[r.sequence] {
			twice[r.number]++
		}
	}
	var lost, extra mistakes
	for n := range k.lot.want {
		if there[n] == 0 {
			lost.add(decimal(n))
		}
		if twice[n] > 1 {
			extra.add(decimal(n))
		}
	}
	t.Logf("%d of %d records landed once more; %d Kinesis records may have been sent again; of %d chunks that were there when the plugin was killed, %d were ended",
		again, len(there), len(k.excused), len(k.whole), ended)
	require.Zero(t, lost.n, "lost%s", &lost)
	require.Zero(t, extra.n, "there too often%s", &extra)
}
