// Package compress makes the compressed form of a record, in the formats that consumers of a stream can read with what
// their language has at hand.
//
// The input is one record by itself, typically 450 bytes of JSON, thousands of times a second. A compressor is therefore
// made once and kept: it appends to the caller's buffer and, once warm, allocates nothing. Several goroutines share
// compressors through a Pool.
//
// What each costs, for JSON records of 450 bytes from containers' logs: the size of the output, the time as a multiple
// of gzip's at its default level, and the memory that one compressor keeps. The default level is in parentheses.
//
//	format  level        size  time  memory  output
//	gzip    1 to 9 (6)    73%   1.0   35 kB  RFC 1952
//	zlib    1 to 9 (6)    70%   1.0   35 kB  RFC 1950
//	zstd    1, 2 (1)      73%   0.7  340 kB  a frame that says its content's size, RFC 8878
//	        3 to 5        71%   1.5  1.4 MB
//	        6 to 9        71%   2.2  4.6 MB
//	        10 to 22      71%   7     36 MB
//	snappy  none         101%  0.04    none  the block format, without framing
//
// Short records leave little to find: the levels of gzip and zlib differ by a hundredth there, and snappy, which has no
// entropy coding, gains only on longer ones. Above 1.5 KiB the levels differ more, and there a compressor of gzip or zlib
// borrows about 650 kB while it works. A zstd compressor that has seen a record above 128 KiB keeps 400 kB more.
package compress

import "fmt"

// A Compressor appends the compressed form of src to dst, which do not overlap. The result does not depend on what was
// compressed before. In the case of an error it is dst as it was.
//
// A Compressor is owned by one goroutine at a time.
type Compressor interface {
	Append(dst, src []byte) ([]byte, error)
}

// New makes a compressor of a format, at DefaultLevel or a level that the format has.
func New(f Format, level int) (Compressor, error) {
	if level == DefaultLevel {
		_, _, level, _ = f.Levels()
	} else if err := f.CheckLevel(level); err != nil {
		return nil, err
	}
	switch f {
	case None:
		return none{}, nil
	case Gzip:
		return &gzipCompressor{newDeflater(level)}, nil
	case Zlib:
		return &zlibCompressor{newDeflater(level)}, nil
	case Zstd:
		return newZstdCompressor(level)
	case Snappy:
		return snappyCompressor{}, nil
	}
	return nil, fmt.Errorf("unknown compression %v; valid: %s", f, names())
}

// none is the compressor that does not.
type none struct{}

func (none) Append(dst, src []byte) ([]byte, error) { return append(dst, src...), nil }
