package deflate

const (
	// minLongMatch is one more than the format's: in a long message most matches of three bytes are too far back to be
	// worth their distance.
	minLongMatch = 4

	unitSymbols  = 4 << 10
	blockSymbols = 32 << 10 // at most, of several units; a count of them has 16 bits
)

// A Long compresses messages of any length, into one block or many. It is owned by one goroutine at a time.
//
// It parses a message in units of some thousand symbols. A unit joins the block in hand, unless its symbols are so
// unlike the block's that two codes take less than one. Each block is then written in the form that is the shortest to
// the bit: text that repeats nothing is entropy-coded, and what has no redundancy at all is stored.
type Long struct {
	search longSearch
	chains chains
	worth  worth
	out    output

	body       // the block in hand, and the unit behind it
	block part // what of the body is the block
	unit  part // and what the unit
	start int  // of the block in the message
	raw   int  // bytes in front of the block that are not written yet, as they will be stored
}

// NewLong makes a Long.
func NewLong() *Long {
	return &Long{body: body{sequences: make([]sequence, blockSymbols+2*unitSymbols)}}
}

// Append appends the compressed form of src to dst: a complete DEFLATE stream. The level is as for New. The same src
// always makes the same bytes at the same level.
func (l *Long) Append(dst, src []byte, level int) []byte {
	l.search = longSearches[max(0, min(level-1, len(longSearches)-1))]
	l.chains.begin(len(src))
	l.out = outputAt(dst)
	l.block, l.unit, l.start, l.raw, l.body.n = part{}, part{}, 0, 0, 0
	for pos := 0; pos < len(src); {
		pos = l.parseUnit(src, pos)
		l.join(src)
	}
	l.endBlock(src, 1)
	dst = l.out.finish()
	l.out = output{} // it is the caller's
	return dst
}

// parseUnit covers the next bytes with sequences until they have enough symbols, and returns the place behind them.
func (l *Long) parseUnit(src []byte, pos int) int {
	l.unit = part{}
	l.worth.learn(src[pos:min(len(src), pos+unitSymbols)])
	first, start, sequences := pos, pos, l.body.n
	end := len(src) - minLongMatch
	for pos <= end && l.unit.symbols+pos-start < unitSymbols {
		m := l.longest(src, pos, minLongMatch-1, l.search.depth)
		if m.length == 0 {
			pos += 1 + l.search.skip(pos-start)
			l.chains.next = pos
			continue
		}
		pos, m = l.better(src, pos, m)
		for pos > start && pos > m.distance && m.length < maxMatch && src[pos-1] == src[pos-1-m.distance] {
			pos--
			m.length++
		}
		l.take(&l.unit.counts, src[start:pos], m.length, m.distance)
		l.unit.symbols += pos - start + 1
		pos += m.length
		start = pos
		if m.length > l.search.sparse {
			l.chains.next = pos - 1
		}
		l.chains.insert(src, min(pos-1, end))
	}
	pos = min(len(src), start+max(0, unitSymbols-l.unit.symbols))
	l.chains.next = min(l.chains.next, pos) // where positions were left out beyond the unit's end
	l.takeRest(&l.unit.counts, src[start:pos])
	l.unit.symbols += pos - start
	l.unit.sequences = l.body.n - sequences
	l.unit.length = pos - first
	return pos
}

// join makes the unit part of the block, or ends the block and begins another with it.
func (l *Long) join(src []byte) {
	if l.block.length == 0 {
		l.block = l.unit
		return
	}
	if l.block.cost == 0 { // of the first, for most messages are of one unit
		l.block.estimate()
	}
	l.unit.estimate()
	both := l.block
	both.add(&l.unit)
	both.estimate()
	if both.symbols <= blockSymbols && both.cost <= l.block.cost+l.unit.cost {
		l.block = both
		return
	}
	l.endBlock(src, 0)
	l.block = l.unit
}

// endBlock writes the block, or leaves it to be stored together with the next, for a stored block has its five bytes of
// header for up to 64 kB. What is behind it in the body moves to the front.
func (l *Long) endBlock(src []byte, last uint64) {
	end := l.start + l.block.length
	all := l.body.n
	l.body.n = l.block.sequences
	dynamic, fixed := l.prepare(&l.block.counts)
	if l.storedSize(l.block.length) <= min(dynamic, fixed) {
		l.raw += l.block.length
		if last == 1 {
			l.out.writeStored(src[end-l.raw:end], 1)
		}
	} else {
		if l.raw > 0 {
			l.out.writeStored(src[l.start-l.raw:l.start], 0)
			l.raw = 0
		}
		l.write(&l.out, src[l.start:end], last, dynamic, fixed)
	}
	l.body.n = copy(l.sequences, l.sequences[l.block.sequences:all])
	l.start = end
}

// storedSize is the bits that n bytes more take in stored blocks, behind those that wait.
func (l *Long) storedSize(n int) int {
	const header = 3 + 5 + 32 // with the bits up to the next whole byte
	blocks := (l.raw+n+maxStored-1)/maxStored - (l.raw+maxStored-1)/maxStored
	size := blocks*header + 8*n
	if l.raw == 0 {
		size += int(-(l.out.bits.n+3)&7) - 5
	}
	return size
}
