package msgjson

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	fastutf8 "github.com/segmentio/asm/utf8"
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
// UTF-8 become U+FFFD, one each. '<', '>' and '&' stay as they are. What is
// behind the result in dst's capacity may be overwritten.
func AppendString(dst, s []byte) []byte {
	return appendString(dst, s, 0, len(s))
}

// appendString appends src[pos:end] as a JSON string. To go by whole words it
// reads beyond end in src, and writes beyond the result in dst.
func appendString(dst, src []byte, pos, end int) []byte {
	out, n := reserve(dst, len(dst), end-pos), len(dst)+1
	out[n-1] = '"'
	words := src[pos:min(end+wordSize-1, len(src))]
	plain := min(copyPlain(out[n:], words), end-pos)
	n += plain
	if pos += plain; pos < end {
		out, n = appendRest(out, n, src, pos, end)
	}
	out[n] = '"'
	return out[:n+1]
}

// copyPlain copies the words of src up to the first byte that is not plain,
// and returns how many bytes come before it. Most strings have none.
func copyPlain(out, src []byte) int {
	out = out[:len(src)]
	i := 0
	for i <= len(src)-wordSize {
		word := binary.LittleEndian.Uint64(src[i : i+wordSize])
		binary.LittleEndian.PutUint64(out[i:i+wordSize], word)
		if odd := unplain(word); odd != 0 {
			return i + bits.TrailingZeros64(odd)/8
		}
		i += wordSize
	}
	return i
}

// appendRest writes src[pos:end] to out[n:].
func appendRest(out []byte, n int, src []byte, pos, end int) ([]byte, int) {
	checked := false
	for pos < end {
		if !checked && src[pos] >= utf8.RuneSelf {
			checked = true
			out, n, pos = appendUTF8(out, n, src, pos, end)
			continue
		}
		written, next := copyText(out[n:], src, pos, end)
		n += written
		if pos = next; pos < end && (checked || src[pos] < utf8.RuneSelf) {
			out, n, pos = special(out, n, src, pos, end)
		}
	}
	return out, n
}

// appendUTF8 writes what is left of the string, up to a character that is cut
// off at its end, if all of that is UTF-8, as nearly all text is. To find that
// of the whole takes less than to look at each character, and then it is
// copied by words, as ASCII is.
func appendUTF8(out []byte, n int, src []byte, pos, end int) ([]byte, int, int) {
	end -= cutOff(src[pos:end])
	if !fastutf8.Valid(src[pos:end]) {
		return out, n, pos
	}
	for pos < end {
		written, next := copyUTF8(out[n:], src, pos, end)
		n += written
		if pos = next; pos < end {
			out, n, pos = special(out, n, src, pos, end)
		}
	}
	return out, n, pos
}

// cutOff is the size of the character that s ends within, 0 if it ends with a
// whole one or with what is none.
func cutOff(s []byte) int {
	for i := len(s) - 1; i >= max(0, len(s)-utf8.UTFMax); i-- {
		if utf8.RuneStart(s[i]) {
			if utf8.FullRune(s[i:]) {
				return 0
			}
			return len(s) - i
		}
	}
	return 0
}

// copyText writes src[pos:end] as the inside of a JSON string, and returns how
// many bytes that made. It stops at what is neither plain nor has a short
// escape, and where out is too short for more.
func copyText(out, src []byte, pos, end int) (written, next int) {
	n, i, stop := uint(0), uint(pos), uint(end)
	for i < stop && n+2*wordSize <= uint(len(out)) {
		word := uint64(0)
		if i+wordSize <= uint(len(src)) {
			word = binary.LittleEndian.Uint64(src[i : i+wordSize])
		} else {
			word = lastWord(src, int(i))
		}
		binary.LittleEndian.PutUint64(out[n:n+wordSize], word)
		odd := unplain(word)
		if odd == 0 {
			i += wordSize
			n += wordSize
			continue
		}
		plain := uint(bits.TrailingZeros64(odd)) / 8
		i += plain
		n += plain
		if i >= stop || escape[src[i]] == 0 {
			break
		}
		binary.LittleEndian.PutUint16(out[n:], escape[src[i]])
		i++
		n += 2
	}
	beyond := max(i, stop) - stop
	return int(n - beyond), int(i - beyond)
}

// copyUTF8 is copyText where src[pos:end] is known to be UTF-8: what is beyond
// ASCII is plain. It is a loop of its own because to ask in copyText's takes a
// tenth of that one's time.
func copyUTF8(out, src []byte, pos, end int) (written, next int) {
	n, i := 0, pos
	for i < end && n+2*wordSize <= len(out) {
		word := uint64(0)
		if i+wordSize <= len(src) {
			word = binary.LittleEndian.Uint64(src[i : i+wordSize])
		} else {
			word = lastWord(src, i)
		}
		binary.LittleEndian.PutUint64(out[n:n+wordSize], word)
		odd := unplain(word) &^ word
		if odd == 0 {
			i += wordSize
			n += wordSize
			continue
		}
		plain := bits.TrailingZeros64(odd) / 8
		i += plain
		n += plain
		if i >= end || escape[src[i]] == 0 {
			break
		}
		binary.LittleEndian.PutUint16(out[n:], escape[src[i]])
		i++
		n += 2
	}
	beyond := max(i, end) - end
	return n - beyond, i - beyond
}

// lastWord is the word at pos, where src ends within it; the rest is 0. It is
// not inlined, so that copyText has its registers to itself.
//
//go:noinline
func lastWord(src []byte, pos int) (word uint64) {
	if len(src) >= wordSize {
		return binary.LittleEndian.Uint64(src[len(src)-wordSize:]) >> (8 * (pos + wordSize - len(src)))
	}
	for i, c := range src[pos:] {
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

// special goes on where copyText or copyUTF8 stopped, up to where that can go on.
// src[pos:end] is what is left of the string.
func special(out []byte, n int, src []byte, pos, end int) ([]byte, int, int) {
	out = reserve(out, n, end-pos)
	for pos < end {
		c := src[pos]
		switch {
		case c >= utf8.RuneSelf:
			if valid := validPrefix(src[pos:end]); valid > 0 {
				n += copy(out[n:], src[pos:pos+valid])
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
		out = reserve(out, n, end-pos)
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
	if fastutf8.Valid(s) {
		return append(dst, s...)
	}
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
