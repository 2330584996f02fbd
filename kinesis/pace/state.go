package pace

import "time"

// A State is how things stand at a Pacer.
type State struct {
	Throttled bool          // the rate is limited
	Records   float64       // a second that may be sent, of records as they are; 0 where it is not limited
	Bytes     float64       // likewise
	Waiting   int           // requests that wait to be let in
	Waited    time.Duration // by all that ever did, once they need not any longer
	InFlight  int           // requests
	Weight    int           // their bytes
	Most      int           // requests that may be in flight
	Outage    time.Duration // since when nothing has been accepted, while requests fail
}

// State is how things stand now.
func (p *Pacer) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.core.State(time.Now())
	s.Waited = p.waited
	return s
}

// State is how things stand.
func (c *Core) State(now time.Time) State {
	s := State{
		Throttled: c.limited,
		Waiting:   len(c.waiting),
		InFlight:  c.taken,
		Weight:    c.weight,
		Most:      c.most(),
	}
	if c.limited {
		records, bytes := c.recent.each()
		s.Records = c.rate.perSecond * records
		s.Bytes = c.rate.perSecond * bytes
	}
	if c.drought.on {
		s.Outage = now.Sub(c.drought.since)
	}
	return s
}
