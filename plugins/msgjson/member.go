package msgjson

import "fluent-bit-kinesis/plugins/msgpack"

// Member views the value of the member of a map that has this text as its
// key, of the last one where there are several. A key that is not a string
// counts by its JSON text. ok is false where value is not a map, or has none.
func Member(value []byte, key string) (member []byte, ok bool) {
	n, pos, err := msgpack.MapHeader(value, 0)
	if err != nil {
		return nil, false
	}
	for range n {
		text, start, err := keyText(value, pos)
		if err != nil {
			return nil, false
		}
		if pos, err = msgpack.Skip(value, start); err != nil {
			return nil, false
		}
		if string(text) == key {
			member, ok = value[start:pos], true
		}
	}
	return member, ok
}

func keyText(value []byte, pos int) (text []byte, next int, err error) {
	text, next, ok := msgpack.StringAt(value, pos)
	if ok {
		return text, next, nil
	}
	return NewEncoder(Options{}).oddKey(value, pos, 1)
}
