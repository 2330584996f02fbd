package plugins

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// sizeNotation is how the messages tell people to write a size.
const sizeNotation = "written as a number of bytes or with one of k, KB, M, MB (1k is 1024 bytes)"

// The units of a size are powers of two, so that 1M is the service's limit of
// 1 MiB for a record.
const (
	kilo = 1 << 10
	mega = 1 << 20
)

// ParseSize reads a number of bytes: digits, and one of k, KB, M, MB in any
// case for 1024 and 1024*1024, with or without blanks before it, and a plus sign
// before it all. Other signs and fractions are refused.
func ParseSize(text string) (int, error) {
	digits := strings.TrimRight(text, "kKmMbB")
	unit, known := sizeUnit(text[len(digits):])
	digits = strings.TrimPrefix(strings.TrimRight(digits, " \t"), "+")
	// ParseUint takes no sign, and is asked for decimal digits alone: it knows
	// underscores and prefixes only with base 0.
	n, err := strconv.ParseUint(digits, 10, strconv.IntSize-1)
	if err != nil || !known || n > uint64(math.MaxInt/unit) {
		return 0, errors.New("not a size: it must be " + sizeNotation)
	}
	return int(n) * unit, nil
}

// sizeUnit returns the number of bytes that a unit stands for.
func sizeUnit(text string) (bytes int, known bool) {
	switch strings.ToLower(text) {
	case "":
		return 1, true
	case "k", "kb":
		return kilo, true
	case "m", "mb":
		return mega, true
	}
	return 1, false
}

// FormatSize returns a number of bytes in the shortest text that ParseSize
// reads as the same number.
func FormatSize(n int) string {
	switch {
	case n > 0 && n%mega == 0:
		return strconv.Itoa(n/mega) + "M"
	case n > 0 && n%kilo == 0:
		return strconv.Itoa(n/kilo) + "k"
	}
	return strconv.Itoa(n)
}
