package pace

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Shards know which shards of a stream are full by themselves. Where one key has
// half of the traffic, its shard refuses and the others do not: then it is not the
// stream that is at its limit, and whoever has something for the others need not
// wait. So a shard that is full by itself gets a rate of its own, at which what is
// for it may go, and its refusals say nothing of the stream's.
//
// Which shard a record is for is learned as well. A shard has one range of the
// hash keys: what lies between two hashes that came to rest on it comes to rest on
// it, until the stream is split anew.
//
// It is safe for concurrent use.
type Shards struct {
	mu     sync.Mutex        // guards the following
	random *rand.Rand        // nil where each shard has chance of its own
	byName map[string]*shard // whose hashes lie apart from each other
	full   []*shard
	swept  time.Time // when those that nobody heard of any longer were last looked for

	any atomic.Bool // whether full has any; set under mu
}

// A shard is what is known of one.
type shard struct {
	name              string
	first, last       uint64    // the least and the greatest hash that were seen on it
	accepted, refused float64   // in the last second or so
	faded             time.Time // when these were last brought up to date
	heard             time.Time
	pacer             *Pacer // nil while it is not full by itself
}

// A Share is what a request brought to one shard.
type Share struct {
	Shard string
	Outcome
	First, Last uint64 // the least and the greatest of the hash keys, their upper 64 bits

	// Alone tells that nothing of the request was for another shard, and that the
	// stream is not throttled otherwise: if all was refused, it is the shard's own
	// doing. Nobody else is to wait until one can be sure.
	Alone bool
}

// What makes a shard one that is full by itself.
const (
	fullSpan    = time.Second
	fullCost    = 0.05 // refused in the last second
	fullRecords = 3    // and so many records: one large one is bad luck
	fullShare   = 0.05 // of what came
	fullMore    = 5    // times the share that the others refused
	fullRate    = 0.5  // at least, at first
	keepShards  = 5 * time.Minute
)

// NewShards makes Shards that know none. Nobody but them may use random, which may
// be nil.
func NewShards(random *rand.Rand) *Shards {
	return &Shards{random: random, byName: make(map[string]*shard)}
}

// Learn takes in what became of a request on one shard. It tells whether the shard
// is full by itself, so that its refusals are to be left out of what the Pacer of
// the stream learns.
func (s *Shards) Learn(o Share) (full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	sh := s.see(now, &o)
	sh.count(now, &o.Outcome)
	switch {
	case sh.pacer != nil:
		if sh.pacer.Learn(o.Outcome); !sh.pacer.Throttled() {
			s.release(sh)
		}
		return true
	case o.Refused.Records > 0 && (o.Alone && o.Accepted.Records == 0 || s.stands(now, sh, o.Refused)):
		s.limit(now, sh)
		return true
	}
	return false
}

// limit gives a shard a rate of its own: what it has accepted of late. What is in
// flight is bounded elsewhere. The caller holds mu.
func (s *Shards) limit(now time.Time, sh *shard) {
	c := NewCore(Options{Requests: math.MaxInt, Bytes: math.MaxInt, Random: fork(s.random)})
	c.refused = now
	c.limit(now, max(sh.accepted, fullRate), firstGain)
	sh.pacer = &Pacer{core: c}
	s.full = append(s.full, sh)
	s.any.Store(true)
}

// fork is another source of chance, which follows from the first; nil for none.
func fork(r *rand.Rand) *rand.Rand {
	if r == nil {
		return nil
	}
	return rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))
}

// see notes where hashes came to rest. Mostly they are within what is known of the
// shard, and then no other needs to be looked at. The caller holds mu.
func (s *Shards) see(now time.Time, o *Share) *shard {
	if now.Sub(s.swept) > keepShards {
		s.forget(func(sh *shard) bool { return now.Sub(sh.heard) > keepShards })
		s.swept = now
	}
	sh := s.byName[o.Shard]
	switch {
	case sh == nil:
		sh = &shard{name: o.Shard, first: o.First, last: o.Last}
		s.byName[o.Shard] = sh
		s.claim(sh)
	case o.First < sh.first || o.Last > sh.last:
		sh.first, sh.last = min(sh.first, o.First), max(sh.last, o.Last)
		s.claim(sh)
	}
	sh.heard = now
	return sh
}

// claim forgets the shards that had hashes which are now another's: the stream has
// been split anew. The caller holds mu.
func (s *Shards) claim(by *shard) {
	s.forget(func(sh *shard) bool { return sh != by && sh.first <= by.last && by.first <= sh.last })
}

// forget forgets some shards. The caller holds mu.
func (s *Shards) forget(which func(*shard) bool) {
	for name, sh := range s.byName {
		if which(sh) {
			s.release(sh)
			delete(s.byName, name)
		}
	}
}

// release ends a shard's being full. Whoever waits for it may go. The caller holds
// mu.
func (s *Shards) release(sh *shard) {
	if sh.pacer == nil {
		return
	}
	sh.pacer.open()
	sh.pacer = nil
	s.full = slices.DeleteFunc(s.full, func(o *shard) bool { return o == sh })
	s.any.Store(len(s.full) > 0)
}

// count keeps what a shard accepted and refused in the last second or so.
func (sh *shard) count(now time.Time, o *Outcome) {
	sh.fade(now)
	sh.accepted += o.Accepted.cost()
	sh.refused += o.Refused.cost()
}

func (sh *shard) fade(now time.Time) {
	f := math.Exp(-float64(now.Sub(sh.faded)) / float64(fullSpan))
	sh.accepted, sh.refused, sh.faded = sh.accepted*f, sh.refused*f, now
}

// stands tells whether a shard refuses much more than all others together. The
// caller holds mu.
func (s *Shards) stands(now time.Time, sh *shard, refused Amount) bool {
	each := refused.cost() / float64(refused.Records)
	if sh.refused < max(fullCost, fullRecords*each) {
		return false
	}
	var accepted, others float64
	for _, o := range s.byName {
		if o != sh && o.pacer == nil {
			o.fade(now)
			accepted += o.accepted
			others += o.refused
		}
	}
	share := sh.refused / (sh.accepted + sh.refused)
	return accepted > 0 && share > fullShare && share > fullMore*others/(accepted+others)
}

// Full is the shard that records of this hash key are for, if it is known and full
// by itself. They are to wait for it with Enter.
func (s *Shards) Full(hash uint64) (name string, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sh := range s.full {
		if sh.first <= hash && hash <= sh.last {
			return sh.name, true
		}
	}
	return "", false
}

// hold is Pacer.Hold for the shard that has the hash key, where that is full by
// itself.
func (s *Shards) hold(hash uint64) bool {
	name, full := s.Full(hash)
	if !full {
		return false
	}
	p := s.pacer(name)
	return p != nil && p.hold()
}

// Any tells whether any shard is full by itself. It costs next to nothing.
func (s *Shards) Any() bool { return s.any.Load() }

// Enter waits until a shard that is full by itself may take some of what is asked
// for, and returns how many records; 0 where ctx ended first. The Pacer of the
// stream is asked after that.
func (s *Shards) Enter(ctx context.Context, name string, a Ask) (records int) {
	p := s.pacer(name)
	if p == nil {
		return a.Records
	}
	a.Weight = 0
	if records = p.Enter(ctx, a); records > 0 {
		p.Leave(0) // what is in flight is bounded elsewhere
	}
	return records
}

func (s *Shards) pacer(name string) *Pacer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.byName[name]; sh != nil {
		return sh.pacer
	}
	return nil
}
