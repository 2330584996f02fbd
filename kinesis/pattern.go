package kinesis

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is made at its first use. Most are of options
// that are hardly ever set, and Fluent Bit waits for all that is made when the library
// is loaded.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
