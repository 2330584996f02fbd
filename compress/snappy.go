package compress

import (
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
)

// snappyCompressor appends snappy blocks. All that it needs is on the stack.
type snappyCompressor struct{}

func (snappyCompressor) Append(dst, src []byte) ([]byte, error) {
	most := s2.MaxEncodedLen(len(src))
	if most < 0 {
		return dst, fmt.Errorf("%d bytes are more than a snappy block holds", len(src))
	}
	dst = slices.Grow(dst, most)
	block := s2.EncodeSnappy(dst[len(dst):len(dst)+most], src)
	return dst[:len(dst)+len(block)], nil
}
