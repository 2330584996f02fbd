package deflate

import "encoding/binary"

// flushRoom is how many bytes a flush may touch behind those that it completes.
const flushRoom = 8

// bitBuffer holds the bits behind the last whole byte of the output, packed from the lowest up (RFC 1951, 3.1.1). It
// is a value of two words, not a writer, for the compiler to keep it in registers. After a flush, 56 bits may be added
// until the next.
type bitBuffer struct {
	bits uint64
	n    uint
}

// add adds the lowest n bits of v, which has no others.
func (b bitBuffer) add(v uint64, n uint8) bitBuffer {
	return bitBuffer{b.bits | v<<(b.n&63), b.n + uint(n)}
}

// word adds a codeword of a code.
func (b bitBuffer) word(word uint32) bitBuffer { return b.add(uint64(word>>8), uint8(word)) }

// flush puts the whole bytes at this place of buf, which has flushRoom from there, and returns the place behind them.
func (b bitBuffer) flush(buf []byte, at int) (bitBuffer, int) {
	binary.LittleEndian.PutUint64(buf[at:], b.bits)
	return bitBuffer{b.bits >> (b.n &^ 7 & 63), b.n & 7}, at + int(b.n/8)
}
