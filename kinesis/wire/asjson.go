package wire

import (
	"errors"

	"fluent-bit-kinesis/plugins/msgjson"
)

var errNotOurs = errors.New("a request body cannot be read back")

// AppendAsJSON appends a complete request body of this package's CBOR as its
// JSON would be. What is behind the result in dst's capacity may be overwritten.
func AppendAsJSON(dst, body []byte) ([]byte, error) {
	r := cborReader{rest: body, long: true}
	begin := byte('{')
	for n := r.open(cborMap); r.more(&n); {
		name := r.bytes()
		dst = append(msgjson.AppendString(append(dst, begin), name), ':')
		begin = ','
		if string(name) == "Records" {
			dst = r.appendEntries(dst)
		} else {
			dst = msgjson.AppendString(dst, r.bytes())
		}
	}
	if r.odd || len(r.rest) > 0 {
		return dst, errNotOurs
	}
	return append(dst, '}'), nil
}

// appendEntries reads a list of entries, and appends their JSON.
func (r *cborReader) appendEntries(dst []byte) []byte {
	dst = append(dst, '[')
	first := len(dst)
	for n := r.open(cborArray); r.more(&n); {
		if len(dst) > first {
			dst = append(dst, jsonFormat{}.Separator()...)
		}
		begin := byte('{')
		for n := r.open(cborMap); r.more(&n); {
			name := r.bytes()
			dst = append(msgjson.AppendString(append(dst, begin), name), ':')
			begin = ','
			if string(name) == "Data" {
				dst = append(appendBase64(append(dst, '"'), r.piece(cborBytes)), '"')
			} else {
				dst = msgjson.AppendString(dst, r.bytes())
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
