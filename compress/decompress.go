package compress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// ErrTooLong is Decompress's error where the output would be longer than its limit.
var ErrTooLong = errors.New("decompressed data is longer than the limit")

// Decompress is what a consumer does with a record: src, in this format and nothing behind it, decompressed to at most
// limit bytes. What a small input takes is bounded by the limit, or 8 MiB if that is more. It is safe for use by several
// goroutines.
func Decompress(f Format, src []byte, limit int) ([]byte, error) {
	out, err := decompress(f, src, limit)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", f, err)
	}
	return out, nil
}

func decompress(f Format, src []byte, limit int) ([]byte, error) {
	switch f {
	case None:
		if len(src) > limit {
			return nil, ErrTooLong
		}
		return bytes.Clone(src), nil
	case Gzip:
		return gunzip(src, limit)
	case Zlib:
		return unzlib(src, limit)
	case Zstd:
		return decodeZstd(src, limit)
	case Snappy:
		return decodeSnappy(src, limit)
	}
	return nil, errors.New("unknown compression")
}

// The readers below are kept for the next record: each has a window of 32 kB or more.
var (
	gzipReaders  = sync.Pool{New: func() any { return new(gzipReader) }}
	zlibReaders  = sync.Pool{New: func() any { return new(zlibReader) }}
	zstdDecoders sync.Pool // of *zstd.Decoder
)

type gzipReader struct {
	in   bytes.Reader
	gzip gzip.Reader
}

func gunzip(src []byte, limit int) ([]byte, error) {
	r := gzipReaders.Get().(*gzipReader)
	defer gzipReaders.Put(r)
	r.in.Reset(src)
	defer r.in.Reset(nil)
	if err := r.gzip.Reset(&r.in); err != nil {
		return nil, noEOF(err)
	}
	return readAll(&r.gzip, limit) // which reads to the end: what follows a member must be another one
}

type zlibReader struct {
	in   bytes.Reader
	zlib io.ReadCloser // nil until a first header was good
}

func unzlib(src []byte, limit int) ([]byte, error) {
	r := zlibReaders.Get().(*zlibReader)
	defer zlibReaders.Put(r)
	r.in.Reset(src)
	defer r.in.Reset(nil)
	if err := r.reset(); err != nil {
		return nil, noEOF(err)
	}
	out, err := readAll(r.zlib, limit)
	if err == nil && r.in.Len() > 0 {
		return nil, fmt.Errorf("%d bytes behind the end of the stream", r.in.Len())
	}
	return out, err
}

func (r *zlibReader) reset() (err error) {
	if resetter, ok := r.zlib.(zlib.Resetter); ok {
		return resetter.Reset(&r.in, nil)
	}
	r.zlib, err = zlib.NewReader(&r.in)
	return err
}

// readAll reads to the end of r, where its checksum is checked.
func readAll(r io.Reader, limit int) ([]byte, error) {
	out, err := io.ReadAll(io.LimitReader(r, int64(min(limit, math.MaxInt-1))+1))
	if err != nil {
		return nil, noEOF(err)
	}
	if len(out) > limit {
		return nil, ErrTooLong
	}
	return out, nil
}

// noEOF is err, but for the end of the input, which is an error here.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func decodeZstd(src []byte, limit int) ([]byte, error) {
	if len(src) == 0 {
		return nil, io.ErrUnexpectedEOF // the library takes it for no frame at all
	}
	d, ok := zstdDecoders.Get().(*zstd.Decoder)
	if !ok {
		var err error
		if d, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)); err != nil {
			return nil, err
		}
	}
	defer zstdDecoders.Put(d)
	// The library bounds the window by this too, which may be much larger than the content: up to 8 MiB is to be taken
	// (RFC 8878, 3.1.1.1.2).
	most := uint64(max(limit, 8<<20))
	if err := d.ResetWithOptions(nil, zstd.WithDecoderMaxMemory(most)); err != nil {
		return nil, err
	}
	out, err := d.DecodeAll(src, nil)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || err == nil && len(out) > limit {
		return nil, ErrTooLong
	}
	return out, err
}

func decodeSnappy(src []byte, limit int) ([]byte, error) {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, ErrTooLong
	}
	return snappy.DecodeStrict(nil, src) // not the extensions of this library
}
