package kinesistest

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/segmentio/asm/base64"
)

// jsonCodec is AWS JSON 1.1.
type jsonCodec struct{}

func (jsonCodec) contentType() string { return "application/x-amz-json-1.1" }

func (jsonCodec) decode(body []byte, in any) error {
	if err := json.Unmarshal(body, in); err != nil {
		return badBody("%v", err)
	}
	return nil
}

func (jsonCodec) encode(out any) ([]byte, error) { return json.Marshal(out) }

func (jsonCodec) encodeError(e Error) []byte {
	members := map[string]string{"__type": e.Code}
	if e.Message != "" {
		members[messageName(e.Code)] = e.Message
	}
	body, _ := json.Marshal(members) // strings cannot fail
	return body
}

func (jsonCodec) appendPutRecordsAnswer(dst []byte, st *stream, l *landing) []byte {
	dst = append(dst, `{"FailedRecordCount":`...)
	dst = strconv.AppendInt(dst, int64(l.throttled+l.failed), 10)
	dst = append(dst, `,"Records":[`...)
	for i, r := range l.results {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONResult(dst, st, r)
	}
	return append(dst, "]}"...)
}

// appendJSONResult appends one entry's result. Nothing in it needs escaping.
func appendJSONResult(dst []byte, st *stream, r result) []byte {
	if r.refusal == accepted {
		dst = append(dst, `{"SequenceNumber":"`...)
		dst = appendSequenceNumber(dst, r.sequence)
		dst = append(dst, `","ShardId":"`...)
		dst = append(dst, r.shard.ID...)
		return append(dst, `"}`...)
	}
	code, message := st.messageOf(r)
	dst = append(dst, `{"ErrorCode":"`...)
	dst = append(dst, code...)
	dst = append(dst, `","ErrorMessage":"`...)
	dst = append(dst, message...)
	return append(dst, `"}`...)
}

func (jsonCodec) parsePutRecords(p *putRequest, body []byte) error {
	p.expect(base64.StdEncoding.DecodedLen(len(body)))
	s := scanner{b: body}
	err := s.object(func(name []byte) error {
		switch string(name) {
		case "StreamName":
			return s.text(&p.streamName)
		case "StreamARN":
			return s.text(&p.streamARN)
		case "Records":
			return s.records(p)
		}
		return s.skip(0)
	})
	if err != nil {
		return err
	}
	if s.space(); s.i < len(s.b) {
		return s.unexpected("the end of the body")
	}
	p.finish()
	return nil
}

// text reads a string or null.
func (s *scanner) text(to *string) error {
	*to = ""
	if s.null() {
		return nil
	}
	b, err := s.string()
	*to = string(b)
	return err
}

// records reads the list of entries or null. Of a repeated list the last stands.
func (s *scanner) records(p *putRequest) error {
	p.spans, p.data, p.text = p.spans[:0], p.data[:0], p.text[:0]
	p.hasRecords = false
	if s.null() {
		return nil
	}
	p.hasRecords = true
	return s.array(func() error {
		var e entrySpans
		if !s.null() {
			if err := s.entry(p, &e); err != nil {
				return err
			}
		}
		p.spans = append(p.spans, e)
		return nil
	})
}

func (s *scanner) entry(p *putRequest, e *entrySpans) error {
	return s.object(func(name []byte) (err error) {
		switch string(name) {
		case "Data":
			e.data, err = s.field(p.addBase64, s.quoted)
		case "PartitionKey":
			e.key, err = s.field(p.addText, s.string)
		case "ExplicitHashKey":
			e.hash, err = s.field(p.addText, s.string)
		default:
			err = s.skip(0)
		}
		return err
	})
}

// field reads a string into the request, or null.
func (s *scanner) field(add func([]byte) (span, error), read func() ([]byte, error)) (span, error) {
	if s.null() {
		return span{}, nil
	}
	b, err := read()
	if err != nil {
		return span{}, err
	}
	return add(b)
}

// strictBase64 refuses padding bits that are not zero, as the service does.
var strictBase64 = base64.StdEncoding.Strict()

// addBase64 decodes a record's data.
func (p *putRequest) addBase64(b []byte) (span, error) {
	if len(b)%4 != 0 {
		return span{}, badBody("Data can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(b))
	}
	from := len(p.data)
	p.expect(len(b) / 4 * 3)
	n, err := strictBase64.Decode(p.data[from:cap(p.data)], b)
	if err != nil {
		return span{}, badBody("Data can not be converted to a Blob: %v", err)
	}
	// The decoder skips line ends; the service does not.
	if n != len(b)/4*3-bytes.Count(b[max(0, len(b)-2):], []byte("=")) {
		return span{}, badBody("Data can not be converted to a Blob: Invalid Base64 character: a line end")
	}
	p.data = p.data[:from+n]
	return span{from: from, to: from + n, present: true}, nil
}
