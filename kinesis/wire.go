package kinesis

// A wire is a way to write PutRecords requests and to read the answers, named
// by the option wire_format: AWS JSON 1.1 or its binary twin, AWS CBOR 1.1.
// Both have the same members under the same names.
type wire interface {
	contentType() string

	// appendHead opens a body, up to the first record.
	appendHead(dst []byte, stream string) []byte
	// appendEntry appends a record, data and partition key.
	appendEntry(dst, data, key []byte) []byte
	// separator stands between two records.
	separator() string
	// complete closes a body of n records whose head has this length.
	complete(body []byte, head, n int) []byte

	// scanFailed finds how many records were refused, without reading the
	// answer as a whole; ok is false where it cannot be told.
	scanFailed(answer []byte) (n int, ok bool)
	// results reads what became of each record, and appends it to dst.
	results(dst []result, answer []byte) ([]result, error)
	// refusal reads the answer to a request that was not taken. What cannot be
	// read is left empty.
	refusal(answer []byte) (code, message string)
}

// wireOf is the wire of this name, JSON where it is empty.
func wireOf(name string) wire {
	if name == WireCBOR {
		return cborWire{}
	}
	return jsonWire{}
}
