package kinesistest

import (
	"strconv"
	"strings"
)

// Sequence numbers have 56 digits: sequencePrefix, then the record's sequence
// in the last 20.
const (
	sequencePrefix = "495903338657119132640000000000000000"
	sequenceDigits = 20
)

// appendSequenceNumber appends a sequence as the service writes it.
func appendSequenceNumber(dst []byte, sequence uint64) []byte {
	dst = append(dst, sequencePrefix...)
	var digits [sequenceDigits]byte
	for i := sequenceDigits - 1; i >= 0; i-- {
		digits[i] = byte('0' + sequence%10)
		sequence /= 10
	}
	return append(dst, digits[:]...)
}

// parseSequenceNumber reads what appendSequenceNumber wrote.
func parseSequenceNumber(s string) (sequence uint64, ok bool) {
	digits, ok := strings.CutPrefix(s, sequencePrefix)
	if !ok || len(digits) != sequenceDigits {
		return 0, false
	}
	sequence, err := strconv.ParseUint(digits, 10, 64)
	return sequence, err == nil
}
