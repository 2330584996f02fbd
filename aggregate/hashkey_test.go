package aggregate

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// bigOf is a 128-bit number as math/big has it.
func bigOf(h HashKey) *big.Int {
	n := new(big.Int).SetUint64(h.Hi)
	return n.Or(n.Lsh(n, 64), new(big.Int).SetUint64(h.Lo))
}

func TestHashKeyIsTheMD5MostSignificantByteFirst(t *testing.T) {
	for _, key := range []string{"", "a", "container-1", "clé", strings.Repeat("語", 256)} {
		require.Equal(t, md5Of(key), bigOf(HashOf([]byte(key))), key)
	}
}

func TestHashKeysAreWrittenAndReadAsMathBigDoes(t *testing.T) {
	check := func(hi, lo uint64) {
		h := HashKey{hi, lo}
		text := string(h.Append(nil))
		require.Equal(t, bigOf(h).String(), text)
		read, err := ParseHashKey(text)
		require.NoError(t, err)
		require.Equal(t, h, read)
	}

	// The powers of ten and of two with what is next to them, where digits
	// and words begin.
	for _, base := range []int64{2, 10} {
		for n := big.NewInt(1); n.BitLen() <= 128; n.Mul(n, big.NewInt(base)) {
			for _, d := range []int64{-1, 0, 1} {
				m := new(big.Int).Add(n, big.NewInt(d))
				check(new(big.Int).Rsh(m, 64).Uint64(), m.Uint64())
			}
		}
	}
	check(1<<64-1, 1<<64-1)

	rng := newRand()
	for range 2000 {
		check(rng.Uint64()>>rng.IntN(64), rng.Uint64()>>rng.IntN(64))
	}
}

func TestHashKeyAppends(t *testing.T) {
	require.Equal(t, "hash 18446744073709551616", string(HashKey{1, 0}.Append([]byte("hash "))))
}

func TestParseHashKeyRefusesWhatKinesisWouldNotWrite(t *testing.T) {
	tests := map[string]string{
		"nothing":               "",
		"a sign":                "-1",
		"a plus sign":           "+1",
		"a blank":               " 1",
		"a leading zero":        "01",
		"two zeros":             "00",
		"hexadecimal":           "ff",
		"a fraction":            "1.5",
		"2^128":                 "340282366920938463463374607431768211456",
		"2^128 + 4":             "340282366920938463463374607431768211460",
		"ten times the largest": "3402823669209384634633746074317682114550",
		"39 nines":              strings.Repeat("9", 39),
		"a thousand digits":     strings.Repeat("9", 1000),
		"digits of a script":    "١",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParseHashKey(text)
			require.ErrorContains(t, err, "want a decimal number from 0 to 2^128-1")
			require.Less(t, len(err.Error()), 200)
		})
	}
}

func TestHashKeysAllocateNothing(t *testing.T) {
	key, text := []byte("container-1"), make([]byte, 0, 39)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		text = HashOf(key).Append(text[:0])
	}))
}

func TestHashKeysAreComparedAsNumbers(t *testing.T) {
	ordered := []HashKey{{0, 0}, {0, 1}, {0, 1<<64 - 1}, {1, 0}, {1, 1}, {1<<64 - 1, 0}, {1<<64 - 1, 1<<64 - 1}}
	for i, h := range ordered {
		for j, other := range ordered {
			require.Equal(t, bigOf(h).Cmp(bigOf(other)), h.Compare(other), "%d and %d", i, j)
		}
	}
}

func FuzzParseHashKey(f *testing.F) {
	for _, text := range []string{
		"", "0", "00", "7", "-1", "18446744073709551615", "18446744073709551616",
		"340282366920938463463374607431768211455", "340282366920938463463374607431768211456",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hash, err := ParseHashKey(text)
		number, ok := new(big.Int).SetString(text, 10)
		valid := ok && number.Sign() >= 0 && number.BitLen() <= 128 && number.String() == text
		require.Equal(t, valid, err == nil)
		if valid {
			require.Zero(t, number.Cmp(bigOf(hash)))
			require.Equal(t, text, string(hash.Append(nil)))
		}
	})
}
