package deflate

import (
	"math"
	"slices"

	"fluent-bit-kinesis/compress/internal/huffman"
)

// The types of a block, as the second and third bit have them. The first is that it is the last one.
const (
	storedType  = 0
	fixedType   = 1 << 1
	dynamicType = 2 << 1
)

// maxStored is how many bytes one stored block holds.
const maxStored = 1<<16 - 1

// A body is what a block says: sequences, how often they have each symbol, and the codes and the header made of that.
type body struct {
	sequences []sequence
	n         int // of the sequences in use

	builder   huffman.Builder
	literals  code
	distances code
	header    header
}

// A sequence is a run of literals and the match that ends it.
type sequence struct {
	literals uint16 // bytes of the run
	length   uint16 // bytes of the match, minMatch to maxMatch; 0 is none, in the last one
	distance uint16 // how far back the match lies, less 1
	code     uint16 // the distance's symbol
}

// counts is how often each symbol occurs.
type counts struct {
	literal  [firstDistance]uint16 // with two that are none
	distance [numDistances + 2]uint16
	matches  int
	matched  int // bytes in them
}

// take adds a sequence and counts its symbols.
func (b *body) take(c *counts, literals []byte, length, distance int) {
	c.countLiterals(literals)
	symbol := distanceCode(distance - 1)
	c.distance[symbol]++
	c.literal[lengths[uint8(length-minMatch)].symbol]++
	c.matches++
	c.matched += length
	b.sequences[b.n] = sequence{uint16(len(literals)), uint16(length), uint16(distance - 1), uint16(symbol)}
	b.n++
}

// takeRest adds a sequence that has no match.
func (b *body) takeRest(c *counts, literals []byte) {
	c.countLiterals(literals)
	b.sequences[b.n] = sequence{literals: uint16(len(literals))}
	b.n++
}

func (c *counts) countLiterals(literals []byte) {
	for _, symbol := range literals {
		c.literal[symbol]++
	}
}

// prepare makes the codes for what was counted, and returns the bits that a dynamic and a fixed block would take.
func (b *body) prepare(c *counts) (dynamic, fixed int) {
	c.literal[endOfBlock] = 1
	if c.matches == 0 {
		// A block without distances is allowed, but a code of one distance is what every decoder has seen.
		c.distance[0] = 1
	}
	b.literals.build(&b.builder, c.literal[:], maxCodeBits)
	b.distances.build(&b.builder, c.distance[:], maxCodeBits)
	b.header.prepare(&b.builder, &b.literals, &b.distances)
	return b.sizes(c.matches)
}

// sizes are the bits that a dynamic and a fixed block would take. That of the fixed one is not reckoned where the dynamic one
// is shorter than any fixed one of as many symbols.
func (b *body) sizes(matches int) (dynamic, fixed int) {
	const leastLiteral, leastMatch = 8, 7 + 5
	dynamic = 3 + b.header.size + b.literals.size + b.literals.extra(literalExtra[:])
	extra := dynamic - 3 - b.header.size - b.literals.size
	if matches > 0 {
		distances := b.distances.extra(distExtra[:])
		dynamic += b.distances.size + distances
		extra += distances
	}
	if least := extra + leastLiteral*(b.literals.symbols-1-matches) + leastMatch*matches; dynamic < least {
		return dynamic, math.MaxInt
	}
	fixed = 3 + extra + fixedSize(&b.literals, fixedLiteral)
	if matches > 0 {
		fixed += fixedSize(&b.distances, fixedDist)
	}
	return dynamic, fixed
}

// extra is how many extra bits the symbols of c have.
func (c *code) extra(bits []uint8) (size int) {
	for i := c.N - 1; i >= 0; i-- {
		u := c.Used[i]
		symbol := u & 0xffff
		if symbol == endOfBlock {
			break // literals have none
		}
		size += int(u>>16) * int(bits[symbol])
	}
	return size
}

// fixedSize is what the symbols of c take in a fixed code.
func fixedSize(c, fixed *code) (size int) {
	for _, u := range c.Used[:c.N] {
		size += int(u>>16) * int(uint8(fixed.Words[u&0xffff]))
	}
	return size
}

// write writes the block, which says src, in the fixed or the dynamic form. It is the last one or not as last is 1 or 0.
func (b *body) write(o *output, src []byte, last uint64, dynamic, fixed int) {
	literals, distances := b.begin(o, last, dynamic, fixed)
	o.writeSequences(b.sequences[:b.n], src, literals, distances)
}

// begin writes what is in front of a block's symbols, makes room for these and flushRoom, and returns the codes to write
// them in.
func (b *body) begin(o *output, last uint64, dynamic, fixed int) (literals, distances *code) {
	o.grow((min(dynamic, fixed)+7)/8 + flushRoom)
	if fixed <= dynamic {
		o.bits = o.bits.add(fixedType|last, 3)
		return fixedLiteral, fixedDist
	}
	o.bits, o.at = b.header.write(o.buf, o.at, o.bits.add(dynamicType|last, 3))
	return &b.literals, &b.distances
}

// An output is the end of the caller's buffer, and the bits that are no whole byte yet.
type output struct {
	buf  []byte // to its capacity
	at   int    // where the next byte goes
	bits bitBuffer
}

// outputAt is the output behind dst.
func outputAt(dst []byte) output { return output{buf: dst[:cap(dst)], at: len(dst)} }

// grow makes room for n bytes more.
func (o *output) grow(n int) {
	if len(o.buf)-o.at < n {
		o.buf = slices.Grow(o.buf[:o.at], n)
		o.buf = o.buf[:cap(o.buf)]
	}
}

// finish is all that was written, ended with bits to the next whole byte. There is flushRoom.
func (o *output) finish() []byte {
	o.bits.flush(o.buf, o.at)
	return o.buf[:o.at+int(o.bits.n+7)/8]
}

// writeStored writes src as it is in stored blocks (RFC 1951, 3.2.4): in front of each, from a whole byte on, its
// length, and that with all bits turned.
func (o *output) writeStored(src []byte, last uint64) {
	for more := true; more; more = len(src) > 0 {
		some := src[:min(len(src), maxStored)]
		src = src[len(some):]
		o.grow(len(some) + 2*flushRoom)
		kind := uint64(storedType)
		if len(src) == 0 {
			kind |= last
		}
		o.bits = o.bits.add(kind, 3)
		o.bits.n = (o.bits.n + 7) &^ 7
		o.bits, o.at = o.bits.flush(o.buf, o.at)
		n := uint64(len(some))
		o.bits, o.at = o.bits.add(n|(n^0xffff)<<16, 32).flush(o.buf, o.at)
		o.at += copy(o.buf[o.at:], some)
	}
}

// writeSequences writes the sequences of src and the end of the block.
func (o *output) writeSequences(sequences []sequence, src []byte, literals, distances *code) {
	buf, at, b := o.buf, o.at, o.bits
	for _, s := range sequences {
		run := src[:s.literals]
		src = src[s.literals+s.length:]
		for ; len(run) >= 3; run = run[3:] { // three of at most 15 bits each go between two flushes
			b = b.word(literals.Words[run[0]]).word(literals.Words[run[1]]).word(literals.Words[run[2]])
			b, at = b.flush(buf, at)
		}
		for _, c := range run {
			b = b.word(literals.Words[c])
		}
		b, at = b.flush(buf, at)
		if s.length == 0 {
			continue
		}
		l := lengths[uint8(s.length-minMatch)]
		b = b.word(literals.Words[l.symbol]).add(uint64(l.value), l.extra)
		b = b.word(distances.Words[s.code]).add(uint64(s.distance-distBase[s.code]), distExtra[s.code])
		b, at = b.flush(buf, at)
	}
	b = b.word(literals.Words[endOfBlock])
	o.bits, o.at = b.flush(buf, at)
}
