package kinesis

import (
	"bytes"
	"slices"
	"strconv"

	jsoniter "github.com/json-iterator/go"
	"github.com/segmentio/asm/base64"

	"fluent-bit-kinesis/plugins"
)

// jsonWire is AWS JSON 1.1: data travels as base64.
type jsonWire struct{}

func (jsonWire) contentType() string { return "application/x-amz-json-1.1" }

func (jsonWire) appendHead(dst []byte, stream string) []byte {
	dst = plugins.AppendString(append(dst, `{"StreamName":`...), []byte(stream))
	return append(dst, `,"Records":[`...)
}

func (jsonWire) appendEntry(dst, data, key []byte) []byte {
	dst = append(dst, `{"Data":"`...)
	dst = appendBase64(dst, data)
	dst = append(dst, `","PartitionKey":`...)
	return append(plugins.AppendString(dst, key), '}')
}

func appendBase64(dst, src []byte) []byte {
	n := len(dst)
	size := base64.StdEncoding.EncodedLen(len(src))
	dst = slices.Grow(dst, size)[:n+size]
	base64.StdEncoding.Encode(dst[n:], src)
	return dst
}

func (jsonWire) separator() string { return "," }

func (jsonWire) complete(body []byte, _, _ int) []byte { return append(body, "]}"...) }

var failedField = []byte(`"FailedRecordCount":`)

// scanFailed relies on that a quote cannot stand in a JSON string as it is: what
// is found is the field and nothing else.
func (jsonWire) scanFailed(answer []byte) (n int, ok bool) {
	_, rest, ok := bytes.Cut(answer, failedField)
	if !ok {
		return 0, false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(rest[:end]))
	return n, err == nil
}

func (jsonWire) results(dst []result, answer []byte) ([]result, error) {
	iter := jsoniter.ConfigDefault.BorrowIterator(answer)
	defer jsoniter.ConfigDefault.ReturnIterator(iter)
	for field := iter.ReadObject(); field != ""; field = iter.ReadObject() {
		if field != "Records" {
			iter.Skip()
			continue
		}
		for iter.ReadArray() {
			dst = append(dst, readResult(iter))
		}
	}
	return dst, iter.Error
}

func readResult(iter *jsoniter.Iterator) (r result) {
	for field := iter.ReadObject(); field != ""; field = iter.ReadObject() {
		switch field {
		case "ErrorCode":
			r.code = readText(iter)
		case "ErrorMessage":
			r.message = readText(iter)
		case "ShardId":
			r.shard = readText(iter)
		default:
			iter.Skip()
		}
	}
	return r
}

// readText reads a string; null counts as none.
func readText(iter *jsoniter.Iterator) string {
	if iter.WhatIsNext() == jsoniter.StringValue {
		return iter.ReadString()
	}
	iter.Skip()
	return ""
}

func (jsonWire) refusal(answer []byte) (code, message string) {
	iter := jsoniter.ConfigDefault.BorrowIterator(answer)
	defer jsoniter.ConfigDefault.ReturnIterator(iter)
	for field := iter.ReadObject(); field != ""; field = iter.ReadObject() {
		switch field {
		case "__type":
			code = readText(iter)
		case "message", "Message":
			message = readText(iter)
		default:
			iter.Skip()
		}
	}
	return code, message
}
