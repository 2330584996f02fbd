// Package deflate compresses one message, such as a log record, with DEFLATE (RFC 1951).
//
// Encoders for streams spend most of a short message's time on what only a stream needs: large tables, a window that
// slides, statistics of blocks to come. Here the whole message is in hand. An Encoder is for the short ones, which nearly
// all are, and makes one block in four plain steps:
//
//   - link joins each position to the nearest earlier one that begins with the same three bytes, in one pass
//     without a branch that depends on the data.
//   - parse follows these links to the longest matches and leaves sequences: so many literals, then one match.
//   - Two Huffman codes, for literals and lengths and for distances, are built from what parse counted (RFC 1951, 3.2.7).
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

// MaxLen is the longest message in bytes that an Encoder takes. Beyond it a larger hash table and several blocks start
// to pay, and with them a Long.
const MaxLen = 3 << 9

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
	search search

	// The following are of the message in hand, each step's result in its turn.

	head   [1 << hashBits]uint32 // see link
	prev   [MaxLen]uint16        // position -> 1 + the earlier one that begins with the same three bytes; 0 is none
	worth  worth
	counts counts
	body   body
}

// search says how hard parse looks for matches.
type search struct {
	depth int  // earlier positions tried for each match
	nice  int  // a match of this many bytes is good enough
	lazy  bool // see whether the next position has a longer match before taking one
}

// searches are the levels 1 to 9.
var searches = [...]search{
	{depth: 1, nice: maxMatch},
	{depth: 4, nice: 32},
	{depth: 6, nice: 32},
	{depth: 4, nice: 16, lazy: true},
	{depth: 8, nice: 32, lazy: true},
	{depth: 16, nice: 64, lazy: true},
	{depth: 32, nice: 128, lazy: true},
	{depth: 64, nice: maxMatch, lazy: true},
	{depth: 256, nice: maxMatch, lazy: true},
}

// New is an encoder of a level from 1, the fastest, to 9, the smallest output. A level outside is taken for the nearest.
func New(level int) *Encoder {
	return &Encoder{
		search: searches[max(0, min(level-1, len(searches)-1))],
		body:   body{sequences: make([]sequence, MaxLen/minMatch+1)},
	}
}

// Append appends the compressed form of src to dst: a complete DEFLATE stream of one block. Where src is longer than
// MaxLen, it is false and dst as it was. The same src always makes the same bytes at the same level.
func (e *Encoder) Append(dst, src []byte) ([]byte, bool) {
	if len(src) > MaxLen {
		return dst, false
	}
	e.link(src)
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
		e.body.write(&o, src, 1, dynamic, fixed)
	}
	return o.finish(), true
}
