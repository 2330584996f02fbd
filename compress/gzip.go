package compress

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"

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
	out, err := c.deflate(append(dst, gzipHeader...), src)
	if err != nil {
		return dst, err
	}
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(src))
	return binary.LittleEndian.AppendUint32(out, uint32(len(src))), nil
}

// zlibCompressor appends zlib streams.
type zlibCompressor struct{ deflater }

func (c *zlibCompressor) Append(dst, src []byte) ([]byte, error) {
	out, err := c.deflate(append(dst, zlibHeader...), src)
	if err != nil {
		return dst, err
	}
	return binary.BigEndian.AppendUint32(out, adler32.Checksum(src)), nil
}

// deflater appends DEFLATE streams: of short records, which are nearly all, with an encoder made for them, and of longer
// ones with the library's, which would take twice as long for a short record, leave more of it, and is thirty times as
// large (BenchmarkLibraryGzip).
type deflater struct {
	level int
	short *deflate.Encoder
}

func newDeflater(level int) deflater { return deflater{level, deflate.New(level)} }

func (d *deflater) deflate(dst, src []byte) ([]byte, error) {
	if out, ok := d.short.Append(dst, src); ok {
		return out, nil
	}
	return appendLong(dst, src, d.level)
}

// longWriters holds the library's encoders by level, for all compressors together: they are large and seldom needed,
// and as each is in use only while it works, there are about as many as processors.
var longWriters [10]sync.Pool // of *longWriter

// A longWriter is an encoder of the library that writes to the end of a slice.
type longWriter struct {
	flate *flate.Writer
	out   []byte
}

func (w *longWriter) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

func appendLong(dst, src []byte, level int) ([]byte, error) {
	w, ok := longWriters[level].Get().(*longWriter)
	if !ok {
		encoder, err := flate.NewWriter(nil, level)
		if err != nil {
			return dst, err
		}
		w = &longWriter{flate: encoder}
	}
	w.out = dst
	w.flate.Reset(w)
	_, err := w.flate.Write(src)
	if err == nil {
		err = w.flate.Close()
	}
	out := w.out
	w.out = nil // it is the caller's
	longWriters[level].Put(w)
	return out, err
}
