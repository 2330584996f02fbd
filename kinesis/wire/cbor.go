package wire

import (
	"bytes"
	"encoding/binary"

	"fluent-bit-kinesis/aggregate"
)

// cborFormat is AWS CBOR 1.1, as AWS's Java SDK speaks it to Kinesis: data
// travels as bytes. The encoding is RFC 8949's.
type cborFormat struct{}

func (cborFormat) ContentType() string { return "application/x-amz-cbor-1.1" }

// Major types of RFC 8949, section 3.1, in the upper three bits of a head.
const (
	cborUint  = 0 << 5
	cborBytes = 2 << 5
	cborText  = 3 << 5
	cborArray = 4 << 5
	cborMap   = 5 << 5
)

const (
	cborNull  = 0xf6
	cborBreak = 0xff // ends what began without a length
)

// appendCBORHead appends the head of an item, whose argument n is a length or
// a count: RFC 8949, section 3.
func appendCBORHead(dst []byte, major byte, n int) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n < 1<<8:
		return append(dst, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
}

func appendCBORText(dst []byte, text string) []byte {
	return append(appendCBORHead(dst, cborText, len(text)), text...)
}

// AppendHead leaves the number of records open, as a count of two bytes that
// complete fills in.
func (cborFormat) AppendHead(dst []byte, stream string) []byte {
	dst = appendCBORHead(dst, cborMap, 2)
	dst = appendCBORText(dst, StreamMember(stream))
	dst = appendCBORText(dst, stream)
	dst = appendCBORText(dst, "Records")
	return append(dst, cborArray|25, 0, 0)
}

var (
	cborEntry  = appendCBORText(appendCBORHead(nil, cborMap, 2), "Data")
	cborKey    = appendCBORText(nil, "PartitionKey")
	cborPlaced = appendCBORText(appendCBORHead(nil, cborMap, 3), "ExplicitHashKey")
	cborData   = appendCBORText(nil, "Data")
)

func (f cborFormat) AppendEntry(dst, data, key []byte) []byte {
	return f.appendData(append(dst, cborEntry...), data, key)
}

// AppendPlacedEntry has the hash key in front, where it is found again.
func (f cborFormat) AppendPlacedEntry(dst, data, key []byte, at aggregate.HashKey) []byte {
	var digits [39]byte
	text := at.Append(digits[:0])
	dst = append(dst, cborPlaced...)
	dst = append(appendCBORHead(dst, cborText, len(text)), text...)
	return f.appendData(append(dst, cborData...), data, key)
}

func (cborFormat) placed(entry []byte) []byte {
	text, found := bytes.CutPrefix(entry, cborPlaced)
	if !found {
		return nil
	}
	n := int(text[0] &^ cborText)
	if text = text[1:]; n == 24 { // the length is in a byte of its own
		n, text = int(text[0]), text[1:]
	}
	return text[:n]
}

// appendData appends an entry from the value of its data on.
func (cborFormat) appendData(dst, data, key []byte) []byte {
	dst = append(appendCBORHead(dst, cborBytes, len(data)), data...)
	dst = append(dst, cborKey...)
	return append(appendCBORHead(dst, cborText, len(key)), key...)
}

func (cborFormat) dataLen(n int) int { return n }

func (cborFormat) entryEnd() string { return "" }

func (cborFormat) plainKey([]byte) bool { return true }

func (cborFormat) Separator() string { return "" }

func (cborFormat) Complete(body []byte, head, n int) []byte {
	binary.BigEndian.PutUint16(body[head-2:], uint16(n))
	return body
}
