package deflate

import (
	"encoding/binary"
	"math/bits"
)

const (
	windowSize = 32 << 10 // how far back the format can say a match, plus 1: a slot for each position
	windowMask = windowSize - 1

	longHashBits = 16
)

// chains join each position of a long message to the nearest earlier one whose next four bytes have the same hash.
//
// Nothing is cleared between two messages: head holds positions as counted from the encoder's first message on, so one
// of an earlier message shows itself by lying further back than the message's start.
type chains struct {
	head [1 << longHashBits]uint32
	back [windowSize]uint16 // by position, modulo the window: how far back the earlier one is; 0 is none

	base  uint32 // the count at the start of the message in hand
	count uint32 // and behind it
	shift uint8  // leaves as many bits of a hash as the message is long enough to fill
	next  int    // the first position that is not in the chains
}

// begin begins a message of n bytes.
func (c *chains) begin(n int) {
	c.base = c.count
	c.count += uint32(n)
	if c.base == 0 || c.count < c.base { // for the first time, or round
		clear(c.head[:])
		c.base, c.count = 1, uint32(n)+1
	}
	c.shift = uint8(32 - min(longHashBits, max(8, bits.Len(uint(n)))))
	c.next = 0
}

// insert puts the positions up to this one that are not in the chains into them.
func (c *chains) insert(src []byte, upTo int) {
	shift, base := c.shift&31, c.base
	for at := c.next; at <= upTo; at++ {
		slot := &c.head[load32(src, at)*0x9E3779B1>>shift&(1<<longHashBits-1)]
		count := base + uint32(at)
		back := count - *slot
		*slot = count
		if back > uint32(min(at, windowSize-1)) {
			back = 0
		}
		c.back[at&windowMask] = uint16(back)
	}
	c.next = upTo + 1
}

func load32(src []byte, at int) uint32 { return binary.LittleEndian.Uint32(src[at:]) }
