package compress

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// BenchmarkAppend is one log record of about 450 bytes by itself, another each time; ratio is output to input.
func BenchmarkAppend(b *testing.B) {
	records := logRecords(1, 1000)
	for _, f := range Formats() {
		lowest, highest, def, ok := f.Levels()
		if !ok {
			b.Run(f.String(), func(b *testing.B) { benchmarkAppend(b, f, DefaultLevel, records) })
			continue
		}
		for level := lowest; level <= min(highest, 12); level++ {
			mark := ""
			if level == def {
				mark = "-default"
			}
			b.Run(fmt.Sprintf("%v-%d%s", f, level, mark), func(b *testing.B) { benchmarkAppend(b, f, level, records) })
		}
	}
}

// BenchmarkAppendLong is an input of 1 MB, such as an aggregate.
func BenchmarkAppendLong(b *testing.B) {
	var input []byte
	for _, record := range logRecords(1, 2200) {
		input = append(input, record...)
	}
	for _, f := range Formats() {
		b.Run(f.String(), func(b *testing.B) { benchmarkAppend(b, f, DefaultLevel, [][]byte{input[:1_000_000]}) })
	}
}

func benchmarkAppend(b *testing.B, f Format, level int, inputs [][]byte) {
	c, err := New(f, level)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkCompressor(b, c, inputs)
}

func benchmarkCompressor(b *testing.B, c Compressor, inputs [][]byte) {
	var dst []byte
	var err error
	in, out, i := 0, 0, 0
	b.ReportAllocs()
	for b.Loop() {
		src := inputs[i]
		if dst, err = c.Append(dst[:0], src); err != nil {
			b.Fatal(err)
		}
		in, out = in+len(src), out+len(dst)
		if i++; i == len(inputs) {
			i = 0
		}
	}
	b.SetBytes(int64(len(inputs[0])))
	b.ReportMetric(float64(out)/float64(in), "ratio")
}

// BenchmarkLibraryGzip is what BenchmarkAppend's gzip is measured against: the same records and the library's encoder, at
// its levels from Huffman coding alone on.
func BenchmarkLibraryGzip(b *testing.B) {
	records := logRecords(1, 1000)
	for _, level := range []int{gzip.HuffmanOnly, 1, 4, 5, 6, 9} {
		b.Run(fmt.Sprint(level), func(b *testing.B) {
			var buf bytes.Buffer
			w, err := gzip.NewWriterLevel(&buf, level)
			if err != nil {
				b.Fatal(err)
			}
			in, out, i := 0, 0, 0
			b.ReportAllocs()
			for b.Loop() {
				src := records[i%len(records)]
				i++
				buf.Reset()
				w.Reset(&buf)
				if _, err := w.Write(src); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
				in, out = in+len(src), out+buf.Len()
			}
			b.ReportMetric(float64(out)/float64(in), "ratio")
		})
	}
}

// BenchmarkLibraryZstd is what BenchmarkAppend's zstd-1 is measured against.
func BenchmarkLibraryZstd(b *testing.B) {
	c, err := newZstdCompressor(1)
	if err != nil {
		b.Fatal(err)
	}
	library := c.(zstdCompressor)
	library.short = nil
	benchmarkCompressor(b, library, logRecords(1, 1000))
}
