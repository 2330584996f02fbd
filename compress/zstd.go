package compress

import "github.com/klauspost/compress/zstd"

// zstdWindow is how far back a match may lie, in bytes. It bounds what an encoder keeps of a record above this size.
const zstdWindow = 128 << 10

// zstdCompressor appends zstd frames. A frame says the size of its content and has no checksum: neither TLS nor the
// service would let damage pass, and 4 bytes of 330 are many.
type zstdCompressor struct{ encoder *zstd.Encoder }

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
	return zstdCompressor{encoder}, nil
}

func (c zstdCompressor) Append(dst, src []byte) ([]byte, error) {
	return c.encoder.EncodeAll(src, dst), nil
}
