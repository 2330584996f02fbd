package deflate

import "fluent-bit-kinesis/compress/internal/match"

// longSearch says how hard a Long looks for matches.
type longSearch struct {
	depth   int   // earlier positions tried for each match
	nice    int   // a match of this many bytes is good enough
	lazy    int   // a shorter one is taken only if there is no longer one at the next position,
	good    int   // for which only a quarter of the positions are tried, unless it is shorter than this
	sparse  int   // of a longer match's positions, only the last is there for later matches
	hurries uint8 // after 1<<hurries bytes without a match not every position is tried; 0 is never
}

// skip is how many positions are left out after a run of literals.
func (s *longSearch) skip(run int) int {
	if s.hurries == 0 {
		return 0
	}
	return min(run>>s.hurries, 15)
}

// longSearches are the levels 1 to 9.
var longSearches = [...]longSearch{
	{depth: 2, nice: 16, hurries: 7, sparse: 8},
	{depth: 6, nice: 32, hurries: 7, sparse: 16},
	{depth: 16, nice: 48, hurries: 7, sparse: 32},
	{depth: 10, nice: 32, lazy: 8, good: 4, hurries: 7, sparse: maxMatch},
	{depth: 16, nice: 48, lazy: 16, good: 8, hurries: 7, sparse: maxMatch},
	{depth: 28, nice: 64, lazy: 32, good: 8, hurries: 8, sparse: maxMatch},
	{depth: 96, nice: 128, lazy: 32, good: 8, sparse: maxMatch},
	{depth: 384, nice: maxMatch, lazy: 128, good: 32, sparse: maxMatch},
	{depth: 1024, nice: maxMatch, lazy: maxMatch, good: 32, sparse: maxMatch},
}

// What is found is so many bytes that are the same so far back; without a length it is nothing.
type found struct{ length, distance int }

// better is m, or the match at one of the next positions where each was longer than the one before.
func (l *Long) better(src []byte, pos int, m found) (int, found) {
	for m.length < l.search.lazy && pos < len(src)-minLongMatch {
		depth := l.search.depth
		if m.length >= l.search.good {
			depth >>= 2
		}
		next := l.longest(src, pos+1, m.length, depth)
		if next.length == 0 {
			break
		}
		pos, m = pos+1, next
	}
	return pos, m
}

// longest is the longest match for pos that is longer than length and pays.
func (l *Long) longest(src []byte, pos, length, depth int) (m found) {
	l.chains.insert(src, pos)
	length++ // the least that is looked for
	most := min(len(src)-pos, maxMatch)
	limit, last := -1, uint32(0) // how far back a match of this length pays, and its last four bytes: not known yet
	for back := 0; depth > 0; depth-- {
		step := int(l.chains.back[(pos-back)&windowMask])
		back += step
		if step == 0 {
			break
		}
		if back > limit {
			length = l.worth.least(length, back)
			if length > most || back >= windowSize {
				break
			}
			limit, last = l.worth.limit(length), load32(src, pos+length-4)
		}
		if load32(src, pos-back+length-4) != last {
			continue
		}
		if n := match.Length(src, pos-back, pos, maxMatch); n >= length {
			m = found{n, back}
			if n >= l.search.nice || n == most {
				break
			}
			length = n + 1
			limit, last = l.worth.limit(length), load32(src, pos+length-4)
		}
	}
	return m
}
