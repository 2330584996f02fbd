package wire

import (
	"bytes"

	"github.com/segmentio/asm/ascii"
)

// results reads an answer as the service writes it: ASCII on one line, without
// escapes. In such a text every quote begins or ends a string.
func (jsonFormat) results(dst []Result, answer []byte, names *names) ([]Result, bool) {
	if !ascii.ValidPrint(answer) || bytes.IndexByte(answer, '\\') >= 0 {
		return dst, false
	}
	r := jsonReader{rest: answer, names: names}
	for name := r.first(); name != nil; name = r.next() {
		if string(name) == "Records" {
			dst = r.records(dst)
		} else {
			r.skip()
		}
	}
	return dst, !r.odd
}

// A jsonReader reads a JSON text from its beginning, and stops at the first
// thing that is odd. It knows no more than an answer needs.
type jsonReader struct {
	rest  []byte
	names *names
	odd   bool
}

// records reads a list of results.
func (r *jsonReader) records(dst []Result) []Result {
	if r.token() != '[' {
		r.odd = true
		return dst
	}
	for !r.odd {
		dst = append(dst, r.result())
		switch r.token() {
		case ']':
			return dst
		case ',':
		default:
			r.odd = true
		}
	}
	return dst
}

func (r *jsonReader) result() (result Result) {
	for name := r.first(); name != nil; name = r.next() {
		switch string(name) {
		case "ErrorCode":
			result.Code = r.text()
		case "ErrorMessage":
			result.Message = r.text()
		case "ShardId":
			result.Shard = r.text()
		default:
			r.skip()
		}
	}
	return result
}

// first opens an object and reads the name of its first member; nil where there
// is none.
func (r *jsonReader) first() []byte {
	if r.token() != '{' {
		r.odd = true
		return nil
	}
	token := r.token()
	if token == '}' {
		return nil
	}
	return r.name(token)
}

// next reads the name of an object's next member; nil where there is none.
func (r *jsonReader) next() []byte {
	switch r.token() {
	case '}':
		return nil
	case ',':
		return r.name(r.token())
	}
	r.odd = true
	return nil
}

// name reads the name that this token begins, up to the value.
func (r *jsonReader) name(token byte) []byte {
	name := r.quoted(token)
	if r.odd || len(name) == 0 || r.token() != ':' {
		r.odd = true
		return nil
	}
	return name
}

// text reads a string; null counts as none.
func (r *jsonReader) text() string {
	token := r.token()
	if token == 'n' {
		r.null()
		return ""
	}
	name, ok := r.names.of(r.quoted(token))
	r.odd = r.odd || !ok
	return name
}

// skip passes over a value.
func (r *jsonReader) skip() {
	switch token := r.token(); {
	case token == 'n':
		r.null()
	case token == '0':
		r.odd = r.odd || len(r.rest) > 0 && isDigit(r.rest[0])
	case isDigit(token):
		for len(r.rest) > 0 && isDigit(r.rest[0]) {
			r.rest = r.rest[1:]
		}
	default:
		r.quoted(token)
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// null reads what follows the n of null.
func (r *jsonReader) null() {
	rest, ok := bytes.CutPrefix(r.rest, []byte("ull"))
	r.rest, r.odd = rest, r.odd || !ok
}

// quoted is what stands in the string that this token begins.
func (r *jsonReader) quoted(token byte) []byte {
	end := bytes.IndexByte(r.rest, '"')
	if token != '"' || end < 0 {
		r.odd = true
		return nil
	}
	text := r.rest[:end]
	r.rest = r.rest[end+1:]
	return text
}

// token takes the next byte that is no blank; 0 where there is none.
func (r *jsonReader) token() byte {
	for len(r.rest) > 0 && r.rest[0] == ' ' {
		r.rest = r.rest[1:]
	}
	if len(r.rest) == 0 {
		return 0
	}
	token := r.rest[0]
	r.rest = r.rest[1:]
	return token
}
