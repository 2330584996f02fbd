package deflate

import "fluent-bit-kinesis/compress/internal/match"

// A worth says how far back a match may lie to take fewer bits than its bytes would as literals.
type worth struct{ far match.Far }

// matchBits is about what a match takes beside as many bits as its distance has.
const matchBits = 8

// learn estimates from a sample what a literal takes.
func (w *worth) learn(sample []byte) { w.far.Learn(sample, windowSize, matchBits) }

// everyMatch is the worth where all matches pay.
var everyMatch = worth{match.Everywhere(windowSize)}

// worthLearning is the length of a message from which on it pays to learn. In a shorter one all distances are short, and
// it pays only where most matches are too.
const worthLearning = 512

// doubtful is whether the matches are about as short as can be, as they are by chance in random digits.
func (c *counts) doubtful() bool { return c.matched < 4*c.matches }

// least is the least length, from this one up, that pays at a distance.
func (w *worth) least(length, distance int) int {
	for length < len(w.far) && distance > int(w.far[length]) {
		length++
	}
	return length
}

// limit is how far back a match of this length may be.
func (w *worth) limit(length int) int {
	if length < len(w.far) {
		return min(int(w.far[length]), windowSize-1)
	}
	return windowSize - 1
}
