package deflate

import "fluent-bit-kinesis/compress/internal/match"

// A part is a run of sequences.
type part struct {
	counts    counts
	sequences int
	length    int // in bytes
	symbols   int
	cost      int // an estimate of what it takes as a block, in parts of bits
}

// add makes q, which follows p, a part of it.
func (p *part) add(q *part) {
	for i, n := range q.counts.literal {
		p.counts.literal[i] += n
	}
	for i, n := range q.counts.distance {
		p.counts.distance[i] += n
	}
	p.counts.matches += q.counts.matches
	p.sequences += q.sequences
	p.length += q.length
	p.symbols += q.symbols
}

// estimate estimates the cost: of the symbols, their extra bits, and about three bits in the header for each that there
// is, or of the bytes as they are if that is less.
func (p *part) estimate() {
	literals, used := match.Entropy(p.counts.literal[:])
	distances, more := match.Entropy(p.counts.distance[:])
	extra := 0
	for i, n := range p.counts.literal[firstLength:] {
		extra += int(n) * int(literalExtra[firstLength+i])
	}
	for i, n := range p.counts.distance {
		extra += int(n) * int(distExtra[i])
	}
	p.cost = min(literals+distances+(extra+80+3*(used+more))*match.BitParts, p.length*8*match.BitParts)
}
