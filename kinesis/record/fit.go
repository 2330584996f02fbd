package record

import (
	"fmt"
	"unicode/utf8"

	"fluent-bit-kinesis/compress"
)

// truncatedSuffix ends data that was cut.
const truncatedSuffix = "[Truncated...]"

// fit ends the data as the options have it, and compresses it, within limit
// bytes.
func (e *Encoder) fit(limit int) (data []byte, truncated bool, err error) {
	if e.Compressor != nil {
		return e.fitCompressed(limit)
	}
	if len(e.data)+e.newline() > limit && !(len(e.data) == limit && e.ended(e.data)) {
		e.data, truncated = e.cut(limit), true
		return e.data, truncated, nil
	}
	return e.end(e.data), false, nil
}

// fitCompressed does the same for the compressed form of the data.
func (e *Encoder) fitCompressed(limit int) (data []byte, truncated bool, err error) {
	e.data = e.end(e.data)
	whole := len(e.data)
	packed, kept, err := compress.Fit(e.Compressor, e.packed[:0], e.data, limit, func(n int) []byte {
		text := e.data[:whole-e.newline()]
		e.scratch = append(e.scratch[:0], cutText(text, n)...)
		e.scratch = e.end(append(e.scratch, truncatedSuffix...))
		return e.scratch
	})
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", errTooBig, err)
	}
	e.packed = packed
	return packed, kept < whole, nil
}

// cut shortens the data at hand so that it has limit bytes with its ending.
func (e *Encoder) cut(limit int) []byte {
	kept := cutText(e.data, limit-e.newline()-len(truncatedSuffix))
	return e.end(append(kept, truncatedSuffix...))
}

// end appends what append_newline asks for.
func (e *Encoder) end(data []byte) []byte {
	if e.options.AppendNewline && !e.ended(data) {
		return append(data, '\n')
	}
	return data
}

// ended tells whether data has its newline already, as the value of log_key may.
func (e *Encoder) ended(data []byte) bool {
	return e.options.Lines && len(data) > 0 && data[len(data)-1] == '\n'
}

// newline is how many bytes end appends, at most.
func (e *Encoder) newline() int {
	if e.options.AppendNewline {
		return 1
	}
	return 0
}

// cutText is the longest prefix of s of at most n bytes that does not end
// inside a UTF-8 character.
func cutText(s []byte, n int) []byte {
	if n >= len(s) {
		return s
	}
	for back := range min(utf8.UTFMax, n+1) {
		if start := n - back; utf8.RuneStart(s[start]) {
			if _, size := utf8.DecodeRune(s[start:]); start+size > n {
				return s[:start]
			}
			break
		}
	}
	return s[:n]
}
