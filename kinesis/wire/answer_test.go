package wire

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
)

// fed is a response to a request of n records.
func fed(f Format, body string, n int) (*Answer, error) {
	r := &Answer{Body: []byte(body)}
	return r, r.Read(f, n)
}

// refusals lists what was refused: the code of each record, "" where it was
// taken.
func refusals(r *Answer, n int) []string {
	codes := make([]string, n)
	for i := range codes {
		if r.Refused(i) {
			codes[i] = r.Results[i].Code
		}
	}
	return codes
}

func TestAnswer(t *testing.T) {
	const taken = `{"SequenceNumber":"495","ShardId":"shardId-000000000000"}`
	const refused = `{"ErrorCode":"InternalFailure","ErrorMessage":"Internal service failure."}`
	tests := []struct {
		name, body string
		want       []string // of two records
	}{
		{"all taken", `{"FailedRecordCount":0,"Records":[` + taken + `,` + taken + `]}`, []string{"", ""}},
		{"with the count behind the records", `{"Records":[` + taken + `,` + refused + `],"FailedRecordCount":1}`, []string{"", "InternalFailure"}},
		{"all taken, with the count behind the records", `{"Records":[` + taken + `,` + taken + `],"FailedRecordCount":0}`, []string{"", ""}},
		{"with a field before the count", `{"EncryptionType":"KMS","FailedRecordCount":1,"Records":[` + refused + `,` + taken + `]}`, []string{"InternalFailure", ""}},
		{"with blanks everywhere", " {\n\t\"FailedRecordCount\" : 1 ,\r\n \"Records\" : [ " + taken + " , " + refused + " ] } \n", []string{"", "InternalFailure"}},
		{"with blanks, all taken", " { \"FailedRecordCount\" :\t0 , \"Records\" : [ " + taken + " , " + taken + " ] } ", []string{"", ""}},
		{"with blanks behind the colon alone", `{"FailedRecordCount": 0, "Records": [` + taken + `, ` + taken + `]}`, []string{"", ""}},
		{"all refused", `{"FailedRecordCount":2,"Records":[` + refused + `,` + refused + `]}`, []string{"InternalFailure", "InternalFailure"}},
		{"with fields in any order", `{"FailedRecordCount":1,"Records":[` + taken + `,{"ErrorMessage":"m","x":[{}],"ErrorCode":"E"}]}`, []string{"", "E"}},
		{"with fields that are not known", `{"a":{"Records":[1]},"FailedRecordCount":1,"Records":[{"b":[1,{"ErrorCode":"no"}]},` + refused + `],"c":null}`, []string{"", "InternalFailure"}},
		{"with error codes of null", `{"FailedRecordCount":1,"Records":[{"SequenceNumber":"1","ErrorCode":null,"ErrorMessage":null},` + refused + `]}`, []string{"", "InternalFailure"}},
		{"with error codes that are empty", `{"FailedRecordCount":1,"Records":[{"SequenceNumber":"1","ErrorCode":""},` + refused + `]}`, []string{"", "InternalFailure"}},
		{"without the count", `{"Records":[` + refused + `,` + taken + `]}`, []string{"InternalFailure", ""}},
		{"with a count of null", `{"FailedRecordCount":null,"Records":[` + refused + `,` + taken + `]}`, []string{"InternalFailure", ""}},
		{"with a count that is too high", `{"FailedRecordCount":2,"Records":[` + refused + `,` + taken + `]}`, []string{"InternalFailure", ""}},
		{"with a count that is too low", `{"FailedRecordCount":1,"Records":[` + refused + `,` + refused + `]}`, []string{"InternalFailure", "InternalFailure"}},
		{"with a count, but no record refused", `{"FailedRecordCount":1,"Records":[` + taken + `,` + taken + `]}`, []string{"", ""}},
		{"with a negative count", `{"FailedRecordCount":-1,"Records":[` + refused + `,` + taken + `]}`, []string{"InternalFailure", ""}},
		{"with a count beyond all numbers", `{"FailedRecordCount":99999999999999999999,"Records":[` + taken + `,` + refused + `]}`, []string{"", "InternalFailure"}},
		{"with a message that looks like the count", `{"Records":[{"ErrorCode":"E","ErrorMessage":"\"FailedRecordCount\":0"},` + taken + `],"FailedRecordCount":1}`, []string{"E", ""}},
		{"with a count of none, and a record that was refused", `{"FailedRecordCount":0,"Records":[` + refused + `,` + taken + `]}`, []string{"InternalFailure", ""}},
		{"with escapes", `{"FailedRecordCount":1,"Records":[{"ErrorCode":"\u0045\/\n"},` + taken + `]}`, []string{"E/\n", ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := fed(jsonFormat{}, test.body, 2)
			require.NoError(t, err)
			require.Equal(t, test.want, refusals(r, 2))
			failed := 0
			for _, code := range test.want {
				if code != "" {
					failed++
				}
			}
			require.Equal(t, failed, r.Failed)
		})
	}
}

func TestAnswerThatCannotBeRead(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                                ``,
		"blanks":                                 "  \n",
		"a page of HTML":                         `<html><body>502 Bad Gateway</body></html>`,
		"no object":                              `[]`,
		"an empty object":                        `{}`,
		"a string":                               `"FailedRecordCount"`,
		"a count alone, of failures":             `{"FailedRecordCount":1}`,
		"a count that is no number":              `{"FailedRecordCount":"0"}`,
		"too few results":                        `{"FailedRecordCount":1,"Records":[{"ErrorCode":"E"}]}`,
		"too many results":                       `{"FailedRecordCount":1,"Records":[{"ErrorCode":"E"},{},{}]}`,
		"results of null":                        `{"FailedRecordCount":1,"Records":null}`,
		"results that are no list":               `{"FailedRecordCount":1,"Records":{"ErrorCode":"E"}}`,
		"results that are no objects":            `{"FailedRecordCount":1,"Records":[1,2]}`,
		"an end in the middle":                   `{"FailedRecordCount":1,"Records":[{"ErrorCode":"E"},{"Seq`,
		"an end in the middle of text":           `{"FailedRecordCount":1,"Records":[{"ErrorCode":"E`,
		"an end before the count":                `{"FailedRecordCount":`,
		"a count of none, without results":       `{"FailedRecordCount":0}`,
		"a count of none, with no results":       `{"FailedRecordCount":0,"Records":[]}`,
		"a count of none, with too few results":  `{"FailedRecordCount":0,"Records":[{"SequenceNumber":"1"}]}`,
		"a count of none, with too many results": `{"FailedRecordCount":0,"Records":[{},{},{}]}`,
		"a count of none, with too few results and more objects":    `{"FailedRecordCount":0,"Records":[{}],"Other":[{}]}`,
		"a count of none, with results that are in another member":  `{"FailedRecordCount":0,"Other":{"Records":[{},{}]}}`,
		"a count of none, with too few results that look like more": `{"FailedRecordCount":0,"Records":[{"a":"},{"}]}`,
		"a count of none, with results inside of others":            `{"FailedRecordCount":0,"Records":[{"a":[{},{}]}]}`,
		"a count of none, and an end in the middle":                 `{"FailedRecordCount":0,"Records":[{"SequenceNumber":"1"},{"Seq`,
		"two lists of results":                                      `{"FailedRecordCount":1,"Records":[{},{}],"Records":[{},{"ErrorCode":"E"}]}`,
		"a list without its end":                                    `{"FailedRecordCount":1,"Records":[{},{"ErrorCode":"E"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fed(jsonFormat{}, body, 2)
			require.ErrorContains(t, err, "answer of the service")
		})
	}
}

func TestAnswerOfTheLargestRequest(t *testing.T) {
	codes := make([]string, MaxRecords)
	for i := range codes {
		if i%7 == 0 {
			codes[i] = throttledCode
		}
	}
	r, err := fed(jsonFormat{}, string(answerOf(codes...)), len(codes))
	require.NoError(t, err)
	require.Equal(t, codes, refusals(r, len(codes)))
	require.Equal(t, 72, r.Failed)
	require.EqualError(t, r.Results[7].Err(), throttledCode+": message of "+throttledCode)

	message := strings.Repeat("x", 1<<20)
	r, err = fed(jsonFormat{}, `{"FailedRecordCount":1,"Records":[{"ErrorCode":"E","ErrorMessage":"`+message+`"}]}`, 1)
	require.NoError(t, err)
	require.Equal(t, message, r.Results[0].Message)
}

func TestAnswerIsReadAgain(t *testing.T) {
	r := &Answer{}
	for _, codes := range [][]string{{"A", "", "B"}, {"", ""}, {"C"}, {"", "D"}, {""}} {
		require.NoError(t, answering(r, codes...))
		require.Equal(t, codes, refusals(r, len(codes)))
	}
}

func TestAnswerHasTheShardsWhereTheyAreWanted(t *testing.T) {
	r := &Answer{WantShards: true, Body: answerOf("", "E", "")}
	require.NoError(t, r.Read(jsonFormat{}, 3))
	require.Equal(t, "shardId-000000000000", r.Results[0].Shard)
	require.Equal(t, []string{"", "E", ""}, refusals(r, 3))

	r.Body = answerOf("", "")
	require.NoError(t, r.Read(jsonFormat{}, 2))
	require.Len(t, r.Results, 2)
	require.Zero(t, r.Failed)
}

func TestAnswerInCBOR(t *testing.T) {
	type result struct {
		SequenceNumber string `cbor:",omitempty"`
		ShardID        string `cbor:"ShardId,omitempty"`
		ErrorCode      string `cbor:",omitempty"`
		ErrorMessage   string `cbor:",omitempty"`
	}
	type answer struct {
		FailedRecordCount int
		Records           []result
	}
	for _, n := range []int{0, 1, 2, 23, 24, 25, 255, 256, 300} {
		a, want := answer{FailedRecordCount: n, Records: make([]result, 300)}, make([]string, 300)
		for i := range n {
			at := (i * 7) % 300
			want[at] = fmt.Sprint("E", i)
			a.Records[at] = result{ErrorCode: want[at], ErrorMessage: "m"}
		}
		body, err := cbor.Marshal(a)
		require.NoError(t, err)
		r, err := fed(cborFormat{}, string(body), 300)
		require.NoError(t, err)
		require.Equal(t, n, r.Failed)
		require.Equal(t, want, refusals(r, 300))

		for _, others := range []int{1, 299, 301} {
			_, err = fed(cborFormat{}, string(body), others)
			require.ErrorContains(t, err, fmt.Sprintf("answer of the service has 300 results for %d records", others))
		}
		_, err = fed(cborFormat{}, string(body[:len(body)/2]), 300)
		require.Error(t, err)
	}
	indefinite := "\xbf" + "\x67Records\x9f\xbf\x69ErrorCode\x61E\xff\xbf\xff\xff" + "\x71FailedRecordCount\x01\xff"
	r, err := fed(cborFormat{}, indefinite, 2)
	require.NoError(t, err)
	require.Equal(t, []string{"E", ""}, refusals(r, 2))

	liar := "\xa2\x71FailedRecordCount\x00\x67Records\x82\xa0\xa1\x69ErrorCode\x61E"
	r, err = fed(cborFormat{}, liar, 2)
	require.NoError(t, err)
	require.Equal(t, []string{"", "E"}, refusals(r, 2))
	_, err = fed(cborFormat{}, "\xa1\x71FailedRecordCount\x00", 1)
	require.ErrorContains(t, err, "answer of the service has 0 results for 1 records")
}

// Answers of a client's own making are read as encoding/json reads them, in
// whatever order and shape.
func TestAnswerIsWhatEncodingJSONReads(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		n := 1 + random.IntN(5)
		records, want := make([]map[string]any, n), make([]string, n)
		for i := range records {
			records[i] = map[string]any{"SequenceNumber": "1", "Zone": []int{1}}
			if random.IntN(2) == 0 {
				want[i] = "E" + strings.Repeat("\"\\é\x00", random.IntN(3))
				records[i] = map[string]any{"ErrorCode": want[i], "ErrorMessage": nil, "A": map[string]any{"ErrorCode": "no"}}
			}
		}
		failed := 0
		for _, code := range want {
			if code != "" {
				failed++
			}
		}
		body := map[string]any{"FailedRecordCount": failed, "Records": records, "EncryptionType": "NONE", "a": 1.5}
		text, err := json.Marshal(body)
		require.NoError(t, err)
		if random.IntN(2) == 0 {
			text, err = json.MarshalIndent(body, "", "\t")
			require.NoError(t, err)
		}
		r, err := fed(jsonFormat{}, string(text), n)
		require.NoError(t, err)
		require.Equal(t, want, refusals(r, n))
	}
}

func FuzzAnswer(f *testing.F) {
	for _, codes := range [][]string{{""}, {"E"}, {"", "E"}, {"E", "", "F"}} {
		f.Add(answerOf(codes...), len(codes), false)
	}
	f.Add([]byte(`{"Records":[{"":1,"ErrorCode":"E"},{"ErrorCode":null}],"FailedRecordCount":1}`), 2, false)
	f.Add([]byte("\xbf\x67Records\x9f\xbf\x69ErrorCode\x61E\xff\xff\x71FailedRecordCount\x01\xff"), 1, true)
	f.Add([]byte("\xa2\x71FailedRecordCount\x00\x67Records\x81\xa0"), 1, true)
	f.Fuzz(func(t *testing.T, body []byte, n int, isCBOR bool) {
		n = max(1, n%MaxRecords)
		format := FormatOf(JSON)
		if isCBOR {
			format = FormatOf(CBOR)
		}
		for _, wantShards := range []bool{false, true} {
			r := &Answer{Body: body, WantShards: wantShards}
			if err := r.Read(format, n); err != nil {
				continue
			}
			if wantShards || r.Failed > 0 {
				require.Len(t, r.Results, n)
			}
			failed := 0
			for i := range n {
				if r.Refused(i) {
					failed++
					require.NotEmpty(t, r.Results[i].Err().Error())
				}
			}
			require.Equal(t, r.Failed, failed)
			if all, err := format.anyResults(nil, body); err == nil {
				require.Len(t, all, n, "as a library reads it")
			}
		}
		format.Refusal(body)
	})
}
