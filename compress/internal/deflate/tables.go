package deflate

import (
	"math/bits"

	"fluent-bit-kinesis/compress/internal/huffman"
)

// A matchLength is how a match length is written (RFC 1951, 3.2.5): a symbol, then bits for which of its lengths it is.
type matchLength struct {
	symbol uint16
	extra  uint8 // number of extra bits
	value  uint8 // what they say
}

var (
	lengths      = lengthTable()                      // by match length less minMatch
	literalExtra [huffman.MaxSymbols]uint8            // extra bits of each symbol of the literal alphabet
	distExtra    [numDistances + 2]uint8              // extra bits of each distance symbol
	distBase     [numDistances + 2]uint16             // the least distance, less 1, of each distance symbol
	fixedLiteral = fixedCode(288, fixedLiteralLength) // the codes of a fixed block (RFC 1951, 3.2.6)
	fixedDist    = fixedCode(30, func(int) uint32 { return 5 })
)

func init() {
	for _, l := range lengths {
		literalExtra[l.symbol] = l.extra
	}
	for code := range numDistances {
		if code < 4 {
			distBase[code] = uint16(code)
			continue
		}
		distExtra[code] = uint8(code/2 - 1)
		distBase[code] = uint16((2 + code%2) << distExtra[code])
	}
}

func lengthTable() (table [maxMatch - minMatch + 1]matchLength) {
	next := 0
	for code := range 28 { // the first eight symbols have no extra bits, then every four have one more
		extra := max(0, code/4-1)
		for value := 0; value < 1<<extra && next < len(table); value++ {
			table[next] = matchLength{uint16(firstLength + code), uint8(extra), uint8(value)}
			next++
		}
	}
	table[len(table)-1] = matchLength{symbol: numLiterals - 1} // the longest has a symbol of its own
	return table
}

// distanceCode is the symbol of a distance less 1: two for each power of two.
func distanceCode(distance int) int {
	if distance < 4 {
		return distance
	}
	log := bits.Len(uint(distance)) - 1
	return 2*log + distance>>(log-1)&1
}

func fixedLiteralLength(symbol int) uint32 {
	switch {
	case symbol < 144:
		return 8
	case symbol < 256:
		return 9
	case symbol < 280:
		return 7
	}
	return 8
}

func fixedCode(symbols int, length func(symbol int) uint32) *code {
	c := &code{}
	c.N = symbols
	var count huffman.Count
	for s := range symbols {
		c.Used[s] = uint32(s)
		c.Words[s] = length(s)
		count[length(s)]++
	}
	c.assign(&count)
	return c
}
