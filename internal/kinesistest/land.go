package kinesistest

import "time"

// Refusals within an answer; the zero value is an accepted record.
type refusal uint8

const (
	accepted refusal = iota
	throttled
	failed
)

// result is what became of one entry of a request.
type result struct {
	refusal  refusal
	shard    *shard
	sequence uint64
}

// landing is one request's entries on their way onto a stream.
type landing struct {
	entries    []Entry
	hashes     []HashKey
	refusals   []refusal // drawn by the faults; nil where none are on
	request    uint64
	unanswered bool

	// Filled by land.
	results   []result
	throttled int
	failed    int
	bytes     int64
	from, to  uint64 // sequences of what landed: from, up to and without to
}

// land routes the entries, and puts those that are not refused onto the stream
// together.
func (st *stream) land(l *landing) {
	st.landing.Lock()
	defer st.landing.Unlock()
	now := st.now()
	st.append(l, now)
	if st.onRecord == nil {
		return
	}
	for i, r := range l.results {
		if r.refusal == accepted {
			st.onRecord(st.record(l, i, now))
		}
	}
}

// append is land under the lock.
func (st *stream) append(l *landing, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	l.results = l.results[:0]
	l.from = st.sequence + 1
	for i, e := range l.entries {
		r := result{shard: st.route(l.hashes[i])}
		if l.refusals != nil {
			r.refusal = l.refusals[i]
		}
		if r.refusal == accepted && st.limits && !r.shard.window.admit(now, e.size()) {
			r.refusal = throttled
		}
		switch r.refusal {
		case throttled:
			l.throttled++
		case failed:
			l.failed++
		default:
			st.sequence++
			r.sequence = st.sequence
			r.shard.Records++
			r.shard.Bytes += int64(e.size())
			l.bytes += int64(e.size())
		}
		l.results = append(l.results, r)
		if r.refusal == accepted && !st.discard {
			r.shard.positions = append(r.shard.positions, r.sequence)
			st.records = append(st.records, st.record(l, i, now))
		}
	}
	l.to = st.sequence + 1
}

// record is the i-th entry as it landed.
func (st *stream) record(l *landing, i int, now time.Time) Record {
	return Record{
		Entry:      l.entries[i],
		Stream:     st.name,
		ShardID:    l.results[i].shard.ID,
		Sequence:   l.results[i].sequence,
		Arrived:    now,
		Request:    l.request,
		Unanswered: l.unanswered,
	}
}

// landed is how many entries were accepted.
func (l *landing) landed() int { return int(l.to - l.from) }
