package zstd

import "encoding/binary"

// A bitWriter writes bits from the lowest up. They are read from the end, and so written in the opposite order. After a
// flush, 56 bits may be added until the next. A flush touches up to 8 bytes behind those that it completes.
type bitWriter struct {
	bits uint64
	n    uint
}

func (b bitWriter) add(v uint64, n uint32) bitWriter {
	return bitWriter{b.bits | v<<(b.n&63), b.n + uint(n)}
}

// low adds the lowest n bits of v.
func (b bitWriter) low(v, n uint32) bitWriter { return b.add(uint64(v)&(1<<(n&63)-1), n) }

func (b bitWriter) flush(buf []byte, at int) (bitWriter, int) {
	binary.LittleEndian.PutUint64(buf[at:], b.bits)
	return bitWriter{b.bits >> (b.n &^ 7 & 63), b.n & 7}, at + int(b.n/8)
}

// end writes the bit that marks the end, and what is left, and returns the place behind.
func (b bitWriter) end(buf []byte, at int) int {
	b, at = b.add(1, 1).flush(buf, at)
	if b.n > 0 {
		at++
	}
	return at
}
