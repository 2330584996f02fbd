// Package deflate compresses one message, such as a log record, with DEFLATE (RFC 1951).
//
// Encoders for streams spend most of a short message's time on what only a stream needs: large tables, a window that
// slides, statistics of blocks to come. Here the whole message is in hand. An Encoder is for the short ones, which nearly
// all are, and makes one block in four plain steps:
//
//   - Package match finds what repeats.
//   - What it found becomes tokens, a number for each symbol with all that is to be written with it, so that counting and
//     writing them are loops without a branch that depends on the data.
//   - Two Huffman codes, for literals and lengths and for distances, are built from the counts (RFC 1951, 3.2.7).
//   - The sizes of the stored, the fixed and the dynamic block are then known to the bit, so the smallest is chosen
//     and the output grown once.
//
// A Long takes the others. It has larger tables and splits the message into blocks where what is in it changes, each
// made by the last two steps.
//
// Both leave out matches that take more bits than the literals that they stand for: in random digits, which have few
// bits each, most matches are too far back to be worth it.
//
// Everything lives in arrays of the encoder: compressing allocates nothing but room at the end of the caller's buffer.
package deflate

import "fluent-bit-kinesis/compress/internal/match"

// MaxLen is the longest message in bytes that an Encoder takes. Beyond it a larger hash table and several blocks start
// to pay, and with them a Long.
const MaxLen = match.MaxLen

const (
	minMatch = 3   // bytes of the shortest match that the format can say
	maxMatch = 258 // and of the longest

	numLiterals  = 286 // literals, the end of the block, and match lengths share one alphabet
	numDistances = 30
	endOfBlock   = 256
	firstLength  = 257 // the symbol of the shortest match
)

// An Encoder compresses one message at a time. It is owned by one goroutine at a time.
type Encoder struct {
	search match.Search

	// The following are of the message in hand, each step's result in its turn.

	finder match.Finder
	worth  worth
	tokens tokens
	counts counts
	body   body
}

// searches are the levels 1 to 9.
var searches = [...]match.Search{
	{Depth: 1, Nice: maxMatch, Most: maxMatch},
	{Depth: 4, Nice: 32, Most: maxMatch},
	{Depth: 6, Nice: 32, Most: maxMatch},
	{Depth: 4, Nice: 16, Most: maxMatch, Lazy: true},
	{Depth: 8, Nice: 32, Most: maxMatch, Lazy: true},
	{Depth: 16, Nice: 64, Most: maxMatch, Lazy: true},
	{Depth: 32, Nice: 128, Most: maxMatch, Lazy: true},
	{Depth: 64, Nice: maxMatch, Most: maxMatch, Lazy: true},
	{Depth: 256, Nice: maxMatch, Most: maxMatch, Lazy: true},
}

// New is an encoder of a level from 1, the fastest, to 9, the smallest output. A level outside is taken for the nearest.
func New(level int) *Encoder {
	return &Encoder{search: searches[max(0, min(level-1, len(searches)-1))]}
}

// Append appends the compressed form of src to dst: a complete DEFLATE stream of one block. Where src is longer than
// MaxLen, it is false and dst as it was. The same src always makes the same bytes at the same level.
func (e *Encoder) Append(dst, src []byte) ([]byte, bool) {
	if len(src) > MaxLen {
		return dst, false
	}
	e.worth = everyMatch
	if len(src) >= worthLearning {
		e.worth.learn(src)
	}
	e.parse(src)
	if len(src) < worthLearning && e.counts.doubtful() {
		e.worth.learn(src)
		e.parse(src)
	}
	o := outputAt(dst)
	dynamic, fixed := e.body.prepare(&e.counts)
	if (min(dynamic, fixed)+7)/8 > len(src)+5 {
		o.writeStored(src, 1)
	} else {
		literals, distances := e.body.begin(&o, 1, dynamic, fixed)
		e.tokens.write(&o, literals, distances)
	}
	return o.finish(), true
}

// parse makes the tokens of src and counts them.
func (e *Encoder) parse(src []byte) {
	sequences, rest := e.finder.Find(src, e.search, &e.worth.far)
	e.tokens.fill(src, sequences, rest)
	e.tokens.count(&e.counts)
	e.counts.matches = len(sequences)
	e.counts.matched = len(src) - (e.tokens.n - 1 - 2*len(sequences))
}
