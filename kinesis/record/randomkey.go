package record

import "math/rand/v2"

const (
	randomKeySize = 8
	keyLetters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// newRandom makes a source of random keys. Every encoder has its own, so that
// none waits for another.
func newRandom() *rand.Rand {
	return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
}

// AppendRandomKey appends a key such as records without one of their own get: as
// long, and of letters and digits, too. It is safe for concurrent use.
func AppendRandomKey(dst []byte) []byte { return appendLetters(dst, rand.Uint64()) }

// appendRandomKey appends a key of letters and digits. 62 to the power of 8 is
// far below 2 to the power of 64, so that one number yields all of them evenly.
func appendRandomKey(dst []byte, random *rand.Rand) []byte {
	return appendLetters(dst, random.Uint64())
}

func appendLetters(dst []byte, n uint64) []byte {
	for range randomKeySize {
		dst = append(dst, keyLetters[n%uint64(len(keyLetters))])
		n /= uint64(len(keyLetters))
	}
	return dst
}
