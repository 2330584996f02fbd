package aggregate

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
)

// A HashKey is the 128-bit number by which Kinesis chooses the shard of a
// record, 0 to 2^128-1.
type HashKey struct{ Hi, Lo uint64 }

// HashOf is the hash key of a partition key: the MD5 of the key's UTF-8 bytes,
// most significant byte first.
func HashOf(partitionKey []byte) HashKey {
	sum := md5.Sum(partitionKey)
	return HashKey{Hi: binary.BigEndian.Uint64(sum[:8]), Lo: binary.BigEndian.Uint64(sum[8:])}
}

// Compare is negative where h is the smaller one, positive where it is the
// larger one.
func (h HashKey) Compare(other HashKey) int {
	if c := cmp.Compare(h.Hi, other.Hi); c != 0 {
		return c
	}
	return cmp.Compare(h.Lo, other.Lo)
}

// A 128-bit number is written as up to three numbers below 10^19, the largest
// power of ten that 64 bits hold.
const (
	tenTo19 = 10_000_000_000_000_000_000
	zeros19 = "0000000000000000000"
)

// Append appends the number in decimal, as Kinesis writes hash keys: no leading
// zeros, 1 to 39 digits.
func (h HashKey) Append(dst []byte) []byte {
	// The first quotient may take two words (upper is 0 or 1), the second,
	// which is at most 2^128/10^38, takes one.
	upper, rest := h.Hi/tenTo19, h.Hi%tenTo19
	lower, digits0 := bits.Div64(rest, h.Lo, tenTo19)
	digits2, digits1 := bits.Div64(upper, lower, tenTo19)

	switch {
	case digits2 != 0:
		dst = strconv.AppendUint(dst, digits2, 10)
		dst = appendPadded(dst, digits1)
		return appendPadded(dst, digits0)
	case digits1 != 0:
		dst = strconv.AppendUint(dst, digits1, 10)
		return appendPadded(dst, digits0)
	default:
		return strconv.AppendUint(dst, digits0, 10)
	}
}

// appendPadded appends a number below 10^19 in exactly 19 digits.
func appendPadded(dst []byte, n uint64) []byte {
	dst = append(dst, zeros19...)
	for i := len(dst) - 1; n != 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// ParseHashKey reads a hash key as the Kinesis API writes it, in a shard's range
// or as an explicit hash key: a decimal number below 2^128 without sign, blanks
// or leading zeros.
func ParseHashKey(text string) (h HashKey, err error) {
	h, ok := DecimalHashKey(text)
	if !ok || text[0] == '0' && len(text) > 1 {
		return HashKey{}, hashKeyError(text)
	}
	return h, nil
}

// DecimalHashKey reads a decimal number below 2^128 as people may write it: leading
// zeros do not count. ok is false where it is none, as with a sign, a blank or
// nothing.
func DecimalHashKey[Text string | []byte](text Text) (h HashKey, ok bool) {
	for i := range len(text) {
		digit := uint64(text[i] - '0')
		if digit > 9 {
			return HashKey{}, false
		}
		// h * 10 + digit
		over, upper := bits.Mul64(h.Hi, 10)
		carried, lower := bits.Mul64(h.Lo, 10)
		var carry uint64
		h.Lo, carry = bits.Add64(lower, digit, 0)
		h.Hi, carry = bits.Add64(upper, carried, carry)
		if over != 0 || carry != 0 {
			return HashKey{}, false
		}
	}
	return h, len(text) > 0
}

func hashKeyError(text string) error {
	const longest = 48
	if len(text) > longest {
		text = text[:longest] + "..."
	}
	return fmt.Errorf("hash key %q: want a decimal number from 0 to 2^128-1 without leading zeros", text)
}
