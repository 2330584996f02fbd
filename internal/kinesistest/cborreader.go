package kinesistest

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// Major types of RFC 8949, section 3.1, in the upper three bits of an item's
// first byte.
const (
	cborUint   = 0
	cborNegInt = 1
	cborBytes  = 2
	cborText   = 3
	cborList   = 4
	cborMap    = 5
	cborTag    = 6
	cborSimple = 7
)

// Whole first bytes.
const (
	cborOpenList = cborList<<5 | cborIndefinite
	cborOpenMap  = cborMap<<5 | cborIndefinite
	cborNull     = cborSimple<<5 | 22
	cborBreak    = cborSimple<<5 | cborIndefinite
)

// cborIndefinite, in the lower five bits, leaves the end to a break.
const cborIndefinite = 31

// appendCBORHead appends an item's first byte and its argument.
func appendCBORHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

func appendCBORText(dst []byte, s string) []byte {
	return append(appendCBORHead(dst, cborText, uint64(len(s))), s...)
}

// cborReader walks a CBOR item in place.
type cborReader struct {
	b []byte
	i int
}

func (r *cborReader) broken(what string) error {
	return badBody("CBOR: %s at byte %d", what, r.i)
}

// head reads an item's first byte and its argument. indefinite items have none.
func (r *cborReader) head() (major byte, n uint64, indefinite bool, err error) {
	if r.i >= len(r.b) {
		return 0, 0, false, r.broken("unexpected end")
	}
	first := r.b[r.i]
	major, info := first>>5, first&31
	if info < 24 {
		r.i++
		return major, uint64(info), false, nil
	}
	if info == cborIndefinite {
		r.i++
		return major, 0, true, nil
	}
	if info > 27 {
		return 0, 0, false, r.broken("reserved first byte")
	}
	size := 1 << (info - 24)
	if len(r.b)-r.i-1 < size {
		return 0, 0, false, r.broken("unexpected end")
	}
	for _, c := range r.b[r.i+1 : r.i+1+size] {
		n = n<<8 | uint64(c)
	}
	r.i += 1 + size
	return major, n, false, nil
}

// ends reads the break of an indefinite item, if it comes next.
func (r *cborReader) ends() bool { return r.simple(cborBreak) }

// null reads a null, if one comes next.
func (r *cborReader) null() bool { return r.simple(cborNull) }

func (r *cborReader) simple(first byte) bool {
	if r.i < len(r.b) && r.b[r.i] == first {
		r.i++
		return true
	}
	return false
}

// items reads a map or a list. item is called before each member of a map and
// each element of a list, and reads it.
func (r *cborReader) items(wanted byte, item func() error) error {
	start := r.i
	major, n, indefinite, err := r.head()
	if err != nil {
		return err
	}
	if major != wanted {
		r.i = start
		return r.broken("unexpected type")
	}
	for indefinite || n > 0 {
		if indefinite && r.ends() {
			return nil
		}
		if err := item(); err != nil {
			return err
		}
		n--
	}
	return nil
}

func (r *cborReader) text() ([]byte, error) { return r.string(cborText) }

// string reads a text or byte string. What it returns is a part of the input, or
// a copy where the string came in chunks.
func (r *cborReader) string(wanted byte) ([]byte, error) {
	start := r.i
	major, n, indefinite, err := r.head()
	if err != nil {
		return nil, err
	}
	if major != wanted {
		r.i = start
		return nil, r.broken("unexpected type")
	}
	if indefinite {
		return r.chunks(wanted)
	}
	return r.take(n, wanted)
}

// take is the next n bytes. Text is UTF-8.
func (r *cborReader) take(n uint64, major byte) ([]byte, error) {
	if n > uint64(len(r.b)-r.i) {
		return nil, r.broken("a string longer than the input")
	}
	s := r.b[r.i : r.i+int(n)]
	if major == cborText && !utf8.Valid(s) {
		return nil, r.broken("a text that is not UTF-8")
	}
	r.i += int(n)
	return s, nil
}

// chunks joins the definite strings that make up an indefinite one.
func (r *cborReader) chunks(wanted byte) ([]byte, error) {
	var whole []byte
	for !r.ends() {
		major, n, indefinite, err := r.head()
		if err != nil {
			return nil, err
		}
		if major != wanted || indefinite {
			return nil, r.broken("a chunk of another type")
		}
		chunk, err := r.take(n, major)
		if err != nil {
			return nil, err
		}
		whole = append(whole, chunk...)
	}
	return whole, nil
}

// skip reads an item of any kind.
func (r *cborReader) skip(depth int) error {
	if depth > maxDepth {
		return badBody("CBOR: values are nested deeper than %d levels", maxDepth)
	}
	start := r.i
	major, n, indefinite, err := r.head()
	if err != nil {
		return err
	}
	within := func() error { return r.skip(depth + 1) }
	switch major {
	case cborBytes, cborText:
		r.i = start
		_, err := r.string(major)
		return err
	case cborList:
		r.i = start
		return r.items(cborList, within)
	case cborMap:
		r.i = start
		return r.items(cborMap, func() error {
			if err := within(); err != nil {
				return err
			}
			return within()
		})
	case cborTag:
		if !indefinite {
			return within()
		}
	case cborSimple:
		if !indefinite && !(n < 32 && r.i-start == 2) {
			return nil
		}
	default:
		if !indefinite {
			return nil
		}
	}
	return r.broken("a break or an indefinite length out of place")
}
