package kinesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A slowFlush is a flush in steps, so that a test may have others come in
// between.
type slowFlush struct{ *flush }

// enter begins a flush.
func (o *Output) enter(size int) slowFlush {
	f := o.getFlush()
	f.begin(size, "tag")
	f.arrival = f.d.begin()
	return slowFlush{f}
}

// encodes has the flush make records of a chunk, or of one more.
func (f slowFlush) encodes(t *testing.T, chunk []byte) {
	t.Helper()
	f.shards = f.d.shards.get()
	require.NoError(t, f.encode(chunk))
}

// ends has the flush hand over, and waits until its records are on the stream.
func (f slowFlush) ends(t *testing.T) {
	f.handOver()
	f.unsettled.Wait()
	if len(f.refused) > 0 {
		t.Errorf("%d records were refused: %v", len(f.refused), f.err)
	}
	f.o.putFlush(f.flush)
}

// numberedFrom makes a chunk of n events of one key, with numbers from first on.
func numberedFrom(first, n int, key string) []byte {
	return chunkOf(n, func(i int) fields { return fields{kv("key", key), kv("n", first+i)} })
}

func TestTheRecordsOfAKeyLandInTheOrderInWhichTheirFlushesCame(t *testing.T) {
	const small, large = 3, 1200
	for name, test := range map[string]struct {
		sizes []int // of the flushes, in the order in which they come
		over  []int // the order in which they hand over
	}{
		"the first one hands over last":                                {[]int{small, small, small}, []int{1, 2, 0}},
		"the last one hands over first":                                {[]int{small, small, small}, []int{2, 0, 1}},
		"what the second one held is full, and the first one waits":    {[]int{small, large}, []int{0, 1}},
		"what the second one held is full, and it hands over first":    {[]int{small, large}, []int{1, 0}},
		"what the third one held is full, and the others wait":         {[]int{small, small, large}, []int{0, 1, 2}},
		"what the third one held is full, and the second is last":      {[]int{small, small, large}, []int{0, 2, 1}},
		"the first one is large":                                       {[]int{large, small, small}, []int{1, 0, 2}},
		"all are large":                                                {[]int{large, large, large}, []int{2, 1, 0}},
		"the second one has nothing":                                   {[]int{small, 0, large}, []int{0, 2, 1}},
		"the first one has nothing":                                    {[]int{0, small, large}, []int{2, 1, 0}},
		"small ones before and behind a large one":                     {[]int{small, large, small}, []int{2, 0, 1}},
		"one that fills no request but is too large to wait with it":   {[]int{small, 300, small}, []int{0, 2, 1}},
		"two that are too large to wait, and one that would like to":   {[]int{small, 300, 300}, []int{0, 1, 2}},
		"one that is too large to wait between two that would like to": {[]int{small, 300, small}, []int{1, 0, 2}},
	} {
		for _, options := range [][]string{nil, {"aggregation", "on"}, {"aggregation", "on", "aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", "1000"}} {
			t.Run(fmt.Sprint(name, options), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &fakeStream{t: t, latency: 25 * time.Millisecond}
					o := outputOf(t, s, append(options, "partition_key", "key", "data_keys", "n")...)
					var flushes []slowFlush
					n := 0
					for _, size := range test.sizes {
						flushes = append(flushes, o.enter(100))
						flushes[len(flushes)-1].encodes(t, numberedFrom(n, size, "k"))
						n += size
					}
					var ending sync.WaitGroup
					for _, i := range test.over {
						ending.Go(func() { flushes[i].ends(t) })
						time.Sleep(time.Microsecond)
					}
					ending.Wait()
					requireIdle(t, o)
					requireSequence(t, upTo(n), s.userNumbersByKey()["k"])
				})
			})
		}
	}
}

// Whatever flushes come, encode and hand over when, the records of a key land in
// the order in which their flushes came.
func TestTheOrderOfFlushesIsKeptHoweverLongEachEncodes(t *testing.T) {
	for name, options := range map[string][]string{
		"by key":        nil,
		"packed by key": {"aggregation", "on", "aggregation_maximum_record_size", "2k", "skip_aggregation_record_size", "1k"},
	} {
		for seed := range uint64(8) {
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					random := rand.New(rand.NewPCG(8, seed))
					s := &fakeStream{t: t, latency: time.Duration(random.IntN(30)) * time.Millisecond}
					o := outputOf(t, s, append(options, "partition_key", "key", "data_keys", "n")...)
					keys := 1 + random.IntN(6)
					want := map[string][]int{}
					var workers sync.WaitGroup
					n := 0
					for range 80 {
						time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
						var parts [][]byte
						for range 1 + random.IntN(3) {
							size := random.IntN(20)
							if random.IntN(15) == 0 {
								size = 200 + random.IntN(600)
							}
							first := n
							n += size
							parts = append(parts, chunkOf(size, func(i int) fields {
								key := fmt.Sprint("k", random.IntN(keys))
								want[key] = append(want[key], first+i)
								return fields{kv("key", key), kv("n", first+i)}
							}))
						}
						f := o.enter(1000)
						pause := time.Duration(random.IntN(4000)) * time.Microsecond
						workers.Go(func() {
							for _, part := range parts {
								time.Sleep(pause)
								f.encodes(t, part)
							}
							f.ends(t)
						})
					}
					workers.Wait()
					requireIdle(t, o)
					require.Equal(t, upTo(n), s.userNumbers())
					landed := s.userNumbersByKey()
					for key := range want {
						requireSequence(t, want[key], landed[key])
					}
					require.Zero(t, s.overlaps)
				})
			})
		}
	}
}

// A flush that panics while it encodes must leave its place to those behind it,
// and what it had in full goes with them.
func TestAFlushThatPanicsLetsThoseBehindItThrough(t *testing.T) {
	for name, options := range map[string][]string{"plain": nil, "by key": {"partition_key", "key"}} {
		for place := range 3 {
			t.Run(fmt.Sprintf("%s, in place %d", name, place), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &fakeStream{t: t, latency: 25 * time.Millisecond}
					o := outputOf(t, s, append(options, "data_keys", "n")...)
					begin := time.Now()
					var workers sync.WaitGroup
					for i := range 3 {
						if i == place {
							broken := o.flushWithoutEncoder()
							broken.begin(10, "tag")
							require.PanicsWithError(t, "runtime error: invalid memory address or nil pointer dereference", func() { _ = broken.run(numbered(1)) })
							continue
						}
						f := o.enter(10)
						f.encodes(t, numberedFrom(10*i, 10, "k"))
						workers.Go(func() { f.ends(t) })
					}
					workers.Wait()
					require.LessOrEqual(t, time.Since(begin), 2*(s.latency+firstTrip))
					requireIdle(t, o)
					require.Len(t, s.numbers(), 20)
				})
			})
		}
	}
}

// Whoever waits for a flush that is under way learns at once that it panicked.
func TestAFlushThatPanicsIsNotWaitedFor(t *testing.T) {
	for name, options := range map[string][]string{"plain": nil, "by key": {"partition_key", "key"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: 25 * time.Millisecond}
				o := outputOf(t, s, append(options, "data_keys", "n")...)
				begin := time.Now()
				broken, other := o.enter(10), o.enter(10)
				other.encodes(t, numberedFrom(0, 10, "k"))
				var workers sync.WaitGroup
				workers.Go(func() { other.ends(t) })
				time.Sleep(time.Millisecond)
				require.NotPanics(t, func() { o.d.abandon(broken.arrival) })
				workers.Wait()
				require.Equal(t, time.Millisecond+s.latency, time.Since(begin))
				requireIdle(t, o)
				require.Equal(t, upTo(10), s.numbers())
			})
		})
	}
}

func TestAFlushWithoutRecordsHoldsNobodyUp(t *testing.T) {
	for name, options := range map[string][]string{"plain": nil, "by key": {"partition_key", "key"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: 25 * time.Millisecond}
				o := outputOf(t, s, append(options, "data_keys", "n")...)
				begin := time.Now()
				empty := o.enter(0)
				other := o.enter(10)
				other.encodes(t, numberedFrom(0, 10, "k"))
				var workers sync.WaitGroup
				workers.Go(func() { other.ends(t) })
				time.Sleep(time.Millisecond)
				synctest.Wait()
				require.Zero(t, s.requestCount(), "it waits for the one that may have something")
				empty.ends(t)
				workers.Wait()
				require.Equal(t, time.Millisecond+s.latency, time.Since(begin), "which it did not")
				require.Equal(t, OK, o.Flush(nil, "tag"))
				requireIdle(t, o)
				require.Equal(t, upTo(10), s.numbers())
			})
		})
	}
}

// A large flush that is over goes by itself. Whoever waited for what it would
// have left waits no longer.
func TestAFlushThatGoesByItselfHoldsNobodyUp(t *testing.T) {
	for name, options := range map[string][]string{"plain": nil, "by key": {"partition_key", "key"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: 25 * time.Millisecond}
				o := outputOf(t, s, append(options, "data_keys", "n")...)
				keys := o.strangers(2)
				begin := time.Now()
				small, large := o.enter(10), o.enter(10)
				small.encodes(t, numberedFrom(0, 10, keys[0]))
				large.encodes(t, numberedFrom(10, 400, keys[1]))
				var workers sync.WaitGroup
				workers.Go(func() { small.ends(t) })
				time.Sleep(time.Millisecond)
				workers.Go(func() { large.ends(t) })
				workers.Wait()
				require.Equal(t, time.Millisecond+s.latency, time.Since(begin))
				require.Equal(t, upTo(410), s.numbers())
			})
		})
	}
}

// The places of flushes, in a model: those that are still encoding or wait for
// one that is, in the order in which they came.
func TestArrivalsKeepThePlacesOfFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(9, 9))
		for range 50 {
			s := &fakeStream{t: t}
			o := outputOf(t, s, "partition_key", "key")
			var open []slowFlush
			var workers sync.WaitGroup
			for range 60 {
				if len(open) == 0 || len(open) < 8 && random.IntN(2) == 0 {
					open = append(open, o.enter(10))
					continue
				}
				i := random.IntN(len(open))
				f := open[i]
				open = slices.Delete(open, i, i+1)
				if random.IntN(4) > 0 {
					f.encodes(t, numbered(1))
				}
				if random.IntN(6) == 0 && len(f.lanes) > 0 {
					f.lanes[0].batch = nil
					o.d.abandon(f.arrival)
				} else {
					workers.Go(func() { f.ends(t) })
				}
				synctest.Wait()
				requirePlaces(t, o, open)
			}
			for _, f := range open {
				workers.Go(func() { f.ends(t) })
			}
			workers.Wait()
			requireIdle(t, o)
		}
	})
}

// requirePlaces requires that the first place is that of the first flush that is
// still encoding, and that those behind it wait.
func requirePlaces(t *testing.T, o *Output, open []slowFlush) {
	t.Helper()
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	require.Equal(t, len(open), o.d.encoding)
	if len(open) == 0 {
		require.Empty(t, o.d.arrived)
		return
	}
	var encoding []*arrival
	for i, a := range o.d.arrived {
		require.Equal(t, i == 0, a.first)
		if !a.over {
			encoding = append(encoding, a)
		}
	}
	require.False(t, o.d.arrived[0].over)
	require.Len(t, encoding, len(open))
	for i, f := range open {
		require.Same(t, f.arrival, encoding[i])
	}
}
