package deflate

import "slices"

// The first three bits of a block: that it is the last one, and its type.
const (
	lastFixed   = 1 | 1<<1
	lastDynamic = 1 | 2<<1
)

// appendBlock appends the smallest of the three blocks that say src.
func (e *Encoder) appendBlock(dst, src []byte) []byte {
	dynamic, fixed := e.sizes()
	size := (min(dynamic, fixed) + 7) / 8
	if size > len(src)+5 {
		return appendStored(dst, src)
	}
	dst = slices.Grow(dst, size+flushRoom)
	buf, at := dst[:cap(dst)], len(dst)
	if fixed <= dynamic {
		e.writeBody(buf, at, bitBuffer{}.add(lastFixed, 3), src, fixedLiteral, fixedDist)
	} else {
		b, body := e.header.write(buf, at, bitBuffer{}.add(lastDynamic, 3))
		e.writeBody(buf, body, b, src, &e.literals, &e.distances)
	}
	return buf[:at+size]
}

// sizes are the bits that a dynamic and a fixed block would take.
func (e *Encoder) sizes() (dynamic, fixed int) {
	dynamic, fixed = 3+e.header.size, 3
	for _, u := range e.literals.used[:e.literals.n] {
		f, symbol := int(u>>16), u&0xffff
		dynamic += f * int(uint8(e.literals.words[symbol])+literalExtra[symbol])
		fixed += f * int(uint8(fixedLiteral.words[symbol])+literalExtra[symbol])
	}
	if e.matches == 0 {
		return dynamic, fixed
	}
	for _, u := range e.distances.used[:e.distances.n] {
		f, symbol := int(u>>16), u&0xffff
		dynamic += f * int(uint8(e.distances.words[symbol])+distExtra[symbol])
		fixed += f * int(uint8(fixedDist.words[symbol])+distExtra[symbol])
	}
	return dynamic, fixed
}

// appendStored appends the block that holds src as it is (RFC 1951, 3.2.4): its length, and that with all bits turned.
func appendStored(dst, src []byte) []byte {
	n := uint16(len(src))
	dst = append(dst, 1, byte(n), byte(n>>8), byte(^n), byte(^n>>8))
	return append(dst, src...)
}

// writeBody writes the sequences of src and the end of the block at this place of buf, behind the bits in b.
func (e *Encoder) writeBody(buf []byte, at int, b bitBuffer, src []byte, literals, distances *code) {
	for _, s := range e.sequences[:e.matches+1] {
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
			break
		}
		l := lengths[uint8(s.length-minMatch)]
		b = b.word(literals.words[l.symbol]).add(uint64(l.value), l.extra)
		b = b.word(distances.words[s.code]).add(uint64(s.distance-distBase[s.code]), distExtra[s.code])
		b, at = b.flush(buf, at)
	}
	b = b.word(literals.words[endOfBlock])
	b.flush(buf, at)
}
