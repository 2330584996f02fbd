package kinesistest

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
)

// HashKey is a point of a stream's hash space, 0 to 2^128-1. Each open shard
// takes the records whose hash key lies in its range.
type HashKey struct {
	Hi, Lo uint64
}

// maxHashKey is the last hash key, 2^128-1.
var maxHashKey = HashKey{Hi: 1<<64 - 1, Lo: 1<<64 - 1}

// HashOf is the hash key of a partition key: its MD5, read as a big-endian
// number.
func HashOf(partitionKey string) HashKey {
	sum := md5.Sum([]byte(partitionKey))
	return HashKey{
		Hi: binary.BigEndian.Uint64(sum[:8]),
		Lo: binary.BigEndian.Uint64(sum[8:]),
	}
}

// ParseHashKey reads a hash key as requests write it: decimal, without sign or
// leading zeros, below 2^128.
func ParseHashKey(s string) (HashKey, error) {
	if !isDecimal(s) {
		return HashKey{}, fmt.Errorf("hash key %q is not a decimal number of 1 to 39 digits", s)
	}
	var h HashKey
	for _, digit := range []byte(s) {
		over, hi := bits.Mul64(h.Hi, 10)
		carry, lo := bits.Mul64(h.Lo, 10)
		lo, c := bits.Add64(lo, uint64(digit-'0'), 0)
		hi, c = bits.Add64(hi, carry, c)
		if over != 0 || c != 0 {
			return HashKey{}, fmt.Errorf("hash key %s is not below 2^128", s)
		}
		h = HashKey{Hi: hi, Lo: lo}
	}
	return h, nil
}

// isDecimal tells whether s matches the service's pattern for hash keys,
// 0|([1-9]\d{0,38}).
func isDecimal(s string) bool {
	if s == "" || len(s) > 39 || (s[0] == '0' && len(s) > 1) {
		return false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// Less tells whether h comes before other.
func (h HashKey) Less(other HashKey) bool {
	return h.Hi < other.Hi || h.Hi == other.Hi && h.Lo < other.Lo
}

// String is the decimal form that requests and answers carry.
func (h HashKey) String() string { return h.big().String() }

func (h HashKey) next() HashKey {
	lo, carry := bits.Add64(h.Lo, 1, 0)
	return HashKey{Hi: h.Hi + carry, Lo: lo}
}

func (h HashKey) previous() HashKey {
	lo, borrow := bits.Sub64(h.Lo, 1, 0)
	return HashKey{Hi: h.Hi - borrow, Lo: lo}
}

func (h HashKey) big() *big.Int {
	n := new(big.Int).SetUint64(h.Hi)
	n.Lsh(n, 64)
	return n.Or(n, new(big.Int).SetUint64(h.Lo))
}

// evenStart is the first hash key of the i-th of n equal ranges, as the service
// cuts a new stream: i * floor(2^128 / n).
func evenStart(i, n int) HashKey {
	width := new(big.Int).Lsh(big.NewInt(1), 128)
	width.Div(width, big.NewInt(int64(n)))
	start := width.Mul(width, big.NewInt(int64(i)))
	low := new(big.Int).And(start, new(big.Int).SetUint64(1<<64-1))
	return HashKey{Hi: new(big.Int).Rsh(start, 64).Uint64(), Lo: low.Uint64()}
}
