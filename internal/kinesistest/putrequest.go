package kinesistest

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// putRequest is a PutRecords request as it was parsed. It is built by a codec,
// and used again for another request once it is recycled.
type putRequest struct {
	streamName string
	streamARN  string
	hasRecords bool
	entries    []Entry

	// Filled by the codec: the entries' fields lie end to end in data and
	// text, and spans says where. Entries are cut from them at the end, when
	// neither moves any more.
	spans []entrySpans
	data  []byte
	text  []byte

	land   landing
	answer []byte
}

// span is a part of a buffer. A field that was absent or null has the zero span.
type span struct {
	from, to int
	present  bool
}

type entrySpans struct {
	data, key, hash span
}

var putRequests = sync.Pool{New: func() any { return new(putRequest) }}

func newPutRequest() *putRequest { return putRequests.Get().(*putRequest) }

// recycle gives p back for another request.
func (p *putRequest) recycle(keepsData bool) {
	p.reset(keepsData)
	putRequests.Put(p)
}

// reset empties p. Where records are kept, they go on using the data.
func (p *putRequest) reset(keepsData bool) {
	data := p.data[:0]
	if keepsData {
		data = nil
	}
	clear(p.entries)
	*p = putRequest{
		entries: p.entries[:0],
		spans:   p.spans[:0],
		data:    data,
		text:    p.text[:0],
		answer:  p.answer[:0],
		land:    landing{hashes: p.land.hashes[:0], results: p.land.results[:0], refusals: p.land.refusals[:0]},
	}
}

// expect makes room for n more bytes of data.
func (p *putRequest) expect(n int) {
	p.data = slices.Grow(p.data, n)
}

// addText copies a string into text. Strings are UTF-8.
func (p *putRequest) addText(b []byte) (span, error) {
	if !utf8.Valid(b) {
		return span{}, badBody("A string is not valid UTF-8.")
	}
	s := span{from: len(p.text), to: len(p.text) + len(b), present: true}
	p.text = append(p.text, b...)
	return s, nil
}

// finish cuts the entries. All strings of a request share one allocation.
func (p *putRequest) finish() {
	text := string(p.text)
	for _, s := range p.spans {
		p.entries = append(p.entries, Entry{
			Data:            p.data[s.data.from:s.data.to:s.data.to],
			PartitionKey:    text[s.key.from:s.key.to],
			ExplicitHashKey: text[s.hash.from:s.hash.to],
		})
	}
}
