package compress

import (
	"bytes"
	"math"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

func TestDecompressMakesNoMoreThanTheLimit(t *testing.T) {
	input := bytes.Repeat([]byte("a"), 1<<20)
	for _, f := range Formats() {
		t.Run(f.String(), func(t *testing.T) {
			data, err := newCompressor(t, f, DefaultLevel).Append(nil, input)
			require.NoError(t, err)
			for _, limit := range []int{-1, 0, 1, 100, len(input) - 1} {
				_, err = Decompress(f, data, limit)
				require.ErrorIs(t, err, ErrTooLong, "limit %d", limit)
			}
			for _, limit := range []int{len(input), len(input) + 1, math.MaxInt} {
				got, err := Decompress(f, data, limit)
				require.NoError(t, err, "limit %d", limit)
				require.True(t, bytes.Equal(input, got))
			}
		})
	}
}

func TestDecompressOfNothingInAFormat(t *testing.T) {
	for _, f := range Formats() {
		data, err := newCompressor(t, f, DefaultLevel).Append(nil, nil)
		require.NoError(t, err)
		got, err := Decompress(f, data, 0)
		require.NoError(t, err, f.String())
		require.Empty(t, got)
	}
}

func TestDamageIsAnError(t *testing.T) {
	record := logRecords(1, 1)[0]
	for _, f := range Formats()[1:] {
		t.Run(f.String(), func(t *testing.T) {
			data, err := newCompressor(t, f, DefaultLevel).Append(nil, record)
			require.NoError(t, err)
			for cut := range data {
				_, err := Decompress(f, data[:cut], len(record))
				require.Error(t, err, "cut to %d bytes of %d", cut, len(data))
			}
			_, err = Decompress(f, append(bytes.Clone(data), "junk"...), len(record))
			require.Error(t, err, "bytes behind the end")
			_, err = Decompress(f, []byte("not compressed at all"), 1000)
			require.ErrorContains(t, err, f.String())
			got, err := Decompress(f, data, len(record))
			require.NoError(t, err, "a good record after bad ones")
			require.Equal(t, record, got)
		})
	}
}

func TestAFlippedBitIsNoticedWhereThereIsAChecksum(t *testing.T) {
	record := logRecords(1, 1)[0]
	for _, f := range []Format{Gzip, Zlib} {
		data, err := newCompressor(t, f, DefaultLevel).Append(nil, record)
		require.NoError(t, err)
		for i := 10; i < len(data); i++ { // gzip does not check the time and the system in its header
			data[i] ^= 4
			_, err := Decompress(f, data, len(record))
			require.Error(t, err, "%v, byte %d", f, i)
			data[i] ^= 4
		}
	}
}

func TestZstdFramesOfOthersAreRead(t *testing.T) {
	record := logRecords(1, 1)[0]
	for _, single := range []bool{true, false} {
		encoder, err := zstd.NewWriter(nil, zstd.WithSingleSegment(single), zstd.WithEncoderCRC(true))
		require.NoError(t, err)
		for size := 0; size <= len(record); size += 30 {
			got, err := Decompress(Zstd, encoder.EncodeAll(record[:size], nil), size)
			require.NoError(t, err, "%d bytes", size)
			require.Equal(t, string(record[:size]), string(got))
		}
	}
}

func TestTheExtensionsOfSnappyAreRefused(t *testing.T) {
	input := bytes.Repeat([]byte("0123456789abcdef"), 100)
	_, err := Decompress(Snappy, s2.EncodeBest(nil, bytes.Join([][]byte{input, logRecords(1, 1)[0], input}, nil)), 10_000)
	require.ErrorContains(t, err, "snappy")
}

func TestDecompressOfAnUnknownFormatIsAnError(t *testing.T) {
	_, err := Decompress(Format(99), nil, 10)
	require.EqualError(t, err, "Format(99): unknown compression")
}
