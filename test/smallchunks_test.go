package test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// Chunks of a few records, as a node of Kubernetes has them, where a worker's
// share requests and aggregates with those of others.

// smallChunks are small records of so many containers in chunks of 1 to 50.
// Without containers they have no key.
func smallChunks(n, containers int) *lot {
	random := rand.New(rand.NewPCG(15, 15))
	l := &lot{keyed: containers > 0}
	for len(l.want) < n {
		l.add(min(1+random.IntN(50), n-len(l.want)), containers)
	}
	return l
}

// add adds one chunk of n records to the lot.
func (l *lot) add(n, containers int) {
	var c flbhost.Chunk
	for range n {
		i := len(l.want)
		if containers == 0 {
			c.Append(flbhost.EventTime(when), F("n", i))
			l.want = append(l.want, landing{data: fmt.Sprintf(`{"n":%d}`, i)})
		} else {
			key := "container " + decimal(i*i%containers)
			c.Append(flbhost.EventTime(when), F("n", i), F("container", key))
			l.want = append(l.want, landing{data: fmt.Sprintf(`{"n":%d,"container":"%s"}`, i, key), key: key})
		}
		l.chunk = append(l.chunk, len(l.chunks))
	}
	l.chunks = append(l.chunks, slices.Clone(c.Bytes()))
}

// Each way to send small chunks meets each fault, and each number of workers, and
// each of those the other.
func TestSmallChunksThatShareRequestsLandOnceWhateverHappens(t *testing.T) {
	plain, keyed := smallChunks(manyRecords, 0), smallChunks(manyRecords, 40)
	faults := []struct {
		name   string
		faults kinesistest.Faults
		cut    bool
	}{
		{"no faults", kinesistest.Faults{}, false},
		{"records throttled", kinesistest.Faults{ThrottleRecords: 0.003}, false},
		{"records failing", kinesistest.Faults{FailRecords: 0.003}, false},
		{"requests failing", kinesistest.Faults{FailRequests: 0.03}, false},
		{"connections cut", kinesistest.Faults{CutBefore: 0.01, CutAfter: 0.01, CutWithin: 0.01}, true},
	}
	workers := []int{16, 4, 64, 1}
	for i, way := range []struct {
		name    string
		lot     *lot
		options options
	}{
		{"plain", plain, nil},
		{"by key", keyed, options{"partition_key": "container"}},
		{"aggregated", plain, options{"aggregation": "true"}},
		{"aggregated by key", keyed, options{"aggregation": "true", "partition_key": "container"}},
		{"by the shard map", keyed, options{"aggregation": "true", "partition_key": "container", "aggregation_shard_map": "true"}},
	} {
		for j, fault := range faults {
			workers := workers[(i+j)%len(workers)]
			t.Run(fmt.Sprintf("%s, %s, workers %d", way.name, fault.name, workers), func(t *testing.T) {
				t.Parallel() // most of the time passes on the way
				f := fault.faults
				f.Delay, f.DelayJitter = time.Millisecond, time.Millisecond
				config := retried
				config.Workers = workers
				s := setStage(t, kinesistest.Options{Seed: 16, Faults: f, UserKeys: userKeys, SkipOverlaps: !way.lot.keyed}, config, way.options)
				offers := offered(t, s.host, way.lot.chunks)
				log := exitLog(t, s.host)
				require.Empty(t, log.texts("error"))
				if fault.cut {
					way.lot.requireAnsweredOnce(t, s.stream)
					require.NotZero(t, s.stream.Stats().Unanswered, "connections were cut")
					return
				}
				way.lot.requireOnce(t, s.stream)
				require.Zero(t, s.stream.Stats().Overlaps)
				requireLine(t, log, "info", "at exit: ", "accepted "+decimal(manyRecords)+" ")
				if fault.name == "no faults" {
					require.Equal(t, len(way.lot.chunks), offers, "each is taken at once")
					requireNoLine(t, log, "warning")
				}
				if way.lot.keyed && f.ThrottleRecords+f.FailRecords == 0 {
					way.lot.requireOrder(t, s.stream)
				}
			})
		}
	}
}

// offered has all workers flush the chunks, requires that each is taken in the
// end, and returns how often they were offered.
func offered(t *testing.T, h *flbhost.Host, chunks [][]byte) (offers int) {
	t.Helper()
	var jobs []*flbhost.Job
	for i, chunk := range chunks {
		jobs = append(jobs, h.Go(0, "file "+decimal(i)+".log", chunk))
	}
	results, err := flbhost.WaitAll(jobs...)
	require.NoError(t, err)
	for _, result := range results {
		require.Equal(t, flbhost.OK, result.Code)
		offers += result.Offers
	}
	return offers
}

// Chunks with a poisonous record are answered like all others, and those beside
// them do not notice.
func TestPoisonInSmallChunksThatShareRequestsIsDroppedAlone(t *testing.T) {
	for name, options := range map[string]options{
		"plain":             nil,
		"by key":            {"partition_key": "container"},
		"aggregated":        {"aggregation": "true"},
		"aggregated by key": {"aggregation": "true", "partition_key": "container", "aggregation_compression": "zstd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := smallChunks(3000, 40)
			l.keyed = options["partition_key"] != ""
			healthy, poison := *l, map[string]bool{}
			healthy.want = nil
			for i, r := range l.want {
				if i%500 == 250 {
					poison[r.data] = true
				} else {
					healthy.want = append(healthy.want, r)
				}
			}
			view := plainView
			if options["aggregation_compression"] != "" {
				view.AggregationCompression = compress.Zstd
			}
			s := setStage(t, kinesistest.Options{Faults: kinesistest.Faults{Delay: 5 * time.Millisecond}, Poison: func(_ string, e kinesistest.Entry) bool {
				users, _, err := view.UserRecords([]kinesistest.Record{{Entry: e}})
				return err == nil && slices.ContainsFunc(users, func(u kinesistest.UserRecord) bool { return poison[string(u.Data)] })
			}}, flbhost.Config{Workers: 16}, options)
			require.Equal(t, len(l.chunks), offered(t, s.host, l.chunks), "each is taken at once")
			users, _ := read(t, s.stream, streamName, view)
			healthy.requireTimes(t, 1, landingsOf(users))
			requireLine(t, exitLog(t, s.host), "info", "at exit: records 3000, accepted 2994 ", "dropped: refused as invalid 6")
		})
	}
}

// Each of sixteen files has its lines flushed chunk by chunk, and shares requests
// with the others all the while.
func TestTheLinesOfAKeyLandInTheOrderInWhichItsChunksAreOffered(t *testing.T) {
	const files, chunks, lines = 16, 40, 7
	for name, options := range map[string]options{
		"by key":            {"partition_key": "file"},
		"aggregated by key": {"partition_key": "file", "aggregation": "true"},
		"by the shard map":  {"partition_key": "file", "aggregation": "true", "aggregation_shard_map": "true"},
	} {
		for _, workers := range []int{1, files} {
			t.Run(name+", workers "+decimal(workers), func(t *testing.T) {
				t.Parallel()
				s := setStage(t, kinesistest.Options{UserKeys: userKeys, Faults: kinesistest.Faults{Delay: time.Millisecond, DelayJitter: 4 * time.Millisecond, FailRequests: 0.02}},
					flbhost.Config{Workers: workers, RetryLimit: flbhost.NoLimit}, options)
				var tailing sync.WaitGroup
				for file := range files {
					tailing.Go(func() {
						for c := range chunks {
							var chunk flbhost.Chunk
							for i := range lines {
								chunk.Append(flbhost.EventTime(when), F("n", c*lines+i), F("file", "file "+decimal(file)))
							}
							if result, err := s.host.Flush(0, "tag", chunk.Bytes()); err != nil || result.Code != flbhost.OK {
								t.Errorf("%v, %v", result, err)
							}
						}
					})
				}
				tailing.Wait()
				next := map[string]int{}
				for _, r := range landings(t, s.stream) {
					require.Equal(t, fmt.Sprintf(`{"n":%d,"file":%s}`, next[r.key], strconv.Quote(r.key)), r.data)
					next[r.key]++
				}
				require.Len(t, next, files)
				for file, n := range next {
					require.Equal(t, chunks*lines, n, file)
				}
				require.Zero(t, s.stream.Stats().Overlaps)
			})
		}
	}
}

// Counts, not times, and with room: a machine may be slow.
func TestSmallChunksOfSixteenWorkersMakeFewRequests(t *testing.T) {
	const chunks = 800
	for _, x := range []struct {
		name    string
		keys    int
		options options
		share   int64 // chunks that share a request on average, at least
	}{
		{"plain", 0, nil, 4},
		{"aggregated", 0, options{"aggregation": "true"}, 4},
		{"by 40 keys that all share", 40, options{"partition_key": "container"}, 3},
		{"aggregated by 40 keys that all share", 40, options{"partition_key": "container", "aggregation": "true"}, 3},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := &lot{keyed: x.keys > 0}
			for range chunks {
				l.add(11, x.keys)
			}
			s := setStage(t, kinesistest.Options{UserKeys: userKeys, Faults: kinesistest.Faults{Delay: 25 * time.Millisecond}}, flbhost.Config{Workers: 16}, x.options)
			require.Equal(t, chunks, offered(t, s.host, l.chunks))
			l.requireOnce(t, s.stream)
			stats := s.stream.Stats()
			t.Logf("%d chunks in %d requests, %d records in %d", chunks, stats.Requests, len(l.want), stats.Landed)
			require.LessOrEqual(t, stats.Requests, chunks/x.share)
			if x.keys == 0 && x.options != nil {
				require.LessOrEqual(t, stats.Landed, int64(len(l.want)/60), "aggregates of 60 records and more")
			}
		})
	}
}
