package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"

	"fluent-bit-kinesis/internal/kinesistest"
)

// A limitSpec says what the process of a stream at its limit serves and watches.
type limitSpec struct {
	Shards    int
	Records   int // that are offered, numbered from 0
	Groups    int // equal parts of the numbers, told apart
	ReshardAt int // records that have landed when it is resharded; 0: never
	ReshardTo int
}

// serveLimits is the process: for each line of its standard input it answers with
// what it has seen; it ends where that ends.
func serveLimits(text string) error {
	var spec limitSpec
	if err := json.Unmarshal([]byte(text), &spec); err != nil {
		return err
	}
	w := &watcher{spec: spec, times: make([]int, spec.Records)}
	s, err := kinesistest.New(kinesistest.Options{
		Streams: map[string]int{streamName: spec.Shards}, ShardLimits: true, OnRecord: w.record,
		Discard: true, SkipOverlaps: true, SkipSignatures: true,
	})
	if err != nil {
		return err
	}
	defer s.Close()
	w.reshard = func() error { return s.Reshard(streamName, spec.ReshardTo) }
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(ready{URL: s.URL(), CA: s.CAFile(), Env: s.Env()}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if err := w.report(out, s.Stats()); err != nil {
			return err
		}
	}
	return in.Err()
}

// A limitStream is a process that serves one.
type limitStream struct {
	*child
	ready
}

func startLimitStream(spec limitSpec) (*limitStream, error) {
	text, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	c, err := startChild("-serve-limits", string(text))
	if err != nil {
		return nil, err
	}
	s := &limitStream{child: c}
	return s, c.read(&s.ready)
}

func (s *limitStream) seen() (v seen, err error) {
	if _, err = fmt.Fprintln(s.in, "seen"); err != nil {
		return v, err
	}
	return v, s.read(&v)
}

// A watcher notes what lands.
type watcher struct {
	spec    limitSpec
	reshard func() error

	mu        sync.Mutex // guards the following
	times     []int      // that each record has landed, by its number
	landed    int
	seconds   []second
	resharded float64
	users     []kinesistest.UserRecord // memory
	err       error                    // the first
}

// record takes a Kinesis record that has landed.
func (w *watcher) record(r kinesistest.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.second(r.Arrived.Unix())
	on := at.Shards[r.ShardID]
	on.Records++
	on.Bytes += len(r.Data) + len(r.PartitionKey)
	at.Shards[r.ShardID] = on
	var err error
	if w.users, err = (kinesistest.View{}).AppendUserRecords(w.users[:0], r); err != nil {
		w.fail(err)
	}
	for _, user := range w.users {
		n, ok := numberOf(user.Data)
		if !ok || n >= w.spec.Records {
			w.fail(fmt.Errorf("a record that was not offered: %q", user.Data))
			continue
		}
		w.times[n]++
		w.landed++
		at.Groups[n*w.spec.Groups/w.spec.Records]++
	}
	if w.spec.ReshardAt > 0 && w.landed >= w.spec.ReshardAt && w.resharded == 0 {
		w.resharded = float64(r.Arrived.UnixNano()) / 1e9
		w.fail(w.reshard())
	}
}

// fail notes the first error. The caller holds mu.
func (w *watcher) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// second is the one that is now, those without a record before it included. The
// caller holds mu.
func (w *watcher) second(at int64) *second {
	for len(w.seconds) == 0 || w.seconds[len(w.seconds)-1].At < at {
		next := at
		if n := len(w.seconds); n > 0 {
			next = w.seconds[n-1].At + 1
		}
		open := w.spec.Shards
		if w.resharded > 0 {
			open = w.spec.ReshardTo
		}
		w.seconds = append(w.seconds, second{At: next, Open: open, Shards: map[string]amount{}, Groups: make([]int, w.spec.Groups)})
	}
	return &w.seconds[len(w.seconds)-1]
}

// report writes what has been seen until now.
func (w *watcher) report(out *json.Encoder, stats kinesistest.Stats) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	v := seen{Stats: stats, Seconds: w.seconds, Resharded: w.resharded}
	for _, times := range w.times {
		v.Distinct += min(times, 1)
		v.Twice += max(0, times-1)
	}
	return out.Encode(v)
}

// numberOf reads a record's number.
func numberOf(data []byte) (n int, ok bool) {
	rest, found := bytes.CutPrefix(data, []byte(`{"`+numberKey+`":`))
	digits, _, ended := bytes.Cut(rest, []byte(","))
	if !found || !ended {
		return 0, false
	}
	n, err := strconv.Atoi(string(digits))
	return n, err == nil && n >= 0
}
