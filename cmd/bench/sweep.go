package main

import (
	"fmt"
	"time"
)

// sweep puts a setting of small chunks through the delays and the numbers of
// workers that its code has to hold for.
func sweep(of setting) (list []setting) {
	for _, delay := range []time.Duration{0, 1, 5, 25, 100} {
		for _, workers := range []int{1, 4, 16, 64} {
			s := of
			s.delay, s.workers = delay*time.Millisecond, workers
			s.name = fmt.Sprintf("%s / %d ms / %d workers", of.name, delay, workers)
			if workers == 1 {
				s.name = fmt.Sprintf("%s / %d ms / 1 worker", of.name, delay)
			}
			s.input.records = s.input.perChunk * min(workers*rounds(s.delay), 1500)
			list = append(list, s)
		}
	}
	return list
}

// rounds is how often a worker gets a chunk in a pass: as often as takes about
// 0.4 s.
func rounds(delay time.Duration) int {
	return max(4, int(400*time.Millisecond/(delay+time.Millisecond)))
}

// sweeps puts one after the other the sweeps of the settings that -only names, or of "small chunks".
func sweeps(only string) (list []setting, err error) {
	if only == "" {
		only = "small chunks"
	}
	named, err := chosen(settings, only)
	for _, s := range named {
		if s.input.perChunk == 0 || s.lone {
			return nil, fmt.Errorf("-sweep: %q is not a setting of small chunks that come together", s.name)
		}
		list = append(list, sweep(s)...)
	}
	return list, err
}
