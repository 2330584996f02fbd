package wire

import "github.com/fxamacker/cbor/v2"

func (cborFormat) anyResults(dst []Result, answer []byte) ([]Result, error) {
	var decoded struct {
		Records []struct {
			ErrorCode, ErrorMessage string
			ShardID                 string `cbor:"ShardId"`
		}
	}
	if err := cbor.Unmarshal(answer, &decoded); err != nil {
		return dst, err
	}
	for _, r := range decoded.Records {
		dst = append(dst, Result{Code: r.ErrorCode, Message: r.ErrorMessage, Shard: r.ShardID})
	}
	return dst, nil
}

func (cborFormat) entry(text []byte) (data, key []byte, err error) {
	var record struct {
		Data         []byte
		PartitionKey string
	}
	err = cbor.Unmarshal(text, &record)
	return record.Data, []byte(record.PartitionKey), err
}

func (cborFormat) Refusal(answer []byte) (code, message string) {
	var decoded struct {
		Type    string `cbor:"__type"`
		Message string `cbor:"message"`
	}
	_ = cbor.Unmarshal(answer, &decoded) // what cannot be read is left empty
	return decoded.Type, decoded.Message
}
