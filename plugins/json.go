package plugins

import (
	"bytes"
	"errors"
	"hash/maphash"
)

// A Pick says what becomes of a member of a record's own map.
type Pick uint8

// The picks, to be combined. A member with neither Write nor a note is left
// out.
const (
	Write Pick = 1 << iota // goes into the JSON
	Note1                  // its value can be had from Noted(0)
	Note2                  // its value can be had from Noted(1)
)

// EncoderOptions shape the JSON of an Encoder.
type EncoderOptions struct {
	// ReplaceDots stands for every '.' in every key, at every depth. nil
	// leaves keys alone.
	ReplaceDots []byte

	// Pick decides on the members of a record's own map by their key, as it
	// is before dots are replaced; a key that is not a string by its JSON. It
	// must answer the same for the same key, for its answers are remembered,
	// and must not keep the key. nil writes them all.
	Pick func(key []byte) Pick
}

// An Encoder writes msgpack maps as JSON objects, in one pass from bytes to
// bytes: keys in the record's own order, and of a repeated key the last value
// in the place of the last. It remembers the shapes of the maps it has met
// (see shape), and allocates nothing for those it knows. It belongs to one
// goroutine at a time.
type Encoder struct {
	options EncoderOptions
	noted   [2]notedValue

	known  *shape // of records' own maps
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

type notedValue struct {
	start, end int
	found      bool
}

// NewEncoder returns an Encoder with these options, which must not change.
func NewEncoder(options EncoderOptions) *Encoder {
	e := &Encoder{options: options, seed: maphash.MakeSeed()}
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
	e.noted = [2]notedValue{}
	out, n, err = e.mapAt(dst, src, 0, 1, e.known)
	if err == errThorough {
		e.noted = [2]notedValue{}
		out, n, err = e.mapAt(out[:len(dst)], src, 0, 1, nil)
	}
	e.trim()
	if err == nil {
		return out, n, nil
	}
	if err == ErrTooDeep {
		if end, skipErr := skip(src, 0); skipErr != nil {
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

// Noted is the value, as msgpack, of the last member of the last record that
// was picked with Note1 (i = 0) or Note2 (i = 1). src is the record.
func (e *Encoder) Noted(i int, src []byte) (value []byte, ok bool) {
	v := e.noted[i]
	return src[v.start:v.end], v.found
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

// mapAt appends the map at pos, which is at the given depth. Without a shape
// to start from, it and the maps within it are encoded the thorough way.
func (e *Encoder) mapAt(dst, src []byte, pos, depth int, seen *shape) ([]byte, int, error) {
	n, pos, err := mapHeader(src, pos)
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
			e.note(seen.pick, from, pos)
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

func (e *Encoder) note(pick Pick, start, end int) {
	if pick&Note1 != 0 {
		e.noted[0] = notedValue{start, end, true}
	}
	if pick&Note2 != 0 {
		e.noted[1] = notedValue{start, end, true}
	}
}

func (e *Encoder) pick(key []byte, depth int) Pick {
	if depth > 1 || e.options.Pick == nil {
		return Write
	}
	return e.options.Pick(key)
}

// appendKey appends the key at pos as `,"key":`. raw is its text before dots
// are replaced; it is valid until the next call.
func (e *Encoder) appendKey(dst, src []byte, pos, depth int) (out []byte, next int, raw []byte, err error) {
	raw, next, ok := stringAt(src, pos)
	if !ok {
		if raw, next, err = e.oddKey(src, pos, depth); err != nil {
			return dst, pos, nil, err
		}
	}
	return append(AppendString(append(dst, ','), e.withoutDots(raw)), ':'), next, raw, nil
}

// withoutDots is the text of a key under ReplaceDots, valid until the next
// call.
func (e *Encoder) withoutDots(key []byte) []byte {
	if e.options.ReplaceDots == nil || bytes.IndexByte(key, '.') < 0 {
		return key
	}
	e.dotless = AppendDotless(e.dotless[:0], key, e.options.ReplaceDots)
	return e.dotless
}

// AppendDotless appends the key with text in the place of every '.'.
func AppendDotless[T string | []byte](dst, key []byte, text T) []byte {
	for dot := bytes.IndexByte(key, '.'); dot >= 0; dot = bytes.IndexByte(key, '.') {
		dst = append(append(dst, key[:dot]...), text...)
		key = key[dot+1:]
	}
	return append(dst, key...)
}

// maxKeysAround bounds how deep keys may be in keys. Each key is a JSON string
// in that of the key around it, where every quote and backslash takes another
// backslash: the text grows by the power of two.
const maxKeysAround = 4

// oddKey is the text of a key that is not a string: its JSON, and for a value
// that JSON has as a string the inside of it. A key that is a map or an array
// comes while what e has is in use for the map around it: hence another
// Encoder. That one leaves dots alone, for all of its text is a key.
func (e *Encoder) oddKey(src []byte, pos, depth int) (raw []byte, next int, err error) {
	inner := e
	if pos < len(src) && (isMap(src[pos]) || isArray(src[pos])) {
		if e.keysAround >= maxKeysAround {
			return nil, pos, ErrTooDeep
		}
		inner = &Encoder{seed: e.seed, keysAround: e.keysAround + 1}
	}
	raw, next, err = inner.value(e.odd[:0], src, pos, depth, nil)
	e.odd = raw
	if n := len(raw); err == nil && raw[0] == '"' {
		raw = raw[1 : n-1] // an event time or base64: nothing in it is escaped
	}
	return raw, next, err
}
