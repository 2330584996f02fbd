package plugins

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lestrrat-go/strftime"
)

// A conversion is a % of a pattern and what belongs to it.
type conversion struct {
	start, end int // in the pattern
	letter     byte

	padding byte // one of - _ 0, the last that was given; 0 for none
	casing  byte // ^ or #; 0 for none
	width   int
	colons  int
	locale  byte // E or O, which change nothing; 0 for none
}

// plain reports whether the conversion is no more than its letter.
func (c *conversion) plain() bool { return c.end == c.start+2 }

// mostWidth is the widest that a field can be made.
const mostWidth = 255

// nextConversion finds the first conversion of the pattern from at on.
func nextConversion(pattern string, at int, known strftime.SpecificationSet) (c conversion, found bool, err error) {
	offset := strings.IndexByte(pattern[at:], '%')
	if offset < 0 {
		return c, false, nil
	}
	c.start = at + offset
	at = c.readFlags(pattern, c.start+1)
	for ; at < len(pattern) && pattern[at] >= '0' && pattern[at] <= '9'; at++ {
		c.width = min(10*c.width+int(pattern[at]-'0'), mostWidth+1)
	}
	for ; at < len(pattern) && pattern[at] == ':'; at++ {
		c.colons++
	}
	if at < len(pattern) && (pattern[at] == 'E' || pattern[at] == 'O') {
		c.locale = pattern[at]
		at++
	}
	if at == len(pattern) {
		return c, false, errors.New("must be a strftime pattern, but ends within a conversion: write %% for a percent sign")
	}
	c.letter, c.end = pattern[at], at+1
	_, err = known.Lookup(c.letter)
	if err != nil || !c.allowed() {
		_, size := utf8.DecodeRuneInString(pattern[at:])
		return c, false, fmt.Errorf("must be a strftime pattern, but %s is not known: valid is %% before one of %s, between them flags (- _ 0 ^ #) and a width up to %d",
			pattern[c.start:at+size], conversionLetters, mostWidth)
	}
	return c, true, nil
}

// readFlags reads the flags from at on, and returns where they end.
func (c *conversion) readFlags(pattern string, at int) int {
	for ; at < len(pattern); at++ {
		switch flag := pattern[at]; flag {
		case '-', '_', '0':
			c.padding = flag
		case '+': // zeros, and a sign before years that no log has
			c.padding = '0'
		case '^', '#':
			c.casing = flag
		default:
			return at
		}
	}
	return at
}

// allowed reports whether what stands before the letter goes with it, as in the
// C library.
func (c *conversion) allowed() bool {
	switch {
	case c.width > mostWidth:
		return false
	case c.colons > 0 && (c.letter != 'z' || c.colons > 3 || c.locale != 0):
		return false
	case c.locale == 'E':
		return strings.IndexByte("cCxXyY", c.letter) >= 0
	case c.locale == 'O':
		return strings.IndexByte("bBdeHhImMSuUVwWy", c.letter) >= 0
	}
	return true
}
