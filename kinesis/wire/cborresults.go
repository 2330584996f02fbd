package wire

import "encoding/binary"

// results reads an answer as the service writes it: members under their own
// names and each once, numbers and texts in one piece, maps and lists with or
// without their length.
func (cborFormat) results(dst []Result, answer []byte, names *names) ([]Result, bool) {
	r := cborReader{rest: answer, names: names}
	seen := false
	for n := r.open(cborMap); r.more(&n); {
		switch string(r.bytes()) {
		case "Records":
			r.odd = r.odd || seen
			seen = true
			dst = r.records(dst)
		case "FailedRecordCount":
			r.number()
		case "EncryptionType":
			r.bytes()
		default:
			r.odd = true
		}
	}
	return dst, !r.odd && len(r.rest) == 0
}

// A cborReader reads CBOR from its beginning, and stops at the first thing that
// is odd. It knows no more than answers and our own bodies need.
type cborReader struct {
	rest  []byte
	names *names
	long  bool // lengths may take four bytes, which none of an answer's does
	odd   bool
}

// records reads a list of results.
func (r *cborReader) records(dst []Result) []Result {
	for n := r.open(cborArray); r.more(&n); {
		r.odd = len(dst) == MaxRecords // the library has limits, too
		dst = append(dst, r.result())
	}
	return dst
}

func (r *cborReader) result() (result Result) {
	var code, message, shard bool // whether they have been seen
	for n := r.open(cborMap); r.more(&n); {
		switch string(r.bytes()) {
		case "ErrorCode":
			result.Code = r.once(&code)
		case "ErrorMessage":
			result.Message = r.once(&message)
		case "ShardId":
			result.Shard = r.once(&shard)
		case "SequenceNumber":
			r.bytes()
		default:
			r.odd = true
		}
	}
	return result
}

// once reads the text of a member that may be there once; null counts as none.
func (r *cborReader) once(seen *bool) string {
	r.odd = r.odd || *seen
	*seen = true
	if len(r.rest) > 0 && r.rest[0] == cborNull {
		r.rest = r.rest[1:]
		return ""
	}
	name, ok := r.names.of(r.bytes())
	r.odd = r.odd || !ok
	return name
}

// open reads the head of a map or a list. It is the number of items, negative
// where a break ends them.
func (r *cborReader) open(major byte) (n int) {
	got, n := r.head()
	r.odd = r.odd || got != major
	return n
}

// more tells whether there is another item of the n that open gave.
func (r *cborReader) more(n *int) bool {
	switch {
	case r.odd:
		return false
	case *n >= 0:
		*n--
		return *n >= 0
	case len(r.rest) > 0 && r.rest[0] == cborBreak:
		r.rest = r.rest[1:]
		return false
	}
	return true
}

// bytes reads those of a text.
func (r *cborReader) bytes() []byte { return r.piece(cborText) }

// piece reads a text, or bytes, in one piece.
func (r *cborReader) piece(kind byte) []byte {
	major, n := r.head()
	if r.odd || major != kind || n < 0 || n > len(r.rest) {
		r.odd = true
		return nil
	}
	text := r.rest[:n]
	r.rest = r.rest[n:]
	return text
}

// number passes over an integer that is not negative.
func (r *cborReader) number() {
	major, n := r.head()
	r.odd = r.odd || major != cborUint || n < 0
}

// head reads the head of an item: RFC 8949, section 3. The argument is negative
// where the length is left open.
func (r *cborReader) head() (major byte, n int) {
	if len(r.rest) == 0 {
		r.odd = true
		return 0, 0
	}
	first := r.rest[0]
	r.rest = r.rest[1:]
	switch n = int(first & 0x1f); {
	case n < 24:
	case n == 24 && len(r.rest) >= 1:
		n, r.rest = int(r.rest[0]), r.rest[1:]
	case n == 25 && len(r.rest) >= 2:
		n, r.rest = int(binary.BigEndian.Uint16(r.rest)), r.rest[2:]
	case n == 26 && r.long && len(r.rest) >= 4:
		n, r.rest = int(binary.BigEndian.Uint32(r.rest)), r.rest[4:]
		r.odd = r.odd || n < 0 // where an int is no larger
	case n == 31:
		n = -1
	default:
		r.odd = true
	}
	return first & 0xe0, n
}
