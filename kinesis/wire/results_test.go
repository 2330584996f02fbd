package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// largeAnswer is the answer to a request of 500 records, over so many shards,
// of which each n-th was refused.
func largeAnswer(shards, n int) (a answered) {
	for i := range MaxRecords {
		shard := fmt.Sprintf("shardId-%012d", i%shards)
		if i%n == n-1 {
			a.FailedRecordCount++
			a.Records = append(a.Records, answeredRecord{
				ErrorCode:    throttledCode,
				ErrorMessage: "Rate exceeded for shard " + shard + " in stream logs under account 123456789012.",
			})
			continue
		}
		a.Records = append(a.Records, answeredRecord{
			SequenceNumber: fmt.Sprintf("49590338271490256608559692538361571095921575989136%06d", i), ShardID: shard,
		})
	}
	return a
}

// openEnded is an answer in CBOR as the service writes it: without the lengths
// of maps and lists.
func (a answered) openEnded() []byte {
	text := func(b []byte, pairs ...string) []byte {
		for _, s := range pairs {
			b = appendCBORText(b, s)
		}
		return b
	}
	b := appendCBORText([]byte{cborMap | 31}, "FailedRecordCount")
	b = appendCBORHead(b, cborUint, a.FailedRecordCount)
	b = append(appendCBORText(b, "Records"), cborArray|31)
	for _, r := range a.Records {
		b = append(b, cborMap|31)
		if r.ErrorCode != "" {
			b = text(b, "ErrorCode", r.ErrorCode, "ErrorMessage", r.ErrorMessage)
		} else {
			b = text(b, "SequenceNumber", r.SequenceNumber, "ShardId", r.ShardID)
		}
		b = append(b, cborBreak)
	}
	return append(b, cborBreak, cborBreak)
}

func TestUsualAnswersAreReadWithoutALibrary(t *testing.T) {
	a := largeAnswer(40, 3)
	for name, test := range map[string]struct {
		format Format
		body   []byte
	}{
		"json": {jsonFormat{}, a.in(jsonFormat{})},
		"json with blanks, null and a member behind the list": {jsonFormat{},
			[]byte(`{"FailedRecordCount": 1, "Records": [{"ErrorCode": null, "ShardId": "s", "n": 0}, {"ErrorCode": "E"}], "EncryptionType": "KMS"}`)},
		"cbor":                 {cborFormat{}, a.in(cborFormat{})},
		"cbor without lengths": {cborFormat{}, a.openEnded()},
		"cbor with null":       {cborFormat{}, []byte("\xa1\x67Records\x81\xa2\x69ErrorCode\xf6\x67ShardId\x61s")},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := test.format.results(nil, test.body, &names{})
			require.True(t, ok)
			want, err := test.format.anyResults(nil, test.body)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestUnusualAnswersAreLeftToALibrary(t *testing.T) {
	for name, body := range map[string]string{
		"escapes":                  `{"Records":[{"ErrorCode":"\u0045"}]}`,
		"lines":                    "{\n\"Records\":[{\"ErrorCode\":\"E\"}]}",
		"letters beyond ASCII":     `{"Records":[{"ErrorMessage":"é"}]}`,
		"a member without a name":  `{"":1,"Records":[{}]}`,
		"numbers with a fraction":  `{"n":1.5,"Records":[{}]}`,
		"numbers with zeros ahead": `{"n":007,"Records":[{}]}`,
		"negative numbers":         `{"n":-1,"Records":[{}]}`,
		"lists of something else":  `{"n":[1],"Records":[{}]}`,
		"a comma without a member": `{"Records":[{"ErrorCode":"E",}]}`,
		"members without a comma":  `{"Records":[{"ErrorCode":"E""ShardId":"s"}]}`,
		"results of null":          `{"Records":[null]}`,
		"no results":               `{"Records":[]}`,
		"an end in the middle":     `{"Records":[{"ErrorCode":"E"}`,
	} {
		t.Run("json with "+name, func(t *testing.T) {
			_, ok := jsonFormat{}.results(nil, []byte(body), &names{})
			require.False(t, ok)
		})
	}
	for name, body := range map[string]string{
		"names in another case":  "\xa1\x67records\x81\xa1\x69ErrorCode\x61E",
		"a list that is twice":   "\xa2\x67Records\x81\xa0\x67Records\x81\xa0",
		"a member that is twice": "\xa1\x67Records\x81\xa2\x67ShardId\x61a\x67ShardId\x61b",
		"texts in pieces":        "\xa1\x67Records\x81\xa1\x67ShardId\x7f\x61a\xff",
		"bytes for a text":       "\xa1\x67Records\x81\xa1\x67ShardId\x41a",
		"a text that is not":     "\xa1\x67Records\x81\xa1\x67ShardId\x61\xff",
		"large numbers":          "\xa2\x71FailedRecordCount\x1a\x00\x00\x00\x01\x67Records\x81\xa0",
		"something behind it":    "\xa1\x67Records\x81\xa0\x00",
		"a map cut short":        "\xa1\x67Records\x81\xa2\x67ShardId\x61a",
		"a list without its end": "\xa1\x67Records\x9f\xa0",
	} {
		t.Run("cbor with "+name, func(t *testing.T) {
			_, ok := cborFormat{}.results(nil, []byte(body), &names{})
			require.False(t, ok)
		})
	}
}

func TestMessagesAreKeptForRefusedRecordsOnly(t *testing.T) {
	for _, body := range []string{
		`{"FailedRecordCount":1,"Records":[{"ErrorMessage":"no"},{"ErrorMessage":"yes","ErrorCode":"E"}]}`,
		"{\"FailedRecordCount\":1,\n\"Records\":[{\"ErrorMessage\":\"no\"},{\"ErrorMessage\":\"yes\",\"ErrorCode\":\"E\"}]}",
	} {
		a := &Answer{Body: []byte(body)}
		require.NoError(t, a.Read(jsonFormat{}, 2))
		require.Equal(t, []Result{{}, {Code: "E", Message: "yes"}}, a.Results)
	}
}

func TestAnswersAfterTheFirstAllocateNothing(t *testing.T) {
	forEachFormat(t, func(t *testing.T, f formatCase) {
		a := &Answer{WantShards: true, Body: largeAnswer(40, 3).in(f.format)}
		require.NoError(t, a.Read(f.format, MaxRecords))
		require.Zero(t, testing.AllocsPerRun(10, func() {
			if a.Read(f.format, MaxRecords) != nil || a.Failed == 0 {
				t.Error("the answer is read otherwise the next time")
			}
		}))
	})
}

func TestNamesAreBounded(t *testing.T) {
	var n names
	for i := range 3 * mostNames {
		text := fmt.Sprint(i)
		name, ok := n.of([]byte(text))
		require.True(t, ok)
		require.Equal(t, text, name)
		require.LessOrEqual(t, len(n.known), mostNames)
	}
	long := strings.Repeat("a", longestName+1)
	name, ok := n.of([]byte(long))
	require.True(t, ok)
	require.Equal(t, long, name)
	require.NotContains(t, n.known, long)
	_, ok = n.of([]byte("\xff"))
	require.False(t, ok)
}

func TestNamesAreTheTextsAtTheTime(t *testing.T) {
	var n names
	text := []byte("shard")
	name, _ := n.of(text)
	copy(text, "other")
	require.Equal(t, "shard", name)
	again, _ := n.of([]byte("shard"))
	require.Equal(t, "shard", again)
}

// An answer in which nothing failed is the usual one, and is counted only.
func TestUsualAnswersAreCountedOnly(t *testing.T) {
	a := largeAnswer(40, MaxRecords+1)
	for name, test := range map[string]struct {
		format Format
		body   []byte
	}{
		"json":                 {jsonFormat{}, a.in(jsonFormat{})},
		"cbor":                 {cborFormat{}, a.in(cborFormat{})},
		"cbor without lengths": {cborFormat{}, a.openEnded()},
		"json with members before and behind the list": {jsonFormat{},
			[]byte(strings.Replace(strings.Replace(string(a.in(jsonFormat{})), "{", `{"EncryptionType":"KMS",`, 1), "]}", `],"n":0}`, 1))},
	} {
		t.Run(name, func(t *testing.T) {
			require.True(t, test.format.allTaken(test.body, MaxRecords))
			require.False(t, test.format.allTaken(test.body, MaxRecords-1))
			require.False(t, test.format.allTaken(test.body, MaxRecords+1))
			answer := &Answer{Body: test.body}
			require.Zero(t, testing.AllocsPerRun(10, func() {
				if answer.Read(test.format, MaxRecords) != nil || answer.Failed != 0 {
					t.Error("the answer is read otherwise")
				}
			}))
		})
	}
}

// Where the formats' own readers do not give up, they read what the libraries
// read.
func FuzzResults(f *testing.F) {
	a := largeAnswer(2, 2)
	a.Records = a.Records[:3]
	for _, codes := range [][]string{{""}, {"E"}, {"", "E"}, {"E", "", "F"}} {
		f.Add(answerOf(codes...), false)
		f.Add(answeredOf(codes...).in(cborFormat{}), true)
	}
	f.Add(a.in(jsonFormat{}), false)
	f.Add(a.in(cborFormat{}), true)
	f.Add(a.openEnded(), true)
	f.Add([]byte(`{"a":0,"b":12,"c":null,"Records":[{"ErrorCode":null,"ErrorCode":"E"}, {"ShardId":"s"}]} more`), false)
	f.Add([]byte("\xbf\x67Records\x81\xa2\x69ErrorCode\xf6\x67ShardId\x61s\x6eEncryptionType\x63KMS\xff"), true)
	f.Fuzz(func(t *testing.T, body []byte, isCBOR bool) {
		format := FormatOf(JSON)
		if isCBOR {
			format = FormatOf(CBOR)
		}
		got, ok := format.results(nil, body, &names{})
		if !ok {
			return
		}
		want, err := format.anyResults(nil, body)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func BenchmarkAnswerOf500Taken(b *testing.B) {
	a := largeAnswer(40, MaxRecords+1)
	for _, bench := range []struct {
		name   string
		format Format
		body   []byte
	}{
		{"json", jsonFormat{}, a.in(jsonFormat{})},
		{"cbor", cborFormat{}, a.in(cborFormat{})},
		{"cbor without lengths", cborFormat{}, a.openEnded()},
	} {
		for _, wantShards := range []bool{false, true} {
			b.Run(fmt.Sprint(bench.name, " with shards ", wantShards), func(b *testing.B) {
				answer := &Answer{WantShards: wantShards, Body: bench.body}
				b.ReportAllocs()
				for b.Loop() {
					if err := answer.Read(bench.format, MaxRecords); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkAnswerOf500(b *testing.B) {
	a := largeAnswer(40, 10)
	for _, bench := range []struct {
		name   string
		format Format
		body   []byte
	}{
		{"json", jsonFormat{}, a.in(jsonFormat{})},
		{"cbor", cborFormat{}, a.in(cborFormat{})},
		{"cbor without lengths", cborFormat{}, a.openEnded()},
	} {
		b.Run(bench.name, func(b *testing.B) {
			answer := &Answer{WantShards: true, Body: bench.body}
			b.ReportAllocs()
			for b.Loop() {
				if err := answer.Read(bench.format, MaxRecords); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bench.name+" by the library", func(b *testing.B) {
			b.ReportAllocs()
			var results []Result
			for b.Loop() {
				results, _ = bench.format.anyResults(results[:0], bench.body)
			}
		})
	}
}
