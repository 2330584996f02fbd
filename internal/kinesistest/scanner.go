package kinesistest

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// maxDepth is how deep values may nest that a request carries beside what is
// read.
const maxDepth = 64

// scanner walks a JSON text in place. It accepts what RFC 8259 does, save for
// bytes that are not UTF-8 in strings: whoever keeps a string checks that.
type scanner struct {
	b []byte
	i int
	// escaped tells whether the last string had escapes.
	escaped bool
}

func (s *scanner) unexpected(wanted string) error {
	if s.i >= len(s.b) {
		return badBody("Unexpected end of the body, where %s was expected", wanted)
	}
	return badBody("Unexpected character %q at byte %d, where %s was expected", s.b[s.i], s.i, wanted)
}

// space skips white space.
func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// next skips white space and then c, if c comes next.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// null reads a null, if one comes next.
func (s *scanner) null() bool {
	s.space()
	if bytes.HasPrefix(s.b[s.i:], []byte("null")) {
		s.i += len("null")
		return true
	}
	return false
}

// object reads an object. member is called with each name, and reads the value.
func (s *scanner) object(member func(name []byte) error) error {
	if !s.next('{') {
		return s.unexpected("an object")
	}
	if s.next('}') {
		return nil
	}
	for {
		s.space()
		name, err := s.string()
		if err != nil {
			return err
		}
		if !s.next(':') {
			return s.unexpected("a colon")
		}
		if err := member(name); err != nil {
			return err
		}
		if s.next('}') {
			return nil
		}
		if !s.next(',') {
			return s.unexpected("a comma or the end of the object")
		}
	}
}

// array reads an array. element is called before each value, and reads it.
func (s *scanner) array(element func() error) error {
	if !s.next('[') {
		return s.unexpected("a list")
	}
	if s.next(']') {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if s.next(']') {
			return nil
		}
		if !s.next(',') {
			return s.unexpected("a comma or the end of the list")
		}
	}
}

// string reads a string. What it returns is a part of the text, or a copy where
// there were escapes.
func (s *scanner) string() ([]byte, error) {
	text, err := s.quoted()
	if err != nil {
		return nil, err
	}
	for _, c := range text {
		if c < ' ' && !s.escaped {
			return nil, badBody("Illegal unquoted character %q in a string", c)
		}
	}
	return text, nil
}

// quoted is string without the look at each byte, for base64, whose decoder
// refuses control characters.
func (s *scanner) quoted() ([]byte, error) {
	if !s.next('"') {
		return nil, s.unexpected("a string")
	}
	start := s.i
	n := bytes.IndexByte(s.b[start:], '"')
	if n < 0 {
		s.i = len(s.b)
		return nil, s.unexpected("the end of a string")
	}
	s.i += n + 1
	text := s.b[start : start+n]
	slash := bytes.IndexByte(text, '\\')
	if s.escaped = slash >= 0; !s.escaped {
		return text, nil
	}
	s.i = start + slash
	return s.unescape(start)
}

// unescape is quoted from the first backslash of the string on.
func (s *scanner) unescape(start int) ([]byte, error) {
	for s.i < len(s.b) && s.b[s.i] != '"' {
		if s.b[s.i] == '\\' {
			s.i++
		}
		s.i++
	}
	if s.i >= len(s.b) {
		s.i = len(s.b)
		return nil, s.unexpected("the end of a string")
	}
	s.i++
	literal := s.b[start-1 : s.i]
	if !utf8.Valid(literal) {
		return nil, badBody("A string is not valid UTF-8.")
	}
	var text string
	if err := json.Unmarshal(literal, &text); err != nil {
		return nil, badBody("%v", err)
	}
	return []byte(text), nil
}

// skip reads a value of any kind.
func (s *scanner) skip(depth int) error {
	if depth > maxDepth {
		return badBody("Values are nested deeper than %d levels", maxDepth)
	}
	s.space()
	if s.i >= len(s.b) {
		return s.unexpected("a value")
	}
	switch s.b[s.i] {
	case '{':
		return s.object(func([]byte) error { return s.skip(depth + 1) })
	case '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case '"':
		_, err := s.string()
		return err
	}
	return s.scalar()
}

// scalar reads a number, a boolean or null.
func (s *scanner) scalar() error {
	n := bytes.IndexAny(s.b[s.i:], ",]} \t\r\n")
	if n < 0 {
		n = len(s.b) - s.i
	}
	if !json.Valid(s.b[s.i : s.i+n]) {
		return s.unexpected("a value")
	}
	s.i += n
	return nil
}
