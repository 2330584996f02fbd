package plugins

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// escape holds what follows the backslash of each byte that has a short
// escape, and 0 for all others.
var escape = [256]byte{'\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '"': '"', '\\': '\\'}

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
	for {
		plain := copyPlain(out[n:], src[pos:], end-pos)
		pos += plain
		n += plain
		if pos >= end {
			break
		}
		out, n, pos = escaped(out, n, src, pos, end)
	}
	out[n] = '"'
	return out[:n+1]
}

// copyPlain copies what the size bytes of src begin with that goes into a JSON
// string as it is, and returns how much that is.
func copyPlain(out, src []byte, size int) int {
	i := 0
	for i <= size-2*wordSize && i <= len(src)-2*wordSize && i <= len(out)-2*wordSize {
		a := binary.LittleEndian.Uint64(src[i : i+8])
		b := binary.LittleEndian.Uint64(src[i+8 : i+16])
		binary.LittleEndian.PutUint64(out[i:i+8], a)
		binary.LittleEndian.PutUint64(out[i+8:i+16], b)
		if unplain(a)|unplain(b) != 0 {
			break
		}
		i += 2 * wordSize
	}
	for i < size && i <= len(src)-wordSize && i <= len(out)-wordSize {
		word := binary.LittleEndian.Uint64(src[i : i+8])
		binary.LittleEndian.PutUint64(out[i:i+8], word)
		if odd := unplain(word); odd != 0 {
			return min(i+bits.TrailingZeros64(odd)/8, size)
		}
		i += wordSize
	}
	for i < size && plain(src[i]) {
		out[i] = src[i]
		i++
	}
	return min(i, size)
}

func plain(c byte) bool { return c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' }

// slack is what a string takes beyond its size: the quotes around it, one
// escape, and the word that is written whole.
const slack = len(`""`) + len(`\u0000`) + wordSize

// reserve makes room behind the n bytes of out for size bytes and the slack.
func reserve(out []byte, n, size int) []byte {
	if cap(out)-n < size+slack {
		out = slices.Grow(out[:n], size+slack)
	}
	return out[:cap(out)]
}

// escaped writes the byte at pos, which is not plain, to out[n:], and what
// comes with it of a run of such bytes. src[pos:end] is what is left of the
// string.
func escaped(out []byte, n int, src []byte, pos, end int) ([]byte, int, int) {
	c := src[pos]
	if c >= utf8.RuneSelf {
		return runes(out, n, src, pos, end)
	}
	out[n] = '\\'
	if letter := escape[c]; letter != 0 {
		out[n+1] = letter
		n += 2
	} else {
		n += copy(out[n+1:], []byte{'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf]}) + 1
	}
	pos++
	return reserve(out, n, end-pos), n, pos
}

// runes writes the characters beyond ASCII at pos, and U+FFFD for each byte
// that is of none.
func runes(out []byte, n int, src []byte, pos, end int) ([]byte, int, int) {
	for pos < end && src[pos] >= utf8.RuneSelf {
		r, size := utf8.DecodeRune(src[pos:end])
		if r == utf8.RuneError && size == 1 {
			n += copy(out[n:], "\uFFFD")
			out = reserve(out, n, end-pos-1)
		} else {
			n += copy(out[n:], src[pos:pos+size])
		}
		pos += size
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
