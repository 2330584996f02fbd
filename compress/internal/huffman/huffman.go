// Package huffman finds how long the codewords of a Huffman code are. Which bits they have is up to the format: canonical
// codes are known by their lengths alone, and formats differ in the order in which they hand out the bits.
package huffman

import (
	"math"
	"math/bits"
	"slices"
)

const (
	MaxSymbols = 288 // of the largest alphabet: DEFLATE's, with two symbols that only its fixed code has
	MaxDepth   = 31  // of a tree before it is limited: one that deep would take more than 16 bits of frequencies
)

// A Code is a Huffman code for one alphabet.
type Code struct {
	// Used holds the N symbols that have a codeword, in ascending order, each as frequency<<16 | symbol.
	Used [MaxSymbols]uint32
	N    int
	// Words holds the codewords of the symbols used, each as bits<<8 | length. The builder leaves the bits 0.
	Words [MaxSymbols]uint32
}

// Last is the highest symbol that has a codeword.
func (c *Code) Last() int { return int(c.Used[c.N-1] & 0xffff) }

// A Count is the number of codewords of each length.
type Count [MaxDepth + 1]uint16

// A Builder makes codes. What it holds is scratch space.
type Builder struct {
	next       [256]uint16            // by frequency, how many symbols have it; then where the next of them goes
	leaves     [MaxSymbols + 2]uint32 // like Code.Used, in ascending order of frequency
	weight     [MaxSymbols + 2]uint32 // of each inner node of the tree; at the end its depth
	leafParent [MaxSymbols + 2]uint16 // inner node above each leaf
	nodeParent [MaxSymbols + 2]uint16 // and above each inner node
}

// Build gives the symbols the lengths that are the best for these frequencies where no codeword has more than maxBits, and
// says how many there are of each; more than that only where the symbols are too many for it. One symbol alone has a codeword of one bit. The sum of the frequencies is below
// 1<<16 - 1.
func (b *Builder) Build(c *Code, freq []uint16, maxBits int) (count Count) {
	most := b.find(c, freq)
	n := c.N
	if n <= 2 {
		for _, u := range c.Used[:n] {
			c.Words[u&0xffff] = 1
		}
		count[1] = uint16(n)
		return count
	}
	maxBits = max(maxBits, bits.Len(uint(n-1)))
	b.sort(c.Used[:n], most)
	b.join(n)
	b.depths(n, &count)
	count.limit(maxBits)
	leaf := 0
	for length := maxBits; length > 0; length-- { // the rarest symbols get the longest codewords
		for range count[length] {
			c.Words[b.leaves[leaf]&0xffff] = uint32(length)
			leaf++
		}
	}
	return count
}

// find finds the symbols used, counts how many have each frequency, and returns the highest.
func (b *Builder) find(c *Code, freq []uint16) (most uint16) {
	clear(b.next[:])
	n := 0
	for first := 0; first < len(freq); first += 8 {
		some := freq[first:min(first+8, len(freq))]
		if len(some) == 8 && some[0]|some[1]|some[2]|some[3]|some[4]|some[5]|some[6]|some[7] == 0 {
			continue // as are most of the bytes that are no text
		}
		for i, f := range some {
			c.Used[n] = uint32(f)<<16 | uint32(first+i)
			n += int((uint32(f) + math.MaxUint16) >> 16) // 1 unless f is 0; a branch would be a coin toss
			b.next[uint8(f)]++
			most = max(most, f)
		}
	}
	c.N = n
	return most
}

// sort puts the symbols used into leaves, by frequency, of which most is the highest.
func (b *Builder) sort(used []uint32, most uint16) {
	if int(most) >= len(b.next) {
		copy(b.leaves[:], used)
		slices.Sort(b.leaves[:len(used)])
		return
	}
	sum := uint16(0)
	for f := 1; f <= int(most); f++ {
		b.next[f], sum = sum, sum+b.next[f]
	}
	for _, u := range used {
		place := &b.next[uint8(u>>16)]
		b.leaves[*place] = u
		*place++
	}
}

// join builds the Huffman tree over n sorted leaves: n-1 times it puts a node above the two lightest that have none.
// Inner nodes come out in ascending order of weight, so the lightest are always the next two leaves, the next two inner
// nodes, or one of each.
func (b *Builder) join(n int) {
	const none = math.MaxUint16 // heavier than any
	b.leaves[n], b.leaves[n+1] = none<<16, none<<16
	b.weight[0], b.weight[1] = none, none
	leaf, node := 0, 0
	for k := range n - 1 {
		leaves, weights := b.leaves[leaf:leaf+2], b.weight[node:node+2]
		l, nextL, w, nextW := leaves[0]>>16, leaves[1]>>16, weights[0], weights[1]
		// All four are noted without a branch: of those not taken, the note is overwritten when they are.
		b.leafParent[leaf], b.leafParent[leaf+1] = uint16(k), uint16(k)
		b.nodeParent[node], b.nodeParent[node+1] = uint16(k), uint16(k)
		b.weight[k] = min(l+nextL, l+w, w+nextW)
		b.weight[k+2] = none
		taken := 1 // of the leaves
		if nextL <= w {
			taken = 2
		}
		if nextW < l {
			taken = 0
		}
		leaf += taken
		node += 2 - taken
	}
}

// depths counts the n leaves at each depth of the tree.
func (b *Builder) depths(n int, count *Count) {
	depth := &b.weight
	depth[n-2] = 0
	for k := n - 3; k >= 0; k-- {
		depth[k] = depth[b.nodeParent[k]] + 1
	}
	for _, parent := range b.leafParent[:n] {
		count[(depth[parent]+1)&MaxDepth]++
	}
}

// limit shortens the codewords that are longer than maxBits, and lengthens as few others as make room for them: the
// sum of 1/2^length over all codewords must stay 1.
func (count *Count) limit(maxBits int) {
	long := 0
	for length := maxBits + 1; length <= MaxDepth; length++ {
		long += int(count[length])
		count[length] = 0
	}
	if long == 0 {
		return
	}
	count[maxBits] += uint16(long)
	sum := 0 // in units of 1/2^maxBits
	for length := 1; length <= maxBits; length++ {
		sum += int(count[length]) << (maxBits - length)
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
