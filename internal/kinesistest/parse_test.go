package kinesistest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// parsed is a request in plain values, for comparison. Fields that were absent
// or null are nil.
type parsed struct {
	StreamName, StreamARN string
	HasRecords            bool
	Entries               []parsedEntry
}

type parsedEntry struct {
	Data                          []byte
	PartitionKey, ExplicitHashKey *string
}

func (p *putRequest) plain() parsed {
	all := parsed{StreamName: p.streamName, StreamARN: p.streamARN, HasRecords: p.hasRecords}
	for i, e := range p.entries {
		var one parsedEntry
		if p.spans[i].data.present {
			one.Data = append([]byte{}, e.Data...)
		}
		if p.spans[i].key.present {
			one.PartitionKey = &e.PartitionKey
		}
		if p.spans[i].hash.present {
			one.ExplicitHashKey = &e.ExplicitHashKey
		}
		all.Entries = append(all.Entries, one)
	}
	return all
}

// parse reads a body, and checks that what was read before into the same
// request leaves no trace.
func parse(t *testing.T, c codec, body []byte) (parsed, error) {
	t.Helper()
	fresh, used := new(putRequest), new(putRequest)
	used.data, used.text = []byte("left"), []byte("over")
	used.spans = make([]entrySpans, 3)
	used.entries = make([]Entry, 3)
	used.reset(false)
	err := c.parsePutRecords(fresh, body)
	again := c.parsePutRecords(used, bytes.Clone(body))
	require.Equal(t, err, again)
	if err != nil {
		var e Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "SerializationException", e.Code)
		return parsed{}, err
	}
	require.Equal(t, fresh.plain(), used.plain())
	return fresh.plain(), nil
}

// generic reads a JSON body with encoding/json.
func generic(body []byte) (all parsed, err error) {
	var request map[string]json.RawMessage
	if err := strict(body, &request); err != nil {
		return all, err
	}
	var records []map[string]json.RawMessage
	for name, to := range map[string]any{"StreamName": &all.StreamName, "StreamARN": &all.StreamARN, "Records": &records} {
		if err := strict(request[name], to); err != nil {
			return all, err
		}
	}
	all.HasRecords = records != nil
	for _, r := range records {
		var one parsedEntry
		var data *string
		for name, to := range map[string]any{"Data": &data, "PartitionKey": &one.PartitionKey, "ExplicitHashKey": &one.ExplicitHashKey} {
			if err := strict(r[name], to); err != nil {
				return all, err
			}
		}
		if data != nil {
			if strings.ContainsAny(*data, "\r\n") {
				return all, errors.New("a line end")
			}
			if one.Data, err = base64.StdEncoding.Strict().DecodeString(*data); err != nil {
				return all, err
			}
		}
		all.Entries = append(all.Entries, one)
	}
	return all, nil
}

// strict is json.Unmarshal that takes an absent value for null, and null for an
// object as an error.
func strict(text []byte, to any) error {
	if text == nil {
		return nil
	}
	if m, isMap := to.(*map[string]json.RawMessage); isMap {
		if err := json.Unmarshal(text, m); err != nil {
			return err
		}
		if *m == nil {
			return errors.New("null")
		}
		return nil
	}
	return json.Unmarshal(text, to)
}

func FuzzPutRecordsInJSON(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `{"StreamName":"s"}`,
		`{"StreamName":"s","Records":[]}`,
		`{"StreamName":"s","Records":null,"StreamARN":null}`,
		`{"StreamName":"s","Records":[null,{"Data":null}]}`,
		`{"StreamName":"logs","Records":[{"Data":"aGVsbG8=","PartitionKey":"k"},{"Data":"","PartitionKey":"","ExplicitHashKey":"123"}]}`,
		`{"Records":[{"PartitionKey":"\u00e9\ud83d\ude42\\\"\/\b","Data":"Pz8\/"}], "x": [1, -2.5e3, true, false, null, {"y": "\\\""}], "StreamName":"s"}`,
		`{"Records":[{"Data":"` + strings.Repeat("YWFh", 40) + `"}]}`,
		`{"Records":[{"Data":"` + strings.Repeat("YWFh", 20) + `\n` + strings.Repeat("YWFh", 20) + `"}]}`,
		`{"Records":[{"Data":"YR=="}]}`, `{"Records":[{"Data":"===="}]}`,
		`{"StreamName":"\ud800"}`, `{"StreamName":"\x"}`, `{"StreamName":"a` + "\x01" + `"}`,
		`{"StreamName":"s",}`, `{"StreamName" "s"}`, `{"Records":[{},]}`, `{"Records":[1]}`, `{"x":nul}`, `{"x":01}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parse(t, jsonCodec{}, body)
		// The scanner refuses what is not UTF-8 in strings it keeps, and what is
		// nested too deep.
		if !utf8.Valid(body) || bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > maxDepth || repeatsMembers(body) {
			return
		}
		want, wantErr := generic(body)
		if wantErr != nil {
			require.Error(t, err, "%v", wantErr)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// repeatsMembers tells whether an object of a JSON text has a name twice: then
// encoding/json does not look at the lesser values.
func repeatsMembers(body []byte) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	var walk func() bool
	walk = func() bool {
		token, err := d.Token()
		if err != nil {
			return false
		}
		var seen []string
		for open := token; (open == json.Delim('{') || open == json.Delim('[')) && d.More(); {
			if open == json.Delim('{') {
				name, _ := d.Token()
				text, _ := name.(string)
				if slices.Contains(seen, text) {
					return true
				}
				seen = append(seen, text)
			}
			before := d.InputOffset()
			if walk() || d.InputOffset() == before {
				return true
			}
		}
		if token == json.Delim('{') || token == json.Delim('[') {
			_, _ = d.Token()
		}
		return false
	}
	return walk()
}

// genericCBOR reads a CBOR body with a library.
func genericCBOR(body []byte) (all parsed, err error) {
	var request struct {
		StreamName, StreamARN *string
		Records               []*parsedEntry
	}
	if err := strictCBOR.Unmarshal(body, &request); err != nil {
		return all, err
	}
	if request.StreamName != nil {
		all.StreamName = *request.StreamName
	}
	if request.StreamARN != nil {
		all.StreamARN = *request.StreamARN
	}
	all.HasRecords = request.Records != nil
	for _, e := range request.Records {
		if e == nil {
			e = &parsedEntry{}
		}
		all.Entries = append(all.Entries, *e)
	}
	return all, nil
}

var strictCBOR, _ = cbor.DecOptions{
	DupMapKey:         cbor.DupMapKeyEnforcedAPF,
	FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	MaxNestedLevels:   32,
}.DecMode()

func FuzzPutRecordsInCBOR(f *testing.F) {
	key, hash := "k", "12"
	whole, err := cbor.Marshal(map[string]any{
		"StreamName": "logs", "StreamARN": nil, "x": []any{1, -2, 2.5, "y", []byte{1}, map[int]int{1: 2}, cbor.Tag{Number: 1, Content: 5}},
		"Records": []parsedEntry{{Data: []byte("hello"), PartitionKey: &key}, {ExplicitHashKey: &hash}},
	})
	require.NoError(f, err)
	for _, body := range [][]byte{
		whole, whole[:len(whole)-1], append(bytes.Clone(whole), 0), {}, {0xa0}, {0xbf, 0xff}, {0xff}, {0xf6},
		[]byte("\xbf\x67Records\x9f\xbf\x64Data\x5f\x41a\x42bc\xff\x6cPartitionKey\x7f\x61k\xff\xff\xff\xff"),
		[]byte("\xa1\x67Records\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
		[]byte("\xa1\x61x" + strings.Repeat("\x81", 100) + "\x00"),
		[]byte("\xa1\x61x\xf8\x10"), []byte("\xa1\x61x\xd9\x00"), []byte("\xa1\x61x\x1f"),
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parse(t, cborCodec{}, body)
		want, wantErr := genericCBOR(body)
		if wantErr != nil {
			return // the library is the stricter: of tags, names and depth
		}
		if err != nil {
			// It also takes what is not a string for a name, and lists or
			// other numbers for bytes.
			require.ErrorContains(t, err, "CBOR")
			return
		}
		require.Equal(t, want, got)
	})
}

func TestBothCodecsReadTheSameRequest(t *testing.T) {
	type entry struct {
		Data            []byte
		PartitionKey    string
		ExplicitHashKey string `json:",omitempty"`
	}
	request := struct {
		StreamName string
		Records    []entry
	}{StreamName: "logs"}
	for i := range 300 {
		e := entry{Data: bytes.Repeat([]byte{byte(i), 'x', 0xff}, i), PartitionKey: fmt.Sprintf("ключ %d", i)}
		if i%3 == 0 {
			e.ExplicitHashKey = fmt.Sprint(i)
		}
		request.Records = append(request.Records, e)
	}
	text, err := json.Marshal(request)
	require.NoError(t, err)
	binary, err := cbor.Marshal(request)
	require.NoError(t, err)
	a, err := parse(t, jsonCodec{}, text)
	require.NoError(t, err)
	b, err := parse(t, cborCodec{}, binary)
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.Len(t, a.Entries, 300)
	require.Equal(t, request.Records[7].Data, a.Entries[7].Data)
	require.Nil(t, a.Entries[7].ExplicitHashKey)
	require.Equal(t, "6", *a.Entries[6].ExplicitHashKey)
}

func TestDataOfEachLengthIsDecoded(t *testing.T) {
	for n := range 200 {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i*7 + n)
		}
		body := fmt.Sprintf(`{"Records":[{"Data":%q},{"Data":"YQ=="}]}`, base64.StdEncoding.EncodeToString(data))
		got, err := parse(t, jsonCodec{}, []byte(body))
		require.NoError(t, err)
		require.Equal(t, data, got.Entries[0].Data)
		require.Equal(t, "a", string(got.Entries[1].Data))
	}
}

func TestALongStringOfEscapesIsReadInOnePass(t *testing.T) {
	key := strings.Repeat(`\"`, 1<<20)
	got, err := parse(t, jsonCodec{}, []byte(`{"StreamName":"`+key+`"}`))
	require.NoError(t, err)
	require.Len(t, got.StreamName, 1<<20)
}

// bodyOfRecords is a request of n records of 450 bytes.
func bodyOfRecords(n int) []byte {
	data := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(`{"log":"a line of the usual length"} `), 13)[:450])
	var b bytes.Buffer
	b.WriteString(`{"StreamName":"logs","Records":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"Data":"%s","PartitionKey":"%08d"}`, data, i)
	}
	b.WriteString("]}")
	return b.Bytes()
}

func BenchmarkParsePutRecordsInJSON(b *testing.B) {
	body := bodyOfRecords(500)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		p := newPutRequest()
		if err := (jsonCodec{}).parsePutRecords(p, body); err != nil {
			b.Fatal(err)
		}
		p.recycle(false)
	}
}

func BenchmarkLand(b *testing.B) {
	s, err := New(Options{Streams: map[string]int{"logs": 4}, Discard: true})
	require.NoError(b, err)
	defer s.Close()
	st, err := s.stream("logs")
	require.NoError(b, err)
	body := bodyOfRecords(500)
	b.ReportAllocs()
	for b.Loop() {
		p := newPutRequest()
		require.NoError(b, jsonCodec{}.parsePutRecords(p, body))
		x := &exchange{server: s, put: p, stream: st, codec: jsonCodec{}}
		flight := st.overlaps.hold(x.keys())
		x.putRecords(s.fates.draw("PutRecords", "logs"))
		st.overlaps.release(flight, false)
		p.recycle(false)
	}
}
