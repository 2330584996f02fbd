package wire

import "bytes"

var (
	recordsField = []byte(`"Records":[`)
	errorField   = []byte(`ErrorCode"`)
)

// allTaken counts the results by where they end. Without escapes every quote
// begins or ends a string, so that a result with an even number of them ends
// outside of one.
func (jsonFormat) allTaken(answer []byte, n int) bool {
	head, rest, ok := bytes.Cut(answer, recordsField)
	if !ok || bytes.LastIndexByte(head, '{') != 0 || bytes.IndexByte(head, '[') >= 0 {
		return false
	}
	if bytes.IndexByte(answer, '\\') >= 0 || bytes.Contains(rest, errorField) {
		return false
	}
	for range n - 1 {
		if rest = behindResult(rest); len(rest) == 0 || rest[0] != ',' {
			return false
		}
		rest = rest[1:]
	}
	return endsAnswer(behindResult(rest))
}

// behindResult is what follows the result that rest begins with; nil where it
// does not begin with one.
func behindResult(rest []byte) []byte {
	end := bytes.IndexByte(rest, '}')
	if end < 0 || rest[0] != '{' || bytes.Count(rest[:end], []byte{'"'})%2 != 0 {
		return nil
	}
	return rest[end+1:]
}

// endsAnswer tells whether this closes the list of results and the answer, with
// no more than plain members between the two.
func endsAnswer(tail []byte) bool {
	last := len(tail) - 1
	return last > 0 && tail[0] == ']' && tail[last] == '}' && !bytes.ContainsAny(tail[1:last], "[]{}")
}
