package samples

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
)

var errNotAnObject = errors.New("not a JSON object")

// parseObject reads one JSON object and keeps the order of its keys, which a Go map would lose. Whole numbers stay
// integers, as they do in Fluent Bit's parser.
func parseObject(line []byte) ([]Field, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	value, err := parseValue(decoder)
	if err != nil {
		return nil, err
	}
	fields, isObject := value.([]Field)
	if !isObject {
		return nil, errNotAnObject
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errNotAnObject
	}
	return fields, nil
}

func parseValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '[' {
			return parseArray(decoder)
		}
		return parseMap(decoder)
	case json.Number:
		return number(t), nil
	default: // string, bool or nil
		return t, nil
	}
}

func parseArray(decoder *json.Decoder) (any, error) {
	elements := []any{}
	for decoder.More() {
		element, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	_, err := decoder.Token() // the closing bracket
	return elements, err
}

func parseMap(decoder *json.Decoder) (any, error) {
	fields := []Field{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseValue(decoder)
		if err != nil {
			return nil, err
		}
		name, _ := key.(string) // the decoder lets nothing else stand here
		fields = append(fields, Field{Key: name, Value: value})
	}
	_, err := decoder.Token() // the closing brace
	return fields, err
}

func number(n json.Number) any {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return u
	}
	f, err := n.Float64()
	if err != nil { // beyond a float64
		return math.Copysign(math.MaxFloat64, f)
	}
	return f
}
