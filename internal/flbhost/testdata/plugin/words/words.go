// Package words is what a chunk tells the plugin.
package words

import (
	"strconv"
	"strings"
)

// Split is a chunk's first word, the rest, and the rest's number.
func Split(chunk string) (verb, argument string, number int) {
	verb, argument, _ = strings.Cut(chunk, " ")
	number, _ = strconv.Atoi(argument) // 0 where it is none
	return verb, argument, number
}
