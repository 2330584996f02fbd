package ledger

import (
	"math/bits"
	"slices"
)

// A Set holds a bit for each event of a chunk, by its ordinal.
type Set []uint64

// AllBut is the events of a chunk of n, without some.
func AllBut(n int, without []uint32) Set {
	s := make(Set, (n+63)/64)
	for i := range s {
		s[i] = ^uint64(0)
	}
	if rest := n % 64; rest > 0 {
		s[len(s)-1] = 1<<rest - 1
	}
	for _, ordinal := range without {
		s[ordinal/64] &^= 1 << (ordinal % 64)
	}
	return s
}

// Has tells whether an event is in the set.
func (s Set) Has(ordinal int) bool {
	return ordinal/64 < len(s) && s[ordinal/64]&(1<<(ordinal%64)) != 0
}

// addRun puts the events of a run into the set.
func (s *Set) addRun(r run) {
	s.grow(r.last)
	for word := r.first / 64; word <= r.last/64; word++ {
		mask := ^uint64(0)
		if word == r.first/64 {
			mask <<= r.first % 64
		}
		if word == r.last/64 {
			mask &= ^uint64(0) >> (63 - r.last%64)
		}
		(*s)[word] |= mask
	}
}

// addAll puts all of another set into the set.
func (s *Set) addAll(other Set) {
	if len(other) > 0 {
		s.grow(uint32(len(other)*64 - 1))
	}
	for i, word := range other {
		(*s)[i] |= word
	}
}

// grow makes room for an event.
func (s *Set) grow(ordinal uint32) {
	if missing := int(ordinal/64) + 1 - len(*s); missing > 0 {
		*s = append(*s, make(Set, missing)...)
	}
}

// A run is events that follow each other, with both ends.
type run struct{ first, last uint32 }

// runs is the events of the set.
func (s Set) runs() (runs []run) {
	for at := s.next(0, 0); at < 64*len(s); {
		end := s.next(at, ^uint64(0))
		runs = append(runs, run{uint32(at), uint32(end - 1)})
		at = s.next(end, 0)
	}
	return runs
}

// appendRuns appends the runs of ordinals, which it sorts.
func appendRuns(dst []run, ordinals []uint32) []run {
	if !slices.IsSorted(ordinals) { // which is rare, and cheaper to ask for
		slices.Sort(ordinals)
	}
	for i := 0; i < len(ordinals); {
		r := run{ordinals[i], ordinals[i]}
		for i++; i < len(ordinals) && ordinals[i]-r.last <= 1; i++ {
			r.last = ordinals[i]
		}
		dst = append(dst, r)
	}
	return dst
}

// next is the first place from at on whose bit, turned by flip, is set; or the
// end of the set.
func (s Set) next(at int, flip uint64) int {
	for word := at / 64; word < len(s); word++ {
		w := s[word] ^ flip
		if word == at/64 {
			w &= ^uint64(0) << (at % 64)
		}
		if w != 0 {
			return 64*word + bits.TrailingZeros64(w)
		}
	}
	return 64 * len(s)
}
