package plugins

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// escape holds the short escape of each byte that has one, the backslash in
// the lower half, and 0 for all others.
var escape = func() (t [256]uint16) {
	for i, c := range []byte("\b\f\n\r\t\"\\") {
		t[c] = '\\' | uint16("bfnrt\"\\"[i])<<8
	}
	return t
}()

// Eight bytes at a time: the high bit of each byte answers for that byte.
const (
	wordSize = 8
	ones     = 0x0101010101010101
	highs    = 0x8080808080808080
)

// unplain has the high bit set of the first byte of w, counted from the least
// significant, that a JSON string cannot hold as it is or that is not ASCII.
// Higher bytes may be marked wrongly; callers look at the first alone.
//
// With bit 1 flipped the quote, 0x22, comes right behind the controls, which
// stay among themselves: one subtraction finds them all.
func unplain(w uint64) uint64 {
	controls := (w ^ 0x02*ones) - 0x21*ones
	backslash := (w ^ '\\'*ones) - ones
	return (controls | backslash | w) & highs
}

// AppendString appends s as a JSON string in its quotes. Bytes that are not
// UTF-8 become U+FFFD, one each. '<', '>' and '&' stay as they are.
func AppendString(dst, s []byte) []byte {
	return appendString(dst, s, 0, len(s))
}

// appendString appends src[pos:end] as a JSON string. It reads what is behind
// end in src, and scribbles behind what it returns, to go by whole words.
func appendString(dst, src []byte, pos, end int) []byte {
	out, n := reserve(dst, len(dst), end-pos), len(dst)+1
	out[n-1] = '"'
	for pos < end {
		written, read := copyText(out[n:], src[pos:], end-pos)
		n += written
		pos += read
		if pos < end {
			out, n, pos = special(out, n, src, pos, end)
		}
	}
	out[n] = '"'
	return out[:n+1]
}

// copyText writes what the size bytes of src begin with as the inside of a
// JSON string. It stops at what is neither plain nor has a short escape, and
// where out is too short for more.
func copyText(out, src []byte, size int) (written, read int) {
	n, i := 0, 0
	for i < size && n <= len(out)-2*wordSize {
		word := uint64(0)
		if i <= len(src)-wordSize {
			word = binary.LittleEndian.Uint64(src[i : i+wordSize])
		} else {
			word = lastWord(src[i:])
		}
		binary.LittleEndian.PutUint64(out[n:n+wordSize], word)
		odd := unplain(word)
		if odd == 0 {
			i += wordSize
			n += wordSize
			continue
		}
		plain := bits.TrailingZeros64(odd) / 8
		i += plain
		n += plain
		if i >= size || escape[src[i]] == 0 {
			break
		}
		binary.LittleEndian.PutUint16(out[n:], escape[src[i]])
		i++
		n += 2
	}
	beyond := max(0, i-size)
	return n - beyond, i - beyond
}

// lastWord is the word of fewer than eight bytes.
func lastWord(src []byte) (word uint64) {
	for i, c := range src {
		word |= uint64(c) << (8 * i)
	}
	return word
}

// slack is what a string takes beyond its size: the quotes around it, one
// escape, and the words that are written whole.
const slack = len(`""`) + len(`\u0000`) + 2*wordSize

// reserve makes room behind the n bytes of out for size bytes and the slack.
func reserve(out []byte, n, size int) []byte {
	if cap(out)-n < size+slack {
		out = slices.Grow(out[:n], size+slack)
	}
	return out[:cap(out)]
}

// special goes on where copyText stopped, up to where that can go on.
// src[pos:end] is what is left of the string.
func special(out []byte, n int, src []byte, pos, end int) ([]byte, int, int) {
	for out = reserve(out, n, end-pos); pos < end; out = reserve(out, n, end-pos) {
		c := src[pos]
		switch {
		case c >= utf8.RuneSelf:
			valid := validPrefix(src[pos:end])
			if n += copy(out[n:], src[pos:pos+valid]); valid > 0 {
				pos += valid
				continue
			}
			n += copy(out[n:], "\uFFFD")
		case c < ' ' && escape[c] == 0:
			n += copy(out[n:], []byte{'\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf]})
		default:
			return out, n, pos
		}
		pos++
	}
	return out, n, pos
}

// validPrefix is the length of the run of whole characters beyond ASCII that
// s begins with.
func validPrefix(s []byte) int {
	i := 0
	for i < len(s) && s[i] >= utf8.RuneSelf {
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// AppendValidUTF8 appends s with every byte that is not UTF-8 replaced by
// U+FFFD, which is what a JSON string makes of it for its reader.
func AppendValidUTF8(dst, s []byte) []byte {
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] < utf8.RuneSelf {
			n++
		}
		n += validPrefix(s[n:])
		dst = append(dst, s[:n]...)
		s = s[n:]
		if n == 0 {
			dst = append(dst, "\uFFFD"...)
			s = s[1:]
		}
	}
	return dst
}
