package kinesis

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// mostIdle is how long a destination is kept that no record has come for.
const mostIdle = 5 * time.Minute

// streams are the destinations of an output whose records choose their stream.
// Each is made when the first record for it comes, and goes away when none has
// come for a while, or another needs its room. It is safe for concurrent use.
type streams struct {
	*shared
	client   poster
	most     int    // destinations at a time, without that of stream_default
	fallback []byte // stream_default; empty for none

	mu     sync.Mutex // guards the following
	byName map[string]*destination
	unused int         // destinations that no flush uses
	timer  *time.Timer // set while there are such; nil until first used
	closed bool
	past   tallies // of destinations that are gone

	leaving sync.WaitGroup // destinations that go away
}

func newStreams(s *shared, client poster) *streams {
	return &streams{
		shared: s, client: client, most: s.config.StreamsMaximum, fallback: []byte(s.config.StreamDefault),
		byName: make(map[string]*destination), past: make(tallies),
	}
}

// all are the destinations that there are.
func (s *streams) all() []*destination {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.byName))
}

// enter is the destination of a stream for the use of a flush, which is to leave
// it in the end, and how many there are. It is nil where there is no room for
// another; always is for one that has room in any case.
func (s *streams) enter(name []byte, always bool) (d *destination, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d = s.byName[string(name)]
	switch {
	case d != nil && d.users == 0:
		s.unused--
	case d == nil:
		if !always && !s.makeRoom() {
			return nil, len(s.byName)
		}
		stream := string(name)
		d = newDestination(s.shared, stream, s.client)
		d.comesAndGoes(stream)
		s.byName[stream] = d
	}
	d.users++
	return d, len(s.byName)
}

// leave ends the use of a destination by a flush that has no event left there.
func (s *streams) leave(d *destination) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.users--; d.users > 0 {
		return
	}
	d.unusedSince = time.Now()
	if s.unused++; s.unused == 1 {
		s.lookAgain(mostIdle)
	}
}

// makeRoom has the destination go away that has been unused for the longest, where
// there is no room for one more. It is false where all are in use. The caller holds
// mu.
func (s *streams) makeRoom() bool {
	taken := len(s.byName)
	fallback := s.byName[s.config.StreamDefault]
	if fallback != nil {
		taken--
	}
	if taken < s.most {
		return true
	}
	if s.unused == 0 {
		return false
	}
	var oldest *destination
	for _, d := range s.byName {
		if d.users == 0 && d != fallback && (oldest == nil || d.unusedSince.Before(oldest.unusedSince)) && d.empty() {
			oldest = d
		}
	}
	if oldest == nil {
		return false
	}
	s.remove([]*destination{oldest}, func(gone tallies) {
		if s.warn.gone.Due() {
			s.warn.gone.Say("a stream without records right now is let go, to make room for another among the %d of streams_maximum: %v", s.most, gone)
		}
	})
	return true
}

// lookAgain has the unused destinations looked at after a time. The caller holds
// mu.
func (s *streams) lookAgain(after time.Duration) {
	if s.closed {
		return
	}
	if s.timer == nil {
		s.timer = time.AfterFunc(after, s.removeIdle)
		return
	}
	s.timer.Reset(after)
}

// removeIdle has those destinations go away that have been unused for long.
func (s *streams) removeIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := mostIdle
	var idle []*destination
	for _, d := range s.byName {
		if d.users > 0 {
			continue
		}
		left := mostIdle - time.Since(d.unusedSince)
		switch {
		case left > 0:
			next = min(next, left)
		case d.empty():
			idle = append(idle, d)
		}
	}
	s.remove(idle, func(gone tallies) {
		s.log.Infof("streams that have had no records for %v, and are let go until they have: %v", mostIdle, gone)
	})
	if s.unused > 0 {
		s.lookAgain(next)
	}
}

// remove has unused destinations go away, and then says so. They may still have
// requests under way, those of a flush that panicked. The caller holds mu.
func (s *streams) remove(unused []*destination, say func(gone tallies)) {
	if len(unused) == 0 {
		return
	}
	for _, d := range unused {
		delete(s.byName, d.name)
	}
	s.unused -= len(unused)
	s.leaving.Go(func() {
		gone := make(tallies, len(unused))
		for _, d := range unused {
			d.close()
			gone.add(d.name, d.tally.now())
		}
		s.mu.Lock()
		for name, t := range gone {
			s.past.add(name, t)
		}
		s.mu.Unlock()
		say(gone)
	})
}

// close lets go of all destinations. No flush may be under way or follow.
func (s *streams) close() {
	s.mu.Lock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	rest := s.byName
	s.byName, s.unused = nil, 0
	s.mu.Unlock()
	s.leaving.Wait()
	for _, d := range rest {
		d.close()
		s.past.add(d.name, d.tally.now())
	}
}

// counted is what has become of the records of the streams until now.
func (s *streams) counted() tallies {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(tallies, len(s.past)+len(s.byName))
	for name, t := range s.past {
		all.add(name, t)
	}
	for name, d := range s.byName {
		all.add(name, d.tally.now())
	}
	return all
}
