package match

import (
	"math"
	"math/bits"
)

// Bits are counted in parts of 1/256 where they are estimated.
const BitParts = 256

const logBits = 10

// logs is the logarithm to the base 2 of each number below 1<<logBits.
var logs = func() (table [1 << logBits]uint16) {
	for n := 1; n < len(table); n++ {
		table[n] = uint16(math.Round(math.Log2(float64(n)) * BitParts))
	}
	return table
}()

// log2 is the logarithm of n > 0 to the base 2, to about a thousandth.
func log2(n uint32) int {
	if n < 1<<logBits {
		return int(logs[n])
	}
	shift := bits.Len32(n) - logBits
	return int(logs[n>>shift]) + shift*BitParts
}

// Entropy is what these counts' symbols take under the best code there could be.
func Entropy(counts []uint16) (parts, used int) {
	total := 0
	for _, n := range counts {
		if n > 0 {
			total += int(n)
			used++
			parts -= int(n) * log2(uint32(n))
		}
	}
	if total > 0 {
		parts += total * log2(uint32(total))
	}
	return parts, used
}

// leastLiteral is what literals take at least for the estimate to be of use: where bytes are more alike than this, most of
// them are in matches, and those that are left are rare and take much more.
const leastLiteral = 5 * BitParts / 2

// A Far is how far back a match may lie to take fewer bits than its bytes would as literals, by its length. A longer match
// always pays.
type Far [16]uint16

// Everywhere is the Far of a window of so many bytes in which all matches pay.
func Everywhere(window int) (f Far) {
	for length := range f {
		f[length] = uint16(window)
	}
	return f
}

// Learn estimates from a sample what a literal takes, and sets how far back matches pay that take so many bits beside as
// many as their distance has.
func (f *Far) Learn(sample []byte, window, beside int) {
	var counts [256]uint16
	for _, c := range sample {
		counts[c]++
	}
	parts, _ := Entropy(counts[:])
	literal := parts / max(1, len(sample))
	if literal < leastLiteral {
		*f = Everywhere(window)
		return
	}
	for length := range f {
		saved := max(0, (length*literal - beside*BitParts))
		power, part := min(saved/BitParts, 15), saved%BitParts
		f[length] = uint16(min(window, (BitParts+part)<<power/BitParts)) // about 2^saved
	}
}

func (f *Far) pays(length, distance int) bool { return length >= len(f) || distance <= int(f[length]) }
