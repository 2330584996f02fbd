package wire

import "unicode/utf8"

// names keeps the texts of answers: those of shards and of errors come again and
// again, in thousands of records, and need memory once.
type names struct{ known map[string]string }

const (
	mostNames   = 1024
	longestName = 256 // bytes
)

// of is the text as a string. ok is false where it is not UTF-8.
func (n *names) of(text []byte) (name string, ok bool) {
	if name, ok = n.known[string(text)]; ok {
		return name, true
	}
	if name = string(text); !utf8.ValidString(name) {
		return "", false
	}
	n.keep(name)
	return name, true
}

// keep remembers a name. Where there is no more room all are forgotten: those in
// use are soon back.
func (n *names) keep(name string) {
	if len(name) > longestName {
		return
	}
	if n.known == nil {
		n.known = make(map[string]string)
	}
	if len(n.known) == mostNames {
		clear(n.known)
	}
	n.known[name] = name
}
