package kinesis

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/plugins"
)

// A shard is an open shard in a map.
type shard struct {
	service.Shard
	index int // in its map
}

// A shardMap is the open shards of a stream at one time, by their ranges.
type shardMap []shard

func newShardMap(open []service.Shard) shardMap {
	open = slices.SortedFunc(slices.Values(open), func(a, b service.Shard) int { return a.Start.Compare(b.Start) })
	m := make(shardMap, len(open))
	for i := range m {
		m[i] = shard{open[i], i}
	}
	return m
}

// of is the shard that takes the records of a partition key; nil where there is
// no map, or it has a hole there, as in the middle of a reshard.
func (m shardMap) of(key []byte) *shard {
	if len(m) == 0 {
		return nil
	}
	return m.at(aggregate.HashOf(key))
}

// at is the shard that takes the records of a hash key; nil where there is none.
func (m shardMap) at(hash aggregate.HashKey) *shard {
	i, _ := slices.BinarySearchFunc(m, hash, func(s shard, h aggregate.HashKey) int { return s.End.Compare(h) })
	if i == len(m) || m[i].Start.Compare(hash) > 0 {
		return nil
	}
	return &m[i]
}

// has tells whether the shard is one of this very map, not only like one.
func (m shardMap) has(s *shard) bool { return s.index < len(m) && &m[s.index] == s }

// Between two attempts to learn the shards passes at least the first of these,
// doubled after each that brought nothing new, up to the second. An attempt
// takes at most the third.
const (
	firstShardBackoff = time.Second
	mostShardBackoff  = 5 * time.Minute
	shardTimeout      = 10 * time.Second
)

// A shardWatch keeps the shard map of a stream. Until it has one, and where
// the service does not give it, records are packed without. It is safe for
// concurrent use; its goroutine is ended, and waited for, by close.
type shardWatch struct {
	list   func(ctx context.Context) ([]service.Shard, error)
	log    *plugins.Logger
	stream string // as the log calls it

	current atomic.Pointer[shardMap] // nil where there is none to be relied on
	last    shardMap                 // that was learned; the goroutine's own
	begin   sync.Once
	first   chan struct{} // closed when the first attempt has ended
	stale   chan struct{} // has a token where the map is to be learned anew
	end     context.CancelFunc
	ended   sync.WaitGroup
}

func newShardWatch(log *plugins.Logger, list func(ctx context.Context) ([]service.Shard, error)) *shardWatch {
	return &shardWatch{list: list, log: log, stream: "the stream", first: make(chan struct{}), stale: make(chan struct{}, 1)}
}

// get is the shard map of now; nil where there is none. The first call waits
// for the first attempt to learn it. A nil shardWatch has none.
func (w *shardWatch) get() shardMap {
	if w == nil {
		return nil
	}
	w.start()
	<-w.first
	return w.now()
}

// start begins the watch, if it has not begun.
func (w *shardWatch) start() {
	w.begin.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		w.end = cancel
		w.ended.Go(func() { w.watch(ctx) })
	})
}

// now is the shard map of now, as get has it, without waiting for the first.
func (w *shardWatch) now() shardMap {
	if w == nil {
		return nil
	}
	if m := w.current.Load(); m != nil {
		return *m
	}
	return nil
}

// refresh gives up the map that a shard is of, for a record that was foreseen for
// it came to rest on another, and asks for the shards to be learned anew. Records are
// packed without until then: a map that is wrong puts them together by what has
// ceased to be. What came to rest elsewhere stays there: by their explicit hash keys
// its records hash to that shard, so consumers keep them, and put again they would
// be there twice.
func (w *shardWatch) refresh(foreseen *shard) {
	current := w.current.Load()
	if current == nil || !current.has(foreseen) || !w.current.CompareAndSwap(current, nil) {
		return // it has been given up before
	}
	w.ask()
}

// ask has the map learned anew.
func (w *shardWatch) ask() {
	select {
	case w.stale <- struct{}{}:
	default:
	}
}

// close ends the watch. No get may follow.
func (w *shardWatch) close() {
	if w == nil {
		return
	}
	w.begin.Do(func() { close(w.first) })
	if w.end != nil {
		w.end()
	}
	w.ended.Wait()
}

// watch learns the map at first, and again whenever it is asked to.
func (w *shardWatch) watch(ctx context.Context) {
	backoff := firstShardBackoff
	learned := w.learn(ctx)
	close(w.first)
	for {
		if !learned {
			w.ask()
		}
		if !pause(ctx, backoff) {
			return
		}
		select {
		case <-w.stale:
		case <-ctx.Done():
			return
		}
		if learned = w.learn(ctx); learned {
			backoff = firstShardBackoff
		} else {
			backoff = min(2*backoff, mostShardBackoff)
		}
	}
}

// learn asks the service for the shards. It is false where that brings nothing
// new.
func (w *shardWatch) learn(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, shardTimeout)
	defer cancel()
	open, err := w.list(limited)
	if err == nil && len(open) == 0 {
		err = errors.New("ListShards gave none that is open")
	}
	if err != nil {
		if ctx.Err() == nil {
			w.log.Warnf("aggregation_shard_map: the shards of %s cannot be listed, so records are packed without regard to them: %v", w.stream, err)
		}
		return false
	}
	m := newShardMap(open)
	if slices.Equal(m, w.last) {
		return false // it has been found wrong: the service is behind
	}
	w.log.Infof("aggregation_shard_map: %s has %d open shards", w.stream, len(m))
	w.last = m
	w.current.Store(&m)
	return true
}

// pause waits. It is false where ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
