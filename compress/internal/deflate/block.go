package deflate

import "slices"

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

	builder   builder
	literals  code
	distances code
	header    header
}

// counts is how often each symbol occurs.
type counts struct {
	literal  [numLiterals]uint16
	distance [numDistances]uint16
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
	b.builder.build(&b.literals, c.literal[:], maxCodeBits)
	b.builder.build(&b.distances, c.distance[:], maxCodeBits)
	b.header.prepare(&b.builder, &b.literals, &b.distances)
	return b.sizes(c.matches > 0)
}

// sizes are the bits that a dynamic and a fixed block would take.
func (b *body) sizes(matches bool) (dynamic, fixed int) {
	dynamic, fixed = 3+b.header.size, 3
	for _, u := range b.literals.used[:b.literals.n] {
		f, symbol := int(u>>16), u&0xffff
		dynamic += f * int(uint8(b.literals.words[symbol])+literalExtra[symbol])
		fixed += f * int(uint8(fixedLiteral.words[symbol])+literalExtra[symbol])
	}
	if !matches {
		return dynamic, fixed
	}
	for _, u := range b.distances.used[:b.distances.n] {
		f, symbol := int(u>>16), u&0xffff
		dynamic += f * int(uint8(b.distances.words[symbol])+distExtra[symbol])
		fixed += f * int(uint8(fixedDist.words[symbol])+distExtra[symbol])
	}
	return dynamic, fixed
}

// write writes the block, which says src, in the fixed or the dynamic form. It is the last one or not as last is 1 or 0.
func (b *body) write(o *output, src []byte, last uint64, dynamic, fixed int) {
	o.grow((min(dynamic, fixed)+7)/8 + flushRoom)
	if fixed <= dynamic {
		o.bits = o.bits.add(fixedType|last, 3)
		o.writeSequences(b.sequences[:b.n], src, fixedLiteral, fixedDist)
		return
	}
	o.bits, o.at = b.header.write(o.buf, o.at, o.bits.add(dynamicType|last, 3))
	o.writeSequences(b.sequences[:b.n], src, &b.literals, &b.distances)
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
			b = b.word(literals.words[run[0]]).word(literals.words[run[1]]).word(literals.words[run[2]])
			b, at = b.flush(buf, at)
		}
		for _, c := range run {
			b = b.word(literals.words[c])
		}
		b, at = b.flush(buf, at)
		if s.length == 0 {
			continue
		}
		l := lengths[uint8(s.length-minMatch)]
		b = b.word(literals.words[l.symbol]).add(uint64(l.value), l.extra)
		b = b.word(distances.words[s.code]).add(uint64(s.distance-distBase[s.code]), distExtra[s.code])
		b, at = b.flush(buf, at)
	}
	b = b.word(literals.words[endOfBlock])
	o.bits, o.at = b.flush(buf, at)
}
