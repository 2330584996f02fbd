package deflate

import (
	"math"
	"math/bits"
	"slices"
)

const (
	maxSymbols  = 288 // of the largest alphabet, with two symbols that only the fixed code has
	maxCodeBits = 15  // of a literal's or distance's codeword
	maxDepth    = 31  // of a tree before it is limited: one that deep would take more than 16 bits of frequencies
)

// A code is a canonical Huffman code (RFC 1951, 3.2.2) for one alphabet.
type code struct {
	// used holds the n symbols that have a codeword, in ascending order, each as frequency<<16 | symbol.
	used [maxSymbols]uint32
	n    int
	// words holds the codewords of the symbols used, each as bits<<8 | length, the first bit to write the lowest.
	words [maxSymbols]uint32
}

// lengthCount is the number of codewords of each length.
type lengthCount [maxDepth + 1]int

// A builder makes codes. What it holds is scratch space.
type builder struct {
	leaves     [maxSymbols + 1]uint32 // like code.used, in ascending order of frequency
	weight     [maxSymbols]uint32     // of each inner node of the tree; at the end its depth
	leafParent [maxSymbols + 1]uint16 // inner node above each leaf
	nodeParent [maxSymbols + 1]uint16 // and above each inner node
}

// build makes c the best code for these frequencies in which no codeword has more than maxBits. The sum of the
// frequencies is below 1<<16 - 1.
func (b *builder) build(c *code, freq []uint16, maxBits int) {
	n, most := 0, uint32(0)
	for symbol, f := range freq {
		c.used[n] = uint32(f)<<16 | uint32(symbol)
		n += int((uint32(f) + math.MaxUint16) >> 16) // 1 unless f is 0; a branch would be a coin toss
		most = max(most, uint32(f))
	}
	c.n = n
	if c.n <= 2 {
		for i, u := range c.used[:c.n] {
			c.words[u&0xffff] = uint32(i)<<8 | 1
		}
		return
	}
	b.sort(c.used[:c.n], most)
	b.join(c.n)
	count := b.depths(c.n)
	count.limit(maxBits)
	leaf := 0
	for length := maxBits; length > 0; length-- { // the rarest symbols get the longest codewords
		for range count[length] {
			c.words[b.leaves[leaf]&0xffff] = uint32(length)
			leaf++
		}
	}
	c.assign(&count)
}

// sort puts the symbols used into leaves, by frequency, of which most is the highest.
func (b *builder) sort(used []uint32, most uint32) {
	var next [256]uint16
	if most >= uint32(len(next)) {
		copy(b.leaves[:], used)
		slices.Sort(b.leaves[:len(used)])
		return
	}
	for _, u := range used {
		next[uint8(u>>16)]++
	}
	sum := uint16(0)
	for f, n := range next[:most+1] {
		next[f] = sum
		sum += n
	}
	for _, u := range used {
		b.leaves[next[uint8(u>>16)]] = u
		next[uint8(u>>16)]++
	}
}

// join builds the Huffman tree over n sorted leaves: n-1 times it puts a node above the two lightest that have none.
// Inner nodes come out in ascending order of weight, so the lightest are always the next leaf or the next inner node.
func (b *builder) join(n int) {
	const none = math.MaxUint32 // heavier than any
	b.leaves[n] = none
	leaf, node := 0, 0
	for k := range n - 1 {
		b.weight[k] = none
		sum := uint32(0)
		for range 2 {
			l, w := b.leaves[leaf]>>16, b.weight[node]
			// Both are noted without a branch: of the one not taken, the note is overwritten when it is.
			b.leafParent[leaf], b.nodeParent[node] = uint16(k), uint16(k)
			sum += min(l, w)
			taken := 0
			if l <= w {
				taken = 1
			}
			leaf += taken
			node += 1 - taken
		}
		b.weight[k] = sum
	}
}

// depths counts the n leaves at each depth of the tree.
func (b *builder) depths(n int) (count lengthCount) {
	depth := &b.weight
	depth[n-2] = 0
	for k := n - 3; k >= 0; k-- {
		depth[k] = depth[b.nodeParent[k]] + 1
	}
	for _, parent := range b.leafParent[:n] {
		count[(depth[parent]+1)&maxDepth]++
	}
	return count
}

// limit shortens the codewords that are longer than maxBits, and lengthens as few others as make room for them: the
// sum of 1/2^length over all codewords must stay 1.
func (count *lengthCount) limit(maxBits int) {
	long := 0
	for length := maxBits + 1; length <= maxDepth; length++ {
		long += count[length]
		count[length] = 0
	}
	if long == 0 {
		return
	}
	count[maxBits] += long
	sum := 0 // in units of 1/2^maxBits
	for length := 1; length <= maxBits; length++ {
		sum += count[length] << (maxBits - length)
	}
	for ; sum > 1<<maxBits; sum-- {
		length := maxBits - 1
		for count[length] == 0 {
			length--
		}
		// One codeword becomes a bit longer, and shares its place with one of the longest.
		count[length]--
		count[length+1] += 2
		count[maxBits]--
	}
}

// assign replaces the lengths in words by codewords: in the order of the symbols within a length.
func (c *code) assign(count *lengthCount) {
	var next [maxCodeBits + 1]uint16
	for length := 1; length < maxCodeBits; length++ {
		next[length+1] = (next[length] + uint16(count[length])) << 1
	}
	for _, u := range c.used[:c.n] {
		word := &c.words[u&0xffff]
		length := *word
		*word = uint32(bits.Reverse16(next[length]<<(16-length)))<<8 | length
		next[length]++
	}
}
