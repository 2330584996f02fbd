package kinesis

import (
	"errors"
	"fmt"

	"fluent-bit-kinesis/kinesis/record"
)

// A leg is what a flush has for one destination. It is owned by the flush's
// goroutine. Where all records go to one stream a flush has one leg, else one for
// each stream that its chunk has records for.
type leg struct {
	d       *destination
	lanes   []lane   // by partition key
	shards  shardMap // when the leg was begun; nil where it is not used
	arrival *arrival // the flush's place at the destination, in the order of flushes; it does not change
	sent    bool     // a full request has been sent
	handed  bool     // what was left has been handed over
}

// ready readies the leg for a chunk whose records are dealt to so many lanes.
func (g *leg) ready(lanes int) {
	if cap(g.lanes) < lanes {
		g.lanes = make([]lane, lanes)
	}
	g.lanes = g.lanes[:lanes]
	g.sent, g.handed, g.shards, g.arrival = false, false, nil, nil
}

// route turns to the leg of the record that has just been encoded. It is false
// where the record goes nowhere: it has been dropped then, or is handed back.
func (f *flush) route(ordinal int) bool {
	name, known := f.records.StreamName()
	if known && f.turn(name) {
		return true
	}
	fit := known && record.IsStreamName(name)
	if fit && f.open(name, false) {
		return true
	}
	if fallback := f.o.streams.fallback; len(fallback) > 0 {
		if !f.turn(fallback) {
			f.open(fallback, true)
		}
		f.defaulted++
		return true
	}
	f.count()
	switch {
	case !known:
		f.o.drop(dropNoStream, ordinal)
	case !fit:
		f.o.dropUnfit(name, ordinal)
	default:
		f.findNoRoom(name, ordinal)
	}
	return false
}

// turn makes the leg of a stream the one at hand, where there is one.
func (f *flush) turn(stream []byte) bool {
	if f.leg != nil && string(stream) == f.d.name {
		return true
	}
	g, ok := f.byStream[string(stream)]
	if ok {
		f.leg = g
	}
	return ok
}

// open begins a leg, and makes it the one at hand. It is false where there is no
// room for one more destination; always is for one that has room in any case.
func (f *flush) open(stream []byte, always bool) bool {
	d, all := f.o.streams.enter(stream, always)
	if d == nil {
		return false
	}
	g := f.spareLeg()
	g.d = d
	if f.perLeg == 0 {
		f.perLeg = max(1, f.o.lanesFor(f.size)/all)
	}
	g.ready(f.perLeg)
	f.mu.Lock() // deliveries of other legs may be under way
	f.legs = append(f.legs, g)
	f.mu.Unlock()
	f.byStream[d.name] = g
	f.leg = g
	g.arrival = d.begin()
	g.shards = d.shards.now()
	return true
}

// mostSpareLegs is how many legs a flush keeps for its next chunk.
const mostSpareLegs = 128

func (f *flush) spareLeg() *leg {
	n := len(f.spare)
	if n == 0 {
		return new(leg)
	}
	g := f.spare[n-1]
	f.spare = f.spare[:n-1]
	return g
}

// arrivalAt is the flush's place at a destination; nil where there is no order.
func (f *flush) arrivalAt(d *destination) *arrival {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.legs {
		if g.d == d {
			return g.arrival
		}
	}
	return nil
}

var errNoRoom = errors.New("more streams at a time than streams_maximum")

// findNoRoom hands back a record for whose stream there is no room now: there is
// when the chunk is offered again, for the records that are sent now are not
// sent again.
func (f *flush) findNoRoom(stream []byte, ordinal int) {
	f.o.counts.NoRoom.Add(1)
	if f.o.warn.noRoom.Due() {
		f.o.warn.noRoom.Say("a record for the stream %s goes back to Fluent Bit to be offered again, for records of %d streams (streams_maximum) are under way", stream, f.o.config.StreamsMaximum)
	}
	f.mu.Lock()
	f.refused = append(f.refused, uint32(ordinal))
	if f.err == nil {
		f.err = fmt.Errorf("stream %s: %w", stream, errNoRoom)
	}
	f.mu.Unlock()
}

// leaveStreams ends the flush's use of destinations that come and go.
func (f *flush) leaveStreams() {
	if f.o.streams == nil {
		return
	}
	f.mu.Lock() // of a flush that panicked, deliveries may be under way
	defer f.mu.Unlock()
	for _, g := range f.legs {
		f.o.streams.leave(g.d)
		g.d, g.arrival, g.shards = nil, nil, nil
		if len(f.spare) < mostSpareLegs {
			f.spare = append(f.spare, g)
		}
	}
	clear(f.legs)
	f.legs, f.leg = f.legs[:0], nil
	clear(f.byStream)
}
