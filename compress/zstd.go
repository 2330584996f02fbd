package compress

import (
	"github.com/klauspost/compress/zstd"

	short "fluent-bit-kinesis/compress/internal/zstd"
)

// zstdWindow is how far back a match may lie, in bytes. It bounds what an encoder keeps of a record above this size.
const zstdWindow = 128 << 10

// zstdCompressor appends zstd frames. A frame says the size of its content and has no checksum: neither TLS nor the
// service would let damage pass, and 4 bytes of 330 are many.
//
// At the levels 1 and 2, records that repeat themselves, which nearly all in JSON do, go to an encoder that is small and
// made for them: the library's takes half as long again and its frames are not smaller (BenchmarkLibraryZstd).
type zstdCompressor struct {
	short   *short.Encoder // or nil
	encoder *zstd.Encoder
}

// highestShort is the highest level whose search the short encoder makes up for.
const highestShort = 2

func newZstdCompressor(level int) (Compressor, error) {
	encoder, err := zstd.NewWriter(nil,
		zstd.WithEncoderConcurrency(1), // one state, no goroutines
		zstd.WithLowerEncoderMem(true), // buffers as large as the records, not as blocks can be
		zstd.WithWindowSize(zstdWindow),
		zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)),
		zstd.WithAllLitEntropyCompression(true), // short records often have no match, and still gain a quarter
		zstd.WithSingleSegment(true),            // the content size serves as the window size: a byte less
		zstd.WithEncoderCRC(false),
		zstd.WithZeroFrames(true),
	)
	if err != nil {
		return nil, err
	}
	c := zstdCompressor{encoder: encoder}
	if level <= highestShort {
		c.short = new(short.Encoder)
	}
	return c, nil
}

func (c zstdCompressor) Append(dst, src []byte) ([]byte, error) {
	if c.short != nil {
		if out, ok := c.short.Append(dst, src); ok {
			return out, nil
		}
	}
	return c.encoder.EncodeAll(src, dst), nil
}
