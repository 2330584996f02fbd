package main

import (
	"bytes"
	"strconv"
	"sync"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/samples"
)

// marker is the key under which each event carries its number. It is the event's first key, so that a record that
// holds it begins with it, however long its data is and wherever it was cut.
const (
	marker       = "run_line"
	markerPrefix = `{"` + marker + `":`
)

// A tally holds what landed against what was sent.
type tally struct {
	mu sync.Mutex // guards the following

	sent     int64
	seen     []bool // whether event i+1 landed
	distinct int64  // events that landed
	landed   int64  // records
	unmarked int64  // of these, the ones without their number
	bytes    int64  // of data
	chunks   int64  // that the events were cut into; 0 where that is not known
	back     int64  // times that a chunk was handed back
}

// result is a tally's outcome.
type result struct {
	sent, landed, bytes int64
	lost, duplicated    int64
	chunks, handedBack  int64
	// unmarked records could not be told apart: where there are any, lost and duplicated are differences of counts.
	unmarked int64
}

func newTally() *tally { return new(tally) }

// send numbers the next event that goes out.
func (t *tally) send(e samples.Event) samples.Event {
	t.mu.Lock()
	t.sent++
	number := t.sent
	t.seen = append(t.seen, false)
	t.mu.Unlock()

	fields := make([]samples.Field, 0, len(e.Fields)+1)
	e.Fields = append(append(fields, flbhost.F(marker, number)), e.Fields...)
	return e
}

// cut counts a chunk of events.
func (t *tally) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chunks++
}

// handBack counts how often a chunk was handed back.
func (t *tally) handBack(times int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.back += int64(times)
}

// land takes the data of a record that is on the stream.
func (t *tally) land(data []byte) {
	number, marked := markOf(data)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.landed++
	t.bytes += int64(len(data))
	if !marked || number > t.sent {
		t.unmarked++
		return
	}
	if !t.seen[number-1] {
		t.seen[number-1] = true
		t.distinct++
	}
}

// markOf reads the number of the event that a record was made of: 1 and up.
func markOf(data []byte) (number int64, marked bool) {
	rest, found := bytes.CutPrefix(data, []byte(markerPrefix))
	if !found {
		return 0, false
	}
	end := bytes.IndexAny(rest, ",}")
	if end < 0 {
		return 0, false
	}
	number, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	return number, err == nil && number > 0
}

func (t *tally) result() result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := result{sent: t.sent, landed: t.landed, bytes: t.bytes, chunks: t.chunks, unmarked: t.unmarked, handedBack: t.back}
	if t.unmarked > 0 {
		r.lost = max(0, t.sent-t.landed)
		r.duplicated = max(0, t.landed-t.sent)
		return r
	}
	r.lost = t.sent - t.distinct
	r.duplicated = t.landed - t.distinct
	return r
}
