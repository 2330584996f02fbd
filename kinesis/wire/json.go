package wire

import (
	"bytes"
	"slices"

	"github.com/segmentio/asm/base64"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/plugins/msgjson"
)

// jsonFormat is AWS JSON 1.1: data travels as base64.
type jsonFormat struct{}

func (jsonFormat) ContentType() string { return "application/x-amz-json-1.1" }

func (jsonFormat) AppendHead(dst []byte, stream string) []byte {
	dst = msgjson.AppendString(append(dst, '{'), []byte(StreamMember(stream)))
	dst = msgjson.AppendString(append(dst, ':'), []byte(stream))
	return append(dst, `,"Records":[`...)
}

func (f jsonFormat) AppendEntry(dst, data, key []byte) []byte {
	return f.appendData(append(dst, `{"Data":"`...), data, key)
}

const jsonPlaced = `{"ExplicitHashKey":"`

// AppendPlacedEntry has the hash key in front, where it is found again.
func (f jsonFormat) AppendPlacedEntry(dst, data, key []byte, at aggregate.HashKey) []byte {
	dst = at.Append(append(dst, jsonPlaced...))
	return f.appendData(append(dst, `","Data":"`...), data, key)
}

// appendData appends an entry from its data on.
func (jsonFormat) appendData(dst, data, key []byte) []byte {
	dst = appendBase64(dst, data)
	dst = append(dst, `","PartitionKey":`...)
	return append(msgjson.AppendString(dst, key), '}')
}

func (jsonFormat) dataLen(n int) int { return base64.StdEncoding.EncodedLen(n) }

func (jsonFormat) entryEnd() string { return `"}` }

// plainKey relies on that a quote within the key has a backslash before it: no
// key that is longer than it was can look so.
func (jsonFormat) plainKey(before []byte) bool { return bytes.HasSuffix(before, []byte(`":"`)) }

func (jsonFormat) placed(entry []byte) []byte {
	text, found := bytes.CutPrefix(entry, []byte(jsonPlaced))
	if !found {
		return nil
	}
	return text[:bytes.IndexByte(text, '"')]
}

func appendBase64(dst, src []byte) []byte {
	n := len(dst)
	size := base64.StdEncoding.EncodedLen(len(src))
	dst = slices.Grow(dst, size)[:n+size]
	base64.StdEncoding.Encode(dst[n:], src)
	return dst
}

func (jsonFormat) Separator() string { return "," }

func (jsonFormat) Complete(body []byte, _, _ int) []byte { return append(body, "]}"...) }
