package wire

import jsoniter "github.com/json-iterator/go"

func (jsonFormat) anyResults(dst []Result, answer []byte) ([]Result, error) {
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

func readResult(iter *jsoniter.Iterator) (r Result) {
	for field := iter.ReadObject(); field != ""; field = iter.ReadObject() {
		switch field {
		case "ErrorCode":
			r.Code = readText(iter)
		case "ErrorMessage":
			r.Message = readText(iter)
		case "ShardId":
			r.Shard = readText(iter)
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

func (jsonFormat) entry(text []byte) (data, key []byte, err error) {
	var record struct {
		Data         []byte
		PartitionKey string
	}
	err = jsoniter.Unmarshal(text, &record)
	return record.Data, []byte(record.PartitionKey), err
}

func (jsonFormat) Refusal(answer []byte) (code, message string) {
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
