package plugins

// The functions here look into msgpack values that have been walked before,
// by an Encoder for one, and so are known to be whole.

// Text views the bytes of a str or bin. ok is false for any other type.
func Text(value []byte) (text []byte, ok bool) {
	text, _, ok = stringAt(value, 0)
	return text, ok
}

// IsScalar tells whether the value is a number, a boolean or an ext value: no
// nil, no text, no map and no array.
func IsScalar(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	switch c := value[0]; {
	case isFixInt(c), c == leadFalse, c == leadTrue:
		return true
	case c >= leadExt8 && c <= leadFixExtN:
		return true // ext, float, uint, int
	}
	return false
}

// Member views the value of the member of a map that has this text as its
// key, of the last one where there are several. A key that is not a string
// counts by its JSON text. ok is false where value is not a map, or has none.
func Member(value []byte, key string) (member []byte, ok bool) {
	n, pos, err := mapHeader(value, 0)
	if err != nil {
		return nil, false
	}
	for range n {
		text, start, err := keyText(value, pos)
		if err != nil {
			return nil, false
		}
		if pos, err = skip(value, start); err != nil {
			return nil, false
		}
		if string(text) == key {
			member, ok = value[start:pos], true
		}
	}
	return member, ok
}

func keyText(value []byte, pos int) (text []byte, next int, err error) {
	text, next, ok := stringAt(value, pos)
	if ok {
		return text, next, nil
	}
	return NewEncoder(EncoderOptions{}).oddKey(value, pos, 1)
}
