package msgjson

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// What an Encoder is held against: the same rules, put as plainly as they can
// be, on top of a generic msgpack decoder and encoding/json. A value is nil, a
// bool, a json.Number, a string, a list of values, or an object.
type object []property

type property struct {
	key   string
	value any
}

// A reference reads one record.
type reference struct {
	src     *bytes.Reader
	decoder *msgpack.Decoder
	options Options
	noted   [2][]byte // the msgpack of noted values
	all     []byte
	leftOut bool // the member at hand is not written: no key in it has a text
}

var errReferenceTooDeep = errors.New("reference: too deep")

// referenceRecord reads the map at the start of src.
func referenceRecord(src []byte, options Options) (record object, n int, noted [2][]byte, err error) {
	r := &reference{src: bytes.NewReader(src), options: options, all: src}
	r.decoder = msgpack.NewDecoder(r.src)
	code, err := r.decoder.PeekCode()
	if err != nil || !isMap(code) {
		return nil, 0, noted, fmt.Errorf("not a map: %w", err)
	}
	record, err = r.mapAt(1, 0)
	return record, r.pos(), r.noted, err
}

func isMap(code byte) bool {
	return msgpcode.IsFixedMap(code) || code == msgpcode.Map16 || code == msgpcode.Map32
}

func isArray(code byte) bool {
	return msgpcode.IsFixedArray(code) || code == msgpcode.Array16 || code == msgpcode.Array32
}

func (r *reference) pos() int { return len(r.all) - r.src.Len() }

// value reads a value with depth levels around it, and in so many keys.
func (r *reference) value(depth, keys int) (any, error) {
	code, err := r.decoder.PeekCode()
	if err != nil {
		return nil, err
	}
	switch {
	case isMap(code):
		return r.mapAt(depth+1, keys)
	case isArray(code):
		return r.array(depth+1, keys)
	case msgpcode.IsExt(code):
		return r.ext()
	case msgpcode.IsString(code), msgpcode.IsBin(code):
		text, err := r.text()
		return validText(text), err
	}
	scalar, err := r.decoder.DecodeInterface()
	if err != nil {
		return nil, err
	}
	switch v := scalar.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil
		}
	case float32:
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, nil
		}
	case nil, bool:
		return v, nil
	}
	number, err := json.Marshal(scalar)
	return json.Number(number), err
}

func (r *reference) ext() (any, error) {
	typ, size, err := r.decoder.DecodeExtHeader()
	if err != nil {
		return nil, err
	}
	payload, err := r.read(size)
	if err != nil {
		return nil, err
	}
	if typ == 0 && size == 8 {
		sec, nsec := binary.BigEndian.Uint32(payload), binary.BigEndian.Uint32(payload[4:])
		return time.Unix(int64(sec), int64(nsec)).UTC().Format(time.RFC3339Nano), nil
	}
	return base64.StdEncoding.EncodeToString(payload), nil
}

func (r *reference) text() (string, error) {
	size, err := r.decoder.DecodeBytesLen()
	if err != nil {
		return "", err
	}
	text, err := r.read(size)
	return string(text), err
}

// read keeps the decoder from taking memory for what is announced alone.
func (r *reference) read(size int) ([]byte, error) {
	if size > r.src.Len() {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, size)
	return b, r.decoder.ReadFull(b)
}

func (r *reference) array(depth, keys int) (any, error) {
	n, err := r.decoder.DecodeArrayLen()
	if err != nil {
		return nil, err
	}
	deep := depth > MaxDepth
	elements := []any{}
	for range n {
		element, err := r.value(depth, keys)
		if deep, err = tooDeep(deep, err); err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	return elements, deepError(deep)
}

// mapAt reads a map. It reads on where that is too deep, to find the end.
func (r *reference) mapAt(depth, keys int) (object, error) {
	n, err := r.decoder.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	deep := depth > MaxDepth
	members := object{}
	for range n {
		key, err := r.key(depth, keys)
		if deep, err = tooDeep(deep, err); err != nil {
			return nil, err
		}
		start, pick := r.pos(), r.pick(key, depth, keys)
		around := r.leftOut
		r.leftOut = around || pick&Write == 0
		value, err := r.value(depth, keys)
		r.leftOut = around
		if deep, err = tooDeep(deep, err); err != nil {
			return nil, err
		}
		r.note(pick, start)
		if pick&Write != 0 {
			members = members.with(r.withoutDots(key, keys), value)
		}
	}
	return members, deepError(deep)
}

// with is the object with the last value in the place of the last.
func (o object) with(key string, value any) object {
	o = slices.DeleteFunc(o, func(p property) bool { return p.key == key })
	return append(o, property{key, value})
}

func tooDeep(deep bool, err error) (bool, error) {
	if errors.Is(err, errReferenceTooDeep) {
		return true, nil
	}
	return deep, err
}

func deepError(deep bool) error {
	if deep {
		return errReferenceTooDeep
	}
	return nil
}

// key reads a key, as it is before its dots are replaced and what is not UTF-8.
func (r *reference) key(depth, keys int) (string, error) {
	code, err := r.decoder.PeekCode()
	if err != nil {
		return "", err
	}
	if msgpcode.IsString(code) || msgpcode.IsBin(code) {
		return r.text()
	}
	start := r.pos()
	value, err := r.value(depth, keys+1)
	if err != nil || r.leftOut {
		return "", err
	}
	if c := r.all[start]; keys >= maxKeysAround && (isMap(c) || isArray(c)) {
		return "", errReferenceTooDeep
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	return marshal(value), nil
}

func (r *reference) withoutDots(key string, keys int) string {
	if r.options.ReplaceDots != nil && keys == 0 {
		key = strings.ReplaceAll(key, ".", string(r.options.ReplaceDots))
	}
	return validText(key)
}

// pick is what becomes of a member.
func (r *reference) pick(key string, depth, keys int) Pick {
	if depth > 1 || keys > 0 || r.options.Pick == nil {
		return Write
	}
	return r.options.Pick([]byte(key))
}

// note notes the value that begins at start and has been read.
func (r *reference) note(pick Pick, start int) {
	for i, note := range bothNotes {
		if pick&note != 0 {
			r.noted[i] = r.all[start:r.pos()]
		}
	}
}

// marshal is the JSON of a value.
func marshal(value any) string {
	switch v := value.(type) {
	case []any:
		var elements []string
		for _, element := range v {
			elements = append(elements, marshal(element))
		}
		return "[" + strings.Join(elements, ",") + "]"
	case object:
		var members []string
		for _, p := range v {
			members = append(members, libraryString(p.key)+":"+marshal(p.value))
		}
		return "{" + strings.Join(members, ",") + "}"
	case string:
		return libraryString(v)
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(map[any]string{nil: "null", true: "true", false: "false"}[value])
}

// unmarshal is the value of a JSON, the order of its keys kept, and repeated
// ones, too.
func unmarshal(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := unmarshalValue(decoder)
	if err == nil && decoder.InputOffset() != int64(len(text)) {
		err = fmt.Errorf("%d bytes follow the value", int64(len(text))-decoder.InputOffset())
	}
	return value, err
}

func unmarshalValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	delim, isDelim := token.(json.Delim)
	if !isDelim {
		return token, nil
	}
	elements, members := []any{}, object{}
	for decoder.More() {
		value, err := unmarshalValue(decoder)
		if err != nil {
			return nil, err
		}
		if delim == '[' {
			elements = append(elements, value)
			continue
		}
		member := property{key: value.(string)}
		if member.value, err = unmarshalValue(decoder); err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	if _, err = decoder.Token(); delim == '[' {
		return elements, err
	}
	return members, err
}
