package plugins

import (
	"strings"
	"time"

	"github.com/lestrrat-go/strftime"
)

// Kinds of conversions, by what a flag does to them.
const (
	fractions = "LfN"                      // in the order of their digits
	numbers   = "CdeFGgHIjklMmqSsUuVWwYyz" // F is one, as wide as its year makes it
	blanked   = "ekl"                      // numbers that are padded with blanks
	lowered   = "pZ"                       // words whose other case is the lower one
	raised    = "AaBbh"                    // words whose other case is the upper one
)

// field makes a conversion an appender that does what its flags say.
func (c *conversion) field(known strftime.SpecificationSet) strftime.Appender {
	if strings.IndexByte(fractions, c.letter) >= 0 {
		return c.fraction()
	}
	inner, _ := known.Lookup(c.letter) // that it is known has been seen
	if c.colons > 0 {
		colons := c.colons
		inner = strftime.AppendFunc(func(dst []byte, t time.Time) []byte { return appendOffset(dst, t, colons) })
	}
	f := flagged{inner: inner, padding: c.padding, width: c.width}
	f.number = strings.IndexByte(numbers, c.letter) >= 0
	switch {
	case c.casing == '#' && f.number:
		f.padding = '-'
	case c.letter == 'P': // it is in lower case
	case c.casing == '^', c.casing == '#' && strings.IndexByte(raised, c.letter) >= 0:
		f.recase = upper
	case c.casing == '#' && strings.IndexByte(lowered, c.letter) >= 0:
		f.recase = lower
	}
	f.filler = ' '
	if f.padding == '0' || f.padding == 0 && f.number && strings.IndexByte(blanked, c.letter) < 0 {
		f.filler = '0'
	}
	return f
}

// fraction is a part of a second. Its width is the number of its digits. Padding
// is a matter of its end with %N, as with GNU date, and of its begin with the
// others, which are numbers of their own.
func (c *conversion) fraction() strftime.Appender {
	digits := c.width
	if digits == 0 {
		digits = 3 * (strings.IndexByte(fractions, c.letter) + 1)
	}
	bare := c.letter != 'N' && (c.padding == '-' || c.casing == '#')
	blank := c.letter == 'N' && c.padding == '_'
	return strftime.AppendFunc(func(dst []byte, t time.Time) []byte {
		start := len(dst)
		dst = appendFraction(dst, t, digits)
		if bare {
			dst = unpad(dst, start)
		}
		for i := len(dst) - 1; blank && i > start && dst[i] == '0'; i-- {
			dst[i] = ' '
		}
		return dst
	})
}

// appendOffset appends the offset from UTC with colons in it.
func appendOffset(dst []byte, t time.Time, colons int) []byte {
	_, offset := t.Zone()
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	hours, minutes, seconds := offset/3600, offset/60%60, offset%60
	dst = appendPadded(append(dst, sign), hours, 2)
	if colons < 3 || minutes > 0 || seconds > 0 {
		dst = appendPadded(append(dst, ':'), minutes, 2)
	}
	if colons == 2 || colons == 3 && seconds > 0 {
		dst = appendPadded(append(dst, ':'), seconds, 2)
	}
	return dst
}

// A flagged is a conversion with flags or a width. It lets the inner one write,
// and then works on what is there.
type flagged struct {
	inner   strftime.Appender
	number  bool
	padding byte // - for none
	filler  byte
	width   int // 0 for that of the inner one
	recase  func(text []byte)
}

func (f flagged) Append(dst []byte, t time.Time) []byte {
	start := len(dst)
	dst = f.inner.Append(dst, t)
	width := max(f.width, len(dst)-start)
	if f.number && (f.padding != 0 || f.width > 0) {
		if f.width > 0 {
			width = f.width
		}
		dst = unpad(dst, start)
	}
	if f.recase != nil {
		f.recase(dst[start:])
	}
	if f.padding == '-' {
		return dst
	}
	if f.number && f.filler == '0' && len(dst) > start && (dst[start] == '+' || dst[start] == '-') {
		return fill(dst, start+1, width-1, '0')
	}
	return fill(dst, start, width, f.filler)
}

// unpad drops the padding of a number from start on, behind its sign. The last
// digit stays.
func unpad(dst []byte, start int) []byte {
	for len(dst) > start+1 && dst[start] == ' ' {
		dst = append(dst[:start], dst[start+1:]...)
	}
	if dst[start] == '+' || dst[start] == '-' {
		start++
	}
	zeros := 0
	for len(dst) > start+zeros+1 && dst[start+zeros] == '0' && dst[start+zeros+1] != ':' {
		zeros++
	}
	return append(dst[:start], dst[start+zeros:]...)
}

// fill makes what is from start on as wide as it is to be, with fillers before
// it.
func fill(dst []byte, start, width int, filler byte) []byte {
	size := len(dst) - start
	if size >= width {
		return dst
	}
	for range width - size {
		dst = append(dst, filler)
	}
	copy(dst[len(dst)-size:], dst[start:start+size])
	for i := start; i < len(dst)-size; i++ {
		dst[i] = filler
	}
	return dst
}

// upper and lower are for ASCII, which is what strftime writes in the C locale.
func upper(text []byte) {
	for i, c := range text {
		if c >= 'a' && c <= 'z' {
			text[i] = c - 'a' + 'A'
		}
	}
}

func lower(text []byte) {
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			text[i] = c - 'A' + 'a'
		}
	}
}
