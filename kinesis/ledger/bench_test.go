package ledger

import (
	"testing"
)

// BenchmarkIDOf is of a chunk of 2 MB: what a chunk costs that is noted.
func BenchmarkIDOf(b *testing.B) {
	chunk := make([]byte, 2_000_000)
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		IDOf("us-west-2\x00logs", "app.log", chunk)
	}
}

// BenchmarkNote is of the answer to a full request.
func BenchmarkNote(b *testing.B) {
	l, _ := openAt(b, pathIn(b))
	ordinals := make([]uint32, 500)
	b.ReportAllocs()
	e := l.Begin(idOfNumber(1))
	for b.Loop() {
		for i := range ordinals {
			ordinals[i] = uint32(3000 + i)
		}
		l.Note([]Landing{{e, ordinals}})
	}
}
