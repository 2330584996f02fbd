package kinesistest

import (
	"github.com/fxamacker/cbor/v2"
)

// cborCodec is AWS CBOR 1.1: the members of AWS JSON 1.1 as RFC 8949 writes
// them, with data as byte strings instead of base64.
type cborCodec struct{}

func (cborCodec) contentType() string { return "application/x-amz-cbor-1.1" }

func (cborCodec) decode(body []byte, in any) error {
	if err := cbor.Unmarshal(body, in); err != nil {
		return badBody("%v", err)
	}
	return nil
}

func (cborCodec) encode(out any) ([]byte, error) { return cbor.Marshal(out) }

func (cborCodec) encodeError(e Error) []byte {
	body := append([]byte(nil), cborOpenMap)
	body = appendCBORText(body, "__type")
	body = appendCBORText(body, e.Code)
	if e.Message != "" {
		body = appendCBORText(body, messageName(e.Code))
		body = appendCBORText(body, e.Message)
	}
	return append(body, cborBreak)
}

// Maps and lists of the service's answers are of indefinite length.
func (cborCodec) appendPutRecordsAnswer(dst []byte, st *stream, l *landing) []byte {
	dst = append(dst, cborOpenMap)
	dst = appendCBORText(dst, "FailedRecordCount")
	dst = appendCBORHead(dst, cborUint, uint64(l.throttled+l.failed))
	dst = appendCBORText(dst, "Records")
	dst = append(dst, cborOpenList)
	for _, r := range l.results {
		dst = appendCBORResult(dst, st, r)
	}
	return append(dst, cborBreak, cborBreak)
}

func appendCBORResult(dst []byte, st *stream, r result) []byte {
	dst = append(dst, cborOpenMap)
	if r.refusal == accepted {
		dst = appendCBORText(dst, "SequenceNumber")
		dst = appendCBORHead(dst, cborText, uint64(len(sequencePrefix)+sequenceDigits))
		dst = appendSequenceNumber(dst, r.sequence)
		dst = appendCBORText(dst, "ShardId")
		dst = appendCBORText(dst, r.shard.ID)
		return append(dst, cborBreak)
	}
	code, message := st.messageOf(r)
	dst = appendCBORText(dst, "ErrorCode")
	dst = appendCBORText(dst, code)
	dst = appendCBORText(dst, "ErrorMessage")
	dst = appendCBORText(dst, message)
	return append(dst, cborBreak)
}

func (cborCodec) parsePutRecords(p *putRequest, body []byte) error {
	p.expect(len(body))
	r := cborReader{b: body}
	err := r.items(cborMap, func() error {
		name, err := r.text()
		if err != nil {
			return err
		}
		switch string(name) {
		case "StreamName":
			return r.name(&p.streamName)
		case "StreamARN":
			return r.name(&p.streamARN)
		case "Records":
			return r.records(p)
		}
		return r.skip(0)
	})
	if err != nil {
		return err
	}
	if r.i < len(r.b) {
		return badBody("CBOR: bytes after the end of the request, from byte %d", r.i)
	}
	p.finish()
	return nil
}

// name reads a text or null.
func (r *cborReader) name(to *string) error {
	*to = ""
	if r.null() {
		return nil
	}
	b, err := r.text()
	*to = string(b)
	return err
}

// records reads the list of entries or null. Of a repeated list the last stands.
func (r *cborReader) records(p *putRequest) error {
	p.spans, p.data, p.text = p.spans[:0], p.data[:0], p.text[:0]
	p.hasRecords = false
	if r.null() {
		return nil
	}
	p.hasRecords = true
	return r.items(cborList, func() error {
		var e entrySpans
		if !r.null() {
			if err := r.entry(p, &e); err != nil {
				return err
			}
		}
		p.spans = append(p.spans, e)
		return nil
	})
}

func (r *cborReader) entry(p *putRequest, e *entrySpans) error {
	return r.items(cborMap, func() error {
		name, err := r.text()
		if err != nil {
			return err
		}
		switch string(name) {
		case "Data":
			e.data, err = r.field(p.addBytes, cborBytes)
		case "PartitionKey":
			e.key, err = r.field(p.addText, cborText)
		case "ExplicitHashKey":
			e.hash, err = r.field(p.addText, cborText)
		default:
			err = r.skip(0)
		}
		return err
	})
}

// field reads a string of that major type into the request, or null.
func (r *cborReader) field(add func([]byte) (span, error), major byte) (span, error) {
	if r.null() {
		return span{}, nil
	}
	b, err := r.string(major)
	if err != nil {
		return span{}, err
	}
	return add(b)
}

// addBytes copies a record's data.
func (p *putRequest) addBytes(b []byte) (span, error) {
	s := span{from: len(p.data), to: len(p.data) + len(b), present: true}
	p.data = append(p.data, b...)
	return s, nil
}
