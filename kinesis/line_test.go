package kinesis

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

func stripesOf(members ...int) (s stripes) {
	for _, m := range members {
		s.set(uint8(m))
	}
	return s
}

func TestStripesMeetWhereTheyHaveAMemberInCommon(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		a, b := random.Perm(stripeCount)[:random.IntN(20)], random.Perm(stripeCount)[:random.IntN(20)]
		common := slices.ContainsFunc(a, func(m int) bool { return slices.Contains(b, m) })
		require.Equal(t, common, stripesOf(a...).meet(stripesOf(b...)))
		require.Equal(t, common, stripesOf(b...).meet(stripesOf(a...)))

		both := stripesOf(a...)
		both.add(stripesOf(b...))
		require.Equal(t, stripesOf(append(a, b...)...), both)
	}
	for m := range stripeCount {
		for other := range stripeCount {
			if stripesOf(m).meet(stripesOf(other)) != (m == other) {
				t.Fatalf("%d meets %d", m, other)
			}
		}
	}
}

// The line, in a model: a ticket's turn has come if and only if no ticket that
// joined before it, and is still there, has a stripe in common with it. So two
// that have one are never at work together, those go in the order of joining,
// others pass them by, and each has its turn once those before it have left.
func TestLineIsFirstComeFirstServedForEachStripe(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		var l line
		var model []*ticket
		most, width := 1+random.IntN(20), 1+random.IntN(12)
		for range 300 {
			if len(model) == 0 || len(model) < most && random.IntN(2) == 0 {
				members := random.Perm(16)[:random.IntN(width+1)]
				model = append(model, l.join(stripesOf(members...)))
			} else {
				i := random.IntN(len(model)) // also one whose turn has not come: it gives up
				l.leave(model[i])
				model = slices.Delete(model, i, i+1)
			}
			for i, at := range model {
				blocked := slices.ContainsFunc(model[:i], func(before *ticket) bool { return before.stripes.meet(at.stripes) })
				if at.open() == blocked {
					t.Fatalf("ticket %d: blocked %v, its turn has come %v", i, blocked, at.open())
				}
			}
		}
		for _, ticket := range model {
			l.leave(ticket)
		}
		require.Empty(t, l.tickets)
	}
}

// The line, in the same model, where places narrow and time passes: what a ticket
// kept is what it holds others up by, and its stripes are in use for longer if it
// waits, was refused, or has had its turn for longer than usual.
func TestLineKnowsWhatIsInUse(t *testing.T) {
	type place struct {
		*ticket
		has   stripes
		stuck bool
		turn  time.Time // zero until it comes
	}
	const usual = 10 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(14, 14))
		some := func() stripes { return stripesOf(random.Perm(16)[:1+random.IntN(6)]...) }
		for range 100 {
			var l line
			var model []*place
			for range 200 {
				time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
				switch i := random.IntN(max(1, len(model))); {
				case len(model) == 0 || len(model) < 10 && random.IntN(2) == 0:
					s := some()
					model = append(model, &place{ticket: l.join(s), has: s})
				case random.IntN(2) == 0 && model[i].open():
					p := model[i]
					left := some()
					for j := range left {
						left[j] &= p.has[j]
					}
					l.keep(p.ticket, left)
					p.has, p.stuck = left, true
				default:
					l.leave(model[i].ticket)
					model = slices.Delete(model, i, i+1)
				}
				var soon, later stripes
				for i, p := range model {
					blocked := slices.ContainsFunc(model[:i], func(before *place) bool { return before.has.meet(p.has) })
					if p.turn.IsZero() && !blocked {
						p.turn = time.Now()
					}
					require.Equal(t, !p.turn.IsZero(), p.open())
					if blocked || p.stuck || time.Since(p.turn) > usual {
						later.add(p.has)
					} else {
						soon.add(p.has)
					}
				}
				gotSoon, gotLater := l.busy(usual)
				require.Equal(t, soon, gotSoon)
				require.Equal(t, later, gotLater)
			}
		}
	})
}

func TestLineLetsEverybodyThroughInOrder(t *testing.T) {
	const workers, rounds = 16, 200
	var l line
	var joining sync.Mutex // makes the order of joining known
	joined := 0
	var holders [stripeCount]atomic.Int32
	var orders [stripeCount][]int // of those who came through; guarded by the line itself
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(worker)))
			for range rounds {
				members := random.Perm(40)[:1+random.IntN(5)]
				joining.Lock()
				ticket, number := l.join(stripesOf(members...)), joined
				joined++
				joining.Unlock()
				if !ticket.wait(context.Background()) {
					t.Error("a turn that was given up")
				}
				for _, m := range members {
					if holders[m].Add(1) != 1 {
						t.Error("two at work for one stripe")
					}
					orders[m] = append(orders[m], number)
				}
				for _, m := range members {
					holders[m].Add(-1)
				}
				l.leave(ticket)
			}
		})
	}
	wg.Wait()
	for m := range orders {
		require.True(t, slices.IsSorted(orders[m]), "stripe %d", m)
	}
	require.Empty(t, l.tickets)
}

func TestTicketWaitsUntilItsTurnOrTheEndOfTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l line
		first, second := l.join(stripesOf(1)), l.join(stripesOf(1, 2))
		require.True(t, first.wait(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.False(t, second.wait(ctx))
		l.leave(second)
		third := l.join(stripesOf(2))
		require.True(t, third.wait(t.Context()), "who gave up holds nobody back")

		fourth := l.join(stripesOf(1))
		time.AfterFunc(time.Minute, func() { l.leave(first) })
		begin := time.Now()
		require.True(t, fourth.wait(t.Context()))
		require.Equal(t, time.Minute, time.Since(begin))
		l.leave(third)
		l.leave(fourth)
	})
}

// Whoever waits in line holds a slot: with few slots and many keys in common
// everybody must come through all the same, none must overtake another of its
// key, and no more than the slots may be in flight.
func TestWorkersWithKeysInCommonComeThrough(t *testing.T) {
	for _, slots := range []int{1, 3, 10} {
		t.Run(strconv.Itoa(slots)+" requests in flight", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				random := rand.New(rand.NewPCG(4, uint64(slots))) // guarded by mu
				chance := func(percent int) bool {
					mu.Lock()
					defer mu.Unlock()
					return random.IntN(100) < percent
				}
				s := &fakeStream{t: t, latency: 25 * time.Millisecond}
				s.refuse = func(putRecord) string {
					if chance(5) {
						return throttledCode
					}
					return ""
				}
				s.fail = func(context.Context, []putRecord) error {
					if chance(5) {
						return failed(service.Failing)
					}
					return nil
				}
				o := outputOf(t, s, "partition_key", "key", "requests_in_flight", strconv.Itoa(slots))
				const workers, records = 8, 800
				var wg sync.WaitGroup
				for worker := range workers {
					wg.Go(func() {
						chunk := chunkOf(records, func(i int) fields {
							return fields{kv("key", "k"+strconv.Itoa(i%7)), kv("n", worker*records+i)}
						})
						for o.Flush(chunk, "tag") == Retry {
						}
					})
				}
				wg.Wait()
				require.Equal(t, upTo(workers*records), s.numbers())
				require.Zero(t, s.overlaps)
				require.LessOrEqual(t, s.most, slots)
				requireIdle(t, o)
			})
		})
	}
}

// The line, in a model, where places are parted, whether their turn has come or
// not: each part waits for those that were before the whole, and for the parts
// before it, and those behind the whole wait for each part that they meet.
func TestALinePartsAPlaceInOrderWhereverItIs(t *testing.T) {
	type place struct {
		*ticket
		has   stripes
		stuck bool
	}
	random := rand.New(rand.NewPCG(18, 18))
	for range 100 {
		var l line
		var model []*place
		for range 100 {
			switch i := random.IntN(max(1, len(model))); {
			case len(model) == 0 || len(model) < 10 && random.IntN(2) == 0:
				s := stripesOf(random.Perm(12)[:1+random.IntN(5)]...)
				model = append(model, &place{ticket: l.join(s), has: s})
			case random.IntN(2) == 0:
				sets := make([]stripes, 2+random.IntN(2)) // which may have members in common, and be empty
				for m := range 12 {
					if !model[i].has.has(uint8(m)) {
						continue
					}
					sets[random.IntN(len(sets))].set(uint8(m))
					sets[random.IntN(len(sets))].set(uint8(m))
				}
				var parts []*place
				for p, part := range l.part(model[i].ticket, sets) {
					parts = append(parts, &place{part, sets[p], true})
				}
				model = slices.Replace(model, i, i+1, parts...)
			default:
				l.leave(model[i].ticket)
				model = slices.Delete(model, i, i+1)
			}
			for i, p := range model {
				var ahead stripes
				blocked, refused := false, false
				for _, before := range model[:i] {
					if before.has.meet(p.has) {
						ahead.add(before.has)
						blocked, refused = true, refused || before.stuck
					}
				}
				require.Equal(t, !blocked, p.open())
				gotAhead, gotRefused := l.ahead(p.ticket)
				require.Equal(t, ahead, gotAhead)
				require.Equal(t, refused, gotRefused)
			}
		}
		for _, p := range model {
			l.leave(p.ticket)
		}
		require.Empty(t, l.tickets)
	}
}
