package main

import "time"

// seconds are what a stream accepted and refused in each second since its begin.
type seconds struct {
	begin    time.Time
	accepted []float64 // records
	refused  []float64
}

func (s *seconds) count(now time.Time, accepted, refused int) {
	i := int(now.Sub(s.begin) / time.Second)
	for len(s.accepted) <= i {
		s.accepted = append(s.accepted, 0)
		s.refused = append(s.refused, 0)
	}
	s.accepted[i] += float64(accepted)
	s.refused[i] += float64(refused)
}

// total is what was accepted and refused from one second up to another, and
// without that.
func (s *seconds) total(from, to int) (accepted, refused float64) {
	for i := from; i < min(to, len(s.accepted)); i++ {
		accepted += s.accepted[i]
		refused += s.refused[i]
	}
	return accepted, refused
}

// worst is the largest share that was refused of what came in any second.
func (s *seconds) worst(from, to int) float64 {
	var worst float64
	for i := from; i < min(to, len(s.accepted)); i++ {
		if came := s.accepted[i] + s.refused[i]; came > 0 {
			worst = max(worst, s.refused[i]/came)
		}
	}
	return worst
}

// reaches is how many seconds after one at least so much was accepted in a second;
// -1 for never.
func (s *seconds) reaches(from int, much float64) int {
	for i := from; i < len(s.accepted); i++ {
		if s.accepted[i] >= much {
			return i - from
		}
	}
	return -1
}
