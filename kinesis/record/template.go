package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fluent-bit-kinesis/plugins/msgjson"
)

// A Template makes the name of a stream for each record: text, and between it
// words that stand for the record's tag or for values in it. The words are those
// of Fluent Bit's record accessor:
// https://docs.fluentbit.io/manual/administration/configuring-fluent-bit/classic-mode/record-accessor.
type Template []part

// A part of a template is text, or a word.
type part struct {
	text  string
	kind  partKind
	piece int    // of the tag, counted from 0; wholeTag for all of it
	key   string // at the top level of the record
	below []step // from that key's value to the one that is meant
}

type partKind uint8

const (
	plainText partKind = iota
	ofTag
	ofRecord
)

const wholeTag = -1

// A step leads into a map, by a key, or into an array.
type step struct {
	key   string
	index int // from 0; byKey for a map
}

const byKey = -1

// MaxStreamName is how many bytes the name of a stream may have.
const MaxStreamName = 128

// IsStreamName tells whether a stream can have this name, by the rule of
// https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html.
func IsStreamName(name []byte) bool {
	if len(name) == 0 || len(name) > MaxStreamName {
		return false
	}
	for _, c := range name {
		if !isNameByte(c) {
			return false
		}
	}
	return true
}

func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '.' || c == '-' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

var errLongText = fmt.Errorf("must leave room for values: a stream's name has at most %d characters, and the text around the words alone has more", MaxStreamName)

// ParseTemplate reads a template. The error says what is wrong and what would be
// valid.
func ParseTemplate(text string) (Template, error) {
	var t Template
	length, words := 0, 0
	for text != "" {
		p, n, err := parsePart(text)
		if err != nil {
			return nil, err
		}
		t, text = append(t, p), text[n:]
		if length += len(p.text); p.kind != plainText {
			words++
		}
	}
	switch {
	case words == 0:
		return nil, errors.New("must have a word such as $TAG or $kubernetes['namespace_name']")
	case length >= MaxStreamName:
		return nil, errLongText
	case len(t.keys()) > msgjson.MaxNumbered:
		return nil, fmt.Errorf("must not have words of more than %d keys", msgjson.MaxNumbered)
	}
	return t, nil
}

// parsePart reads the text up to the next word, or the word at the begin, and
// returns how long it is.
func parsePart(text string) (p part, n int, err error) {
	if text[0] == '$' {
		return parseWord(text)
	}
	for n < len(text) && text[n] != '$' {
		if !isNameByte(text[n]) {
			return p, n, fmt.Errorf("must have no text but a-z, A-Z, 0-9, _ . - around its words, for a stream's name has no other, but there is %q", firstRune(text[n:]))
		}
		n++
	}
	return part{text: text[:n]}, n, nil
}

func firstRune(text string) string {
	for i := range text {
		if i > 0 {
			return text[:i]
		}
	}
	return text
}

const wordRule = "must be followed, each $, by TAG, by TAG[1] for a part of the tag, or by a key of letters, digits and _, with keys below it as in $kubernetes['namespace_name']"

// parseWord reads a word and what is in brackets behind it.
func parseWord(text string) (p part, n int, err error) {
	const tag = "$TAG"
	if strings.HasPrefix(text, tag) {
		return parseTag(text, len(tag))
	}
	n = 1
	for n < len(text) && (isLetter(text[n]) || n > 1 && isDigit(text[n])) {
		n++
	}
	if n == 1 {
		if len(text) > 1 && isDigit(text[1]) {
			return p, n, fmt.Errorf("must not have $%c: there is no regular expression here whose groups have numbers", text[1])
		}
		return p, n, errors.New(wordRule)
	}
	p = part{kind: ofRecord, key: text[1:n]}
	for n < len(text) && text[n] == '[' {
		s, length, err := parseStep(text[n:])
		if err != nil {
			return p, n, err
		}
		p.below, n = append(p.below, s), n+length
	}
	return p, n, nil
}

// parseTag reads what follows the tag, which is n bytes long.
func parseTag(text string, n int) (part, int, error) {
	if n == len(text) || text[n] != '[' {
		return part{kind: ofTag, piece: wholeTag}, n, nil
	}
	s, length, err := parseStep(text[n:])
	if err != nil {
		return part{}, n, err
	}
	if s.index == byKey {
		return part{}, n, errors.New("must have a number in $TAG[1], that of a part of the tag between its dots, from 0 on")
	}
	return part{kind: ofTag, piece: s.index}, n + length, nil
}

// parseStep reads ['a key'] or [a number], and returns how long it is. A quote in
// a key is written twice.
func parseStep(text string) (s step, n int, err error) {
	if strings.HasPrefix(text, "['") {
		key, length, ok := parseQuoted(text[1:])
		if !ok || !strings.HasPrefix(text[1+length:], "]") {
			return s, 0, fmt.Errorf("must have ' and ] behind a key in brackets, as in ['namespace_name'], but there is %q", text)
		}
		return step{key: key, index: byKey}, length + len("[]"), nil
	}
	end := strings.IndexByte(text, ']')
	if end < 0 {
		return s, 0, fmt.Errorf("must have a ] for each [, but there is %q", text)
	}
	digits := text[1:end]
	index, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || len(digits) > 1 && digits[0] == '0' {
		return s, 0, fmt.Errorf("must have a number or a key between quotes in brackets, as in ['namespace_name'], but there is %q", text[:end+1])
	}
	return step{index: int(index)}, end + 1, nil
}

// parseQuoted reads a text between quotes, and returns how long it is with them.
func parseQuoted(text string) (key string, n int, ok bool) {
	var b strings.Builder
	for n = 1; n < len(text); n++ {
		if text[n] != '\'' {
			b.WriteByte(text[n])
			continue
		}
		if n+1 == len(text) || text[n+1] != '\'' {
			return b.String(), n + 1, true
		}
		b.WriteByte('\'')
		n++
	}
	return "", n, false
}

// keys are the top-level keys that the words are of, each once.
func (t Template) keys() (keys []string) {
	for _, p := range t {
		if p.kind == ofRecord && !slices.Contains(keys, p.key) {
			keys = append(keys, p.key)
		}
	}
	return keys
}

// String returns the template as it is written in the option.
func (t Template) String() string {
	var b strings.Builder
	for _, p := range t {
		switch p.kind {
		case plainText:
			b.WriteString(p.text)
		case ofTag:
			b.WriteString("$TAG")
			if p.piece != wholeTag {
				fmt.Fprintf(&b, "[%d]", p.piece)
			}
		case ofRecord:
			b.WriteString("$" + p.key)
			for _, s := range p.below {
				b.WriteString(s.String())
			}
		}
	}
	return b.String()
}

func (s step) String() string {
	if s.index != byKey {
		return "[" + strconv.Itoa(s.index) + "]"
	}
	return "['" + strings.ReplaceAll(s.key, "'", "''") + "']"
}
