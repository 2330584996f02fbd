// Package msgjson writes msgpack as JSON, in one pass from bytes to bytes.
//
// An [Encoder] appends the map that is an event's body to the caller's buffer,
// as a JSON object, and on the way leaves out or notes members of it by their
// key. Log records come in few shapes and repeat much of what is in them: an
// encoder learns the shapes of the maps that it meets, and remembers maps that
// come again, so that it does for a record only what is new in it. A record
// that is like none before it is written the thorough way, which needs no
// memory of others. Both give the same text.
//
// It allocates nothing for a record whose shapes it knows. It takes any bytes
// at all: what they can make it do is bounded in time, in memory and in depth.
package msgjson

import (
	"errors"
	"hash/maphash"

	"fluent-bit-kinesis/plugins/msgpack"
)

// Options shape the JSON of an Encoder.
type Options struct {
	// ReplaceDots stands for every '.' in every key, at every depth. nil
	// leaves keys alone.
	ReplaceDots []byte

	// HexBinary makes values of type bin hexadecimal digits, in lower case, as
	// OpenTelemetry writes its ids. Without it they are the text of their bytes.
	HexBinary bool

	// Pick decides on the members of a record's own map by their key, as it
	// is before dots are replaced; a key that is not a string by its JSON. It
	// must answer the same for the same key, for its answers are remembered,
	// and must not keep the key. nil writes them all.
	Pick func(key []byte) Pick

	// Numbered is how many values can be noted by their numbers, at most
	// MaxNumbered.
	Numbered int
}

// An Encoder writes msgpack maps as JSON objects, in one pass from bytes to
// bytes: keys in the record's own order, and of a repeated key the last value
// in the place of the last. It remembers the shapes of the maps it has met
// (see shape), and allocates nothing for those it knows. It belongs to one
// goroutine at a time.
type Encoder struct {
	options  Options
	notes    notes
	numbered []span // by number

	known  *shape // of records' own maps
	alike  *shape // of the maps of AppendAlike
	shapes int    // how many there are; bounded by maxShapes
	places map[place]*shape
	misses int // since there were maxShapes
	memos  int // how many there are; bounded by maxMemos

	// For maps without a shape. members is a stack, for maps within maps: each
	// map uses what it pushes and leaves the rest alone.
	members []member
	table   []uint32
	seed    maphash.Seed

	odd        []byte // the text of the key at hand, if it is not a string
	dotless    []byte // the text of the key at hand, if its dots are replaced
	keysAround int    // how many keys the values at hand are within
}

// NewEncoder returns an Encoder with these options, which must not change.
func NewEncoder(options Options) *Encoder {
	e := &Encoder{options: options, seed: maphash.MakeSeed(), numbered: make([]span, options.Numbered)}
	e.forget()
	return e
}

// errThorough asks for the record to be encoded again, without shapes.
var errThorough = errors.New("shape of the record cannot be used")

// AppendRecord appends the map at the start of src as a JSON object, under
// the options, and returns how long the map is. On an error dst has what it
// had. After ErrTooDeep the length still holds; any other error means that src
// cannot be read. What is behind the result in dst's capacity may be
// overwritten, here and in AppendValue.
func (e *Encoder) AppendRecord(dst, src []byte) (out []byte, n int, err error) {
	if e.misses >= missesToForget {
		e.forget()
	}
	e.notes = notes{}
	clear(e.numbered)
	out, n, err = e.mapAt(dst, src, 0, 1, e.known)
	if err == errThorough {
		e.notes = notes{}
		clear(e.numbered)
		out, n, err = e.mapAt(out[:len(dst)], src, 0, 1, nil)
	}
	e.trim()
	if err == nil {
		return out, n, nil
	}
	if err == ErrTooDeep {
		if end, skipErr := msgpack.Skip(src, 0); skipErr != nil {
			err = skipErr
		} else {
			n = end
		}
	}
	return out[:len(dst)], n, err
}

// trim empties what maps without a shape have used.
func (e *Encoder) trim() {
	e.members, e.table = trimmed(e.members), trimmed(e.table)
	e.odd, e.dotless = trimmed(e.odd), trimmed(e.dotless)
}

// trimmed empties a stack, and gives it up where one odd record has made it
// larger than what usual ones need.
func trimmed[T any](stack []T) []T {
	const usual = 16 << 10
	if cap(stack) > usual {
		return nil
	}
	return stack[:0]
}

// AppendValue appends the msgpack value at the start of src as JSON, under
// ReplaceDots, as the value of a member of a record. On an error dst has what
// it had.
func (e *Encoder) AppendValue(dst, src []byte) ([]byte, error) {
	out, _, err := e.value(dst, src, 0, 1, nil)
	e.trim()
	if err != nil {
		return out[:len(dst)], err
	}
	return out, nil
}

// AppendAlike is AppendValue for maps of few shapes, such as what comes beside
// each record: it learns them, and remembers a map that comes again.
func (e *Encoder) AppendAlike(dst, src []byte) ([]byte, error) {
	if e.misses >= missesToForget {
		e.forget()
	}
	out, _, err := e.value(dst, src, 0, 1, e.alike)
	e.trim()
	if err == errThorough {
		return e.AppendValue(out[:len(dst)], src)
	}
	if err != nil {
		return out[:len(dst)], err
	}
	return out, nil
}

// mapAt appends the map at pos, which is at the given depth. Without a shape
// to start from, it and the maps within it are encoded the thorough way.
func (e *Encoder) mapAt(dst, src []byte, pos, depth int, seen *shape) ([]byte, int, error) {
	n, pos, err := msgpack.MapHeader(src, pos)
	if err != nil {
		return dst, pos, err
	}
	if seen == nil || n > maxShapeKeys {
		return e.mapThorough(dst, src, pos, n, depth)
	}
	start := len(dst)
	for ; n > 0; n-- {
		if seen = e.follow(seen, src, pos, depth); seen == nil {
			return dst, pos, errThorough
		}
		pos += len(seen.key)
		from := pos
		if seen.pick&Write == 0 {
			pos, err = skipWithin(src, pos, depth)
		} else {
			dst = append(dst, seen.text...)
			dst, pos, err = e.value(dst, src, pos, depth, seen.below)
		}
		if err != nil {
			return dst, pos, err
		}
		if seen.pick != Write {
			e.notes.take(seen.pick, from, pos)
			if len(e.numbered) > 0 {
				e.number(seen.pick, from, pos)
			}
		}
	}
	return closeMap(dst, start), pos, nil
}

// closeMap makes an object of the members that begin at start, each with a
// comma before it.
func closeMap(dst []byte, start int) []byte {
	if len(dst) == start {
		return append(dst, "{}"...)
	}
	dst[start] = '{'
	return append(dst, '}')
}
