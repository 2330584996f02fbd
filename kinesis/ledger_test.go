package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// An entry must still be there when Fluent Bit offers its chunk again, which it
// does after at most scheduler.cap, 2000 s by default, and after the time that
// other chunks take before this one: see "Scheduling and retries" in
// https://docs.fluentbit.io/manual/administration/scheduling-and-retries.
func TestLedgerOutlivesTheLongestWaitOfTheScheduler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const schedulerCap, others = 2000 * time.Second, 10 * time.Minute
		s := &fakeStream{t: t, refuse: func(r putRecord) string {
			if r.n(t) == 1 {
				return throttledCode
			}
			return ""
		}}
		o := outputOf(t, s, "delivery_timeout", "0")
		require.Equal(t, Retry, o.Flush(numbered(3), "tag"))
		s.refuse = nil
		time.Sleep(schedulerCap + others)
		require.Equal(t, OK, o.Flush(numbered(3), "tag"))
		require.Equal(t, upTo(3), s.numbers(), "each once")
		require.Zero(t, o.Counts().LedgerLost)
	})
}

func ledgerPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger")
}

// afterKill is where the next process finds a ledger file as it is now.
func afterKill(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	next := ledgerPath(t)
	require.NoError(t, os.WriteFile(next, content, 0o600))
	return next
}

// A killing is a stream that at one of its requests takes down what a process
// would leave that was killed then.
type killing struct {
	fakeStream
	path string      // of the ledger file
	at   int         // the request
	next string      // where the next process finds the file
	had  []putRecord // that had landed by then
}

func (k *killing) Post(ctx context.Context, body []byte, n int, into *wire.Answer) error {
	if k.requestCount() == k.at {
		k.next = afterKill(k.t, k.path)
		k.mu.Lock()
		k.had = slices.Clone(k.landed)
		k.mu.Unlock()
	}
	return k.fakeStream.Post(ctx, body, n, into)
}

// With one request at a time each answer has been noted when the next one leaves.
func TestAChunkThatComesBackAfterAKillSendsOnlyTheRest(t *testing.T) {
	random := func(t *testing.T, k *killing, chance int) {
		random := rand.New(rand.NewPCG(uint64(k.at), 1))
		k.refuse = func(putRecord) string {
			if random.IntN(100) < chance {
				return throttledCode
			}
			return ""
		}
	}
	packed := []string{"aggregation", "on", "aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", "512"}
	for name, test := range map[string]struct {
		options []string
		records int // enough for three requests
	}{
		"under random keys":               {nil, 2000},
		"under keys of their own":         {[]string{"partition_key", "key"}, 2000},
		"packed":                          {packed, 38_000},
		"packed, under keys of their own": {append(packed, "partition_key", "key"), 38_000},
	} {
		for _, chance := range []int{0, 20} {
			for _, at := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s, %d in a hundred throttled, at request %d", name, chance, at), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						records, path := test.records, ledgerPath(t)
						k := &killing{fakeStream: fakeStream{t: t}, path: path, at: at}
						random(t, k, chance)
						options := append(slices.Clone(test.options), "requests_in_flight", "1", "ledger_file")
						o := outputOf(t, k, append(options, path)...)
						chunk := keyed(records, 40)
						o.Flush(chunk, "tag")
						require.NotEmpty(t, k.next, "there were as many requests")

						s := &fakeStream{t: t, landed: k.had}
						next := outputOf(t, s, append(options, k.next)...)
						require.EqualValues(t, 1, next.Counts().LedgerRead)
						require.Equal(t, OK, next.Flush(chunk, "tag"))
						require.EqualValues(t, 1, next.Counts().LedgerKnown)
						require.Positive(t, next.Counts().LedgerHits)
						require.Equal(t, upTo(records), s.userNumbers(), "each once")

						last := outputOf(t, s, append(options, afterKill(t, k.next))...)
						require.True(t, last.ledger.Empty(), "the chunk is done with")
						require.Equal(t, OK, last.Flush(chunk, "tag"))
						require.Len(t, s.userNumbers(), 2*records, "the same bytes later are another chunk")
					})
				})
			}
		}
	}
}

// BenchmarkLedgerFile tells what a ledger_file costs: flushes with one and
// without take turns, so that both meet the machine as it is. The stream is
// instant, and the records are not sent, which takes twice the time of encoding
// them.
func BenchmarkLedgerFile(b *testing.B) {
	const records = 4000
	chunk := containerChunk(records)
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			without := outputOf(b, instantStream, bench.options...)
			with := outputOf(b, instantStream, append(slices.Clone(bench.options), "ledger_file", filepath.Join(b.TempDir(), "ledger"))...)
			var took [2]time.Duration
			for b.Loop() {
				for i, o := range []*Output{without, with} {
					begin := time.Now()
					require.Equal(b, OK, o.Flush(chunk, "tag"))
					took[i] += time.Since(begin)
				}
			}
			each := 1 / float64(b.N) / records
			b.ReportMetric(float64(took[0].Nanoseconds())*each, "ns/record")
			b.ReportMetric(float64((took[1]-took[0]).Nanoseconds())*each, "ns-more/record")
		})
	}
}

// denyAfter has a stream take so many requests and deny the others, so that what
// is left of a chunk is handed back.
func denyAfter(requests int) func(context.Context, []putRecord) error {
	var n atomic.Int64
	return func(context.Context, []putRecord) error {
		if n.Add(1) > int64(requests) {
			return failed(service.Denied)
		}
		return nil
	}
}

func TestAChunkThatWasHandedBackIsKnownInTheNextProcess(t *testing.T) {
	path, s := ledgerPath(t), &fakeStream{t: t}
	chunk := numbered(1700)
	for _, test := range []struct {
		requests int
		want     Code
		landed   int
	}{{1, Retry, 500}, {1, Retry, 1000}, {0, Retry, 1000}, {10, OK, 1700}} {
		s.fail = denyAfter(test.requests)
		o := outputOf(t, s, "ledger_file", path, "requests_in_flight", "1")
		require.Equal(t, test.want, o.Flush(chunk, "tag"))
		require.Len(t, s.numbers(), test.landed)
		o.Close()
	}
	require.Equal(t, upTo(1700), s.numbers())
}

func TestAKilledProcessHadTwoChunksThatAreTheSameUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := ledgerPath(t)
		s := &fakeStream{t: t}
		var second atomic.Int64
		s.fail = func(ctx context.Context, records []putRecord) error {
			first := records[0].n(t)
			if first < 500 || first < 1000 && second.Add(1) == 1 {
				return nil
			}
			pause(ctx, time.Hour) // is without an answer when the process is killed
			return failed(service.Denied)
		}
		o := outputOf(t, s, "ledger_file", path)
		chunk := numbered(1500)
		for range 2 {
			go o.Flush(chunk, "tag")
		}
		synctest.Wait()
		require.Len(t, s.numbers(), 1500, "three requests of the two together")
		next := &fakeStream{t: t, landed: slices.Clone(s.landed)}
		again := outputOf(t, next, "ledger_file", afterKill(t, path))
		for range 2 {
			require.Equal(t, OK, again.Flush(chunk, "tag"))
		}
		var want []int
		for _, n := range upTo(1500) {
			want = append(want, n, n)
		}
		require.Equal(t, want, next.numbers(), "each twice, for there were two")
		time.Sleep(2 * time.Hour)
	})
}

func TestASmallChunkThatOneAnswerSettlesIsNotWritten(t *testing.T) {
	for name, test := range map[string]struct {
		n       int
		written bool
	}{
		"fewer events than are worth it": {worthNoting - 1, false},
		"as many":                        {worthNoting, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := ledgerPath(t)
			s := &killing{fakeStream: fakeStream{t: t}, path: path, at: 1}
			o := outputOf(t, s, "ledger_file", path)
			empty, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, OK, o.Flush(numbered(test.n), "tag"))
			file, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, test.written, len(file) > len(empty))
			require.Equal(t, OK, outputOf(t, s, "ledger_file", afterKill(t, path)).Flush(numbered(test.n), "tag"))
			require.Len(t, s.numbers(), 2*test.n)
		})
	}
}

// A chunk that the file has is noted to its end, however little was left of it.
func TestTheLastFewEventsOfAKnownChunkAreNoted(t *testing.T) {
	path, s := ledgerPath(t), &fakeStream{t: t, fail: denyAfter(1)}
	o := outputOf(t, s, "ledger_file", path, "requests_in_flight", "1")
	require.Equal(t, Retry, o.Flush(numbered(510), "tag"))
	s.fail = nil
	require.Equal(t, OK, o.Flush(numbered(510), "tag"))
	next := afterKill(t, path)
	info, err := os.Stat(next)
	require.NoError(t, err)
	const end = 8 + 1 + 1 // bytes of the record that ends an entry, which a kill has come before
	require.NoError(t, os.Truncate(next, info.Size()-end))
	require.Equal(t, OK, outputOf(t, s, "ledger_file", next).Flush(numbered(510), "tag"))
	require.Equal(t, upTo(510), s.numbers(), "each once")
}

func TestASmallChunkThatIsPartlyRefusedIsKnownAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := ledgerPath(t)
		k := &killing{fakeStream: fakeStream{t: t}, path: path, at: 1}
		k.refuse = func(r putRecord) string {
			if r.n(t) == 3 && len(k.requests) == 1 {
				return throttledCode
			}
			return ""
		}
		o := outputOf(t, k, "ledger_file", path)
		require.Equal(t, OK, o.Flush(numbered(10), "tag"))
		s := &fakeStream{t: t, landed: k.had}
		require.Len(t, s.landed, 9)
		require.Equal(t, OK, outputOf(t, s, "ledger_file", k.next).Flush(numbered(10), "tag"))
		require.Equal(t, upTo(10), s.numbers())
		require.Equal(t, []int{1}, s.requests)
	})
}

func TestARecordThatWasDroppedAsInvalidIsNotTriedByTheNextProcess(t *testing.T) {
	path, s := ledgerPath(t), &fakeStream{t: t}
	chunk := chunkOf(600, func(i int) fields {
		if i == 7 {
			return fields{kv("log", "poison")}
		}
		return fields{kv("log", "x")}
	})
	denied := denyAfter(0)
	s.fail = func(ctx context.Context, records []putRecord) error {
		if len(records) == 100 {
			return denied(ctx, records)
		}
		return refusesPoison(ctx, records)
	}
	o := outputOf(t, s, "ledger_file", path, "log_key", "log")
	require.Equal(t, Retry, o.Flush(chunk, "tag"))
	require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
	require.Len(t, s.data(), 499)
	s.fail = refusesPoison
	next := outputOf(t, s, "ledger_file", afterKill(t, path), "log_key", "log")
	require.Equal(t, OK, next.Flush(chunk, "tag"))
	require.Zero(t, next.Counts().Dropped[dropInvalid])
	require.Len(t, s.data(), 599)
}

func TestAnotherStreamHasNothingOfTheChunk(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/logs"
	for name, test := range map[string]struct {
		before, after []string
		known         bool
	}{
		"the same":                      {nil, nil, true},
		"of another region":             {nil, []string{"region", "eu-central-1"}, false},
		"at an endpoint":                {nil, []string{"endpoint", "https://kinesis.internal"}, false},
		"at another endpoint":           {[]string{"endpoint", "https://a.internal"}, []string{"endpoint", "https://b.internal"}, false},
		"by a role":                     {nil, []string{"role_arn", role}, false},
		"of another account":            {[]string{"role_arn", "arn:aws:iam::210987654321:role/logs"}, []string{"role_arn", role}, false},
		"by another role there":         {[]string{"role_arn", "arn:aws:iam::123456789012:role/other"}, []string{"role_arn", role}, true},
		"with other options of records": {nil, []string{"replace_dots", "_", "append_newline", "true", "aggregation", "true"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			path, s := ledgerPath(t), &fakeStream{t: t, fail: denyAfter(1)}
			o := outputOf(t, s, append(slices.Clone(test.before), "ledger_file", path, "requests_in_flight", "1")...)
			require.Equal(t, Retry, o.Flush(numbered(700), "tag"))
			s.fail = nil
			next := outputOf(t, s, append(slices.Clone(test.after), "ledger_file", afterKill(t, path))...)
			require.Equal(t, OK, next.Flush(numbered(700), "tag"))
			want := map[bool]int{true: 700, false: 500 + 700}[test.known]
			require.Len(t, s.userNumbers(), want)
			require.Equal(t, test.known, next.Counts().LedgerKnown == 1)
		})
	}
	require.NotEqual(t, configOf(t).ledgerScope(), configOf(t, "stream", "other").ledgerScope())
	require.Equal(t, (&Config{RoleARN: role}).ledgerScope(), (&Config{PodRoleARN: role}).ledgerScope())
}

func TestTwoInstancesOnOneLedgerFileAreRefused(t *testing.T) {
	path := ledgerPath(t)
	first := outputOf(t, instantStream, "ledger_file", path)
	_, err := newOutput(configOf(t, "ledger_file", path), plugins.NewLogger(&logText{}, "kinesis", ""), instantStream, nil)
	require.EqualError(t, err, fmt.Sprintf("ledger_file = %q: the file is in use by another instance: each needs a file of its own", path))
	first.Close()
	outputOf(t, instantStream, "ledger_file", path)
}

func TestALedgerFileThatCannotBeUsedIsAWarning(t *testing.T) {
	foreign := ledgerPath(t)
	require.NoError(t, os.WriteFile(foreign, []byte("someone else's"), 0o600))
	for name, path := range map[string]string{
		"of someone else":               foreign,
		"a folder":                      t.TempDir(),
		"in a folder that is not there": filepath.Join(t.TempDir(), "none", "ledger"),
	} {
		t.Run(name, func(t *testing.T) {
			log, s := &logText{}, &fakeStream{t: t, fail: denyAfter(1)}
			o := outputLogging(t, log, s, configOf(t, "ledger_file", path, "requests_in_flight", "1"))
			require.Contains(t, log.String(), "level=warning")
			require.Contains(t, log.String(), "cannot be used, so what the stream has of chunks is not known across restarts: ")
			require.Equal(t, Retry, o.Flush(numbered(700), "tag"))
			s.fail = nil
			require.Equal(t, OK, o.Flush(numbered(700), "tag"))
			require.Equal(t, upTo(700), s.numbers(), "the ledger is there all the same, in memory")
		})
	}
}

func TestALedgerFileThatFailsIsSaidToDoSo(t *testing.T) {
	log := &logText{}
	o := outputLogging(t, log, instantStream, configOf(t, "ledger_file", ledgerPath(t)))
	o.ledgerFileFails(os.ErrPermission)
	require.Contains(t, log.String(), "cannot be written, so until it can what the stream has of chunks is not known across restarts: permission denied")
	o.ledgerFileFails(nil)
	require.Contains(t, log.String(), "is written again")
}

func TestTheBackgroundHasNoLedgerFile(t *testing.T) {
	path := ledgerPath(t)
	config := configOf(t, "ledger_file", path, "experimental_concurrency", "2")
	require.Contains(t, config.Warnings, "ledger_file has no effect with experimental_concurrency, which answers Fluent Bit before the records are sent")
	o := outputLogging(t, &logText{}, instantStream, config)
	require.Equal(t, OK, o.Flush(numbered(700), "tag"))
	require.NoFileExists(t, path)
}

// A logOfPanics panics, after a while, where it is to write a warning.
type logOfPanics struct{ after time.Duration }

func (l logOfPanics) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("level=warning")) {
		time.Sleep(l.after)
		panic("as a test has it")
	}
	return len(p), nil
}

// Fluent Bit drops a chunk whose flush panicked, and frees it while requests of it
// are still under way.
func TestAFlushThatPanicsLeavesNothingInTheLedgersFile(t *testing.T) {
	const latency = time.Second
	for name, after := range map[string]time.Duration{"before the answer": 0, "after it": 2 * latency} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path, s := ledgerPath(t), &fakeStream{t: t, latency: latency}
				o := outputLogging(t, logOfPanics{after}, s, configOf(t, "ledger_file", path, "log_key", "log"))
				chunk := chunkOf(700, func(i int) fields {
					if i == 600 {
						return fields{kv("no log", i)}
					}
					return fields{kv("log", "x")}
				})
				require.Panics(t, func() { o.Flush(chunk, "tag") })
				clear(chunk)
				time.Sleep(2 * latency)
				require.Len(t, s.data(), 500, "what was full is sent")
				require.True(t, o.ledger.Empty())
				require.True(t, outputOf(t, s, "ledger_file", afterKill(t, path)).ledger.Empty())
			})
		})
	}
}
