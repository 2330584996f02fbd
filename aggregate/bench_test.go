package aggregate

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"testing"
)

// An aggregate of 1 MiB holds about this many records of 450 bytes.
const (
	benchLimit   = 1 << 20
	benchRecords = 2300
)

// fill closes an aggregate of as many of the records as fit in benchLimit, the
// way a batch is filled: each record asked about, then added.
func fill(w *Writer, keys [][]byte, data []byte) []byte {
	w.Reset()
	for _, key := range keys {
		if w.Count() > 0 && w.SizeWith(key, len(data))+len(w.PartitionKey()) > benchLimit {
			break
		}
		w.Add(key, data)
	}
	return w.Close()
}

// BenchmarkWriter fills and closes an aggregate of 1 MB of 450-byte records whose
// keys, as long as a container's id, come in turns. One key is the case without
// partition_key, 2300 keys the one in which each record has its own.
func BenchmarkWriter(b *testing.B) {
	data := bytes.Repeat([]byte("x"), 450)
	for _, distinct := range []int{1, 40, benchRecords} {
		keys := make([][]byte, benchRecords)
		for i := range keys {
			keys[i] = fmt.Appendf(nil, "%064d", i%distinct)
		}
		b.Run(fmt.Sprintf("keys=%d", distinct), func(b *testing.B) {
			var w Writer
			b.SetBytes(int64(len(fill(&w, keys, data))))
			b.ReportAllocs()
			for b.Loop() {
				fill(&w, keys, data)
			}
			records := float64(b.N) * float64(w.Count())
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/records, "ns/record")
		})
	}
}

// BenchmarkWriterSmall is the other end: aggregates of three records.
func BenchmarkWriterSmall(b *testing.B) {
	data := bytes.Repeat([]byte("x"), 450)
	keys := [][]byte{[]byte("web"), []byte("db"), []byte("web")}
	var w Writer
	b.SetBytes(int64(len(fill(&w, keys, data))))
	b.ReportAllocs()
	for b.Loop() {
		fill(&w, keys, data)
	}
}

// BenchmarkMD5 is what the format asks for at the least, to compare with.
func BenchmarkMD5(b *testing.B) {
	data := make([]byte, benchLimit)
	b.SetBytes(benchLimit)
	for b.Loop() {
		md5.Sum(data)
	}
}

func BenchmarkSplit(b *testing.B) {
	var w Writer
	for i := range benchRecords {
		w.Add(fmt.Appendf(nil, "%064d", i%40), bytes.Repeat([]byte("x"), 430))
	}
	data := w.Close()
	var records []Record
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		records, _, _ = AppendSplit(records[:0], data)
	}
}

func BenchmarkAppendHashKey(b *testing.B) {
	hash := HashOf([]byte("container-1"))
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text = hash.Append(text[:0])
	}
}
