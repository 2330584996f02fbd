package compress

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"sync"

	"fluent-bit-kinesis/compress/internal/deflate"
)

const (
	// gzipHeader: method 8 (DEFLATE), no flags, no time, no hint at the level, an unknown system (RFC 1952, 2.3).
	gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
	// zlibHeader: method 8, a window of 32 kB, the default level, and the check of these bits (RFC 1950, 2.2).
	zlibHeader = "\x78\x9c"
)

// gzipCompressor appends gzip members. The time in their header is left out, so that equal records stay equal.
type gzipCompressor struct{ deflater }

func (c *gzipCompressor) Append(dst, src []byte) ([]byte, error) {
	out := c.deflate(append(dst, gzipHeader...), src)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(src))
	return binary.LittleEndian.AppendUint32(out, uint32(len(src))), nil
}

// zlibCompressor appends zlib streams.
type zlibCompressor struct{ deflater }

func (c *zlibCompressor) Append(dst, src []byte) ([]byte, error) {
	out := c.deflate(append(dst, zlibHeader...), src)
	return binary.BigEndian.AppendUint32(out, adler32.Checksum(src)), nil
}

// deflater appends DEFLATE streams: of short records, which are nearly all, with an encoder that is small and made for
// them, and of longer ones with one of the large encoders that all share. Both are ours: the library's takes twice as long
// for a short record and leaves more of it (BenchmarkLibraryGzip), and of a longer one it stores what has no matches,
// where codes alone take a quarter off base64 and half off hexadecimal digits.
type deflater struct {
	level int
	short *deflate.Encoder
}

func newDeflater(level int) deflater { return deflater{level, deflate.New(level)} }

func (d *deflater) deflate(dst, src []byte) []byte {
	if out, ok := d.short.Append(dst, src); ok {
		return out
	}
	long := longEncoders.Get().(*deflate.Long)
	defer longEncoders.Put(long)
	return long.Append(dst, src, d.level)
}

// longEncoders are for all compressors together: they are large and seldom needed, and as each is in use only while it
// works, there are about as many as processors.
var longEncoders = sync.Pool{New: func() any { return deflate.NewLong() }}
