package record

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
)

const mebibyte = 1_048_576

// A sizing is a value of log_key of a size close to the limit.
type sizing struct {
	name    string
	log     any
	newline bool
	kept    int  // bytes of the value
	whole   bool // so that nothing is to be cut
}

// sizedKey takes room from the data, with more bytes than characters.
const sizedKey = "ké"

func TestSizeOfRecords(t *testing.T) {
	const room = mebibyte - len(sizedKey)
	const cut = room - len(truncatedSuffix)
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := []sizing{
		{name: "one below the limit stays", log: a(room - 1), kept: room - 1, whole: true},
		{name: "at the limit stays", log: a(room), kept: room, whole: true},
		{name: "one above the limit is cut", log: a(room + 1), kept: cut},
		{name: "twice the limit is cut", log: a(2 * room), kept: cut},
		{name: "binary at the limit stays", log: []byte(a(room)), kept: room, whole: true},
		{name: "binary one above the limit is cut", log: []byte(a(room + 1)), kept: cut},
		{name: "binary without any character is cut to the byte", log: bytes.Repeat([]byte{0xff}, room+1), kept: cut},
		{name: "binary of nothing but the insides of characters, too", log: bytes.Repeat([]byte{0x80}, room+1), kept: cut},
		{name: "a character of two bytes stays whole", log: a(cut-2) + strings.Repeat("é", 50), kept: cut},
		{name: "a character of two bytes is not cut in two", log: a(cut-1) + strings.Repeat("é", 50), kept: cut - 1},
		{name: "a character of three bytes is not cut after one", log: a(cut-1) + strings.Repeat("語", 50), kept: cut - 1},
		{name: "a character of three bytes is not cut after two", log: a(cut-2) + strings.Repeat("語", 50), kept: cut - 2},
		{name: "a character of three bytes stays whole", log: a(cut-3) + strings.Repeat("語", 50), kept: cut},
		{name: "a character of four bytes is not cut after one", log: a(cut-1) + strings.Repeat("😀", 50), kept: cut - 1},
		{name: "a character of four bytes is not cut after two", log: a(cut-2) + strings.Repeat("😀", 50), kept: cut - 2},
		{name: "a character of four bytes is not cut after three", log: a(cut-3) + strings.Repeat("😀", 50), kept: cut - 3},
		{name: "a character of four bytes stays whole", log: a(cut-4) + strings.Repeat("😀", 50), kept: cut},
		{name: "half a character before the cut is as it was", log: a(cut-2) + "\xe8\xaa" + a(100), kept: cut},
		{name: "the newline counts", newline: true, log: a(room - 1), kept: room - 1, whole: true},
		{name: "with the newline, at the limit is too much", newline: true, log: a(room), kept: cut - 1},
		{name: "with the newline, one above the limit is cut", newline: true, log: a(room + 1), kept: cut - 1},
		{name: "the newline leaves characters whole", newline: true, log: a(cut-2) + strings.Repeat("é", 50), kept: cut - 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options := Options{LogKey: "log", PartitionKey: KeyPath{"k"}}
			end := ""
			if test.newline {
				options.AppendNewline, end = true, "\n"
			}
			value, isText := test.log.(string)
			if !isText {
				value = string(test.log.([]byte))
			}
			want := value[:test.kept]
			if !test.whole {
				want += "[Truncated...]"
			}
			r, err := encoderOf(t, options).of(eventsAt, fields{kv("k", sizedKey), kv("log", test.log)})
			require.NoError(t, err)
			require.Equal(t, !test.whole, r.Truncated)
			require.LessOrEqual(t, r.Size(), mebibyte)
			require.True(t, want+end == string(r.Data), "%d bytes end in %q, not %d in %q",
				len(r.Data), tail(r.Data), len(want+end), tail([]byte(want+end)))
		})
	}
}

func tail(b []byte) []byte { return b[max(0, len(b)-30):] }

func TestSizeLeavesRoomForTheKeyThatTheRecordGets(t *testing.T) {
	long := strings.Repeat("😀", 300)
	for name, test := range map[string]struct {
		body fields
		key  int
	}{
		"a random key":                  {fields{}, 8},
		"a key cut to 256 characters":   {fields{kv("k", long)}, 1024},
		"a key that U+FFFD makes wider": {fields{kv("k", "\xff\xff")}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			body := append(test.body, kv("log", strings.Repeat("a", mebibyte)))
			r, err := encoderOf(t, Options{LogKey: "log", PartitionKey: KeyPath{"k"}}).of(eventsAt, body)
			require.NoError(t, err)
			require.Len(t, r.Key, test.key)
			require.Equal(t, mebibyte, r.Size())
			require.True(t, r.Truncated)
		})
	}
}

func TestSizeOfJSONRecords(t *testing.T) {
	e := encoderOf(t, Options{TimeKey: "time", AppendNewline: true})
	r, err := e.of(eventsAt, fields{kv("log", strings.Repeat("é", mebibyte))})
	require.NoError(t, err)
	require.True(t, r.Truncated)
	require.True(t, utf8.Valid(r.Data))
	require.True(t, bytes.HasPrefix(r.Data, []byte(`{"log":"éé`)))
	require.True(t, bytes.HasSuffix(r.Data, []byte("é[Truncated...]\n")))
	require.Contains(t, []int{mebibyte, mebibyte - 1}, r.Size())

	r, err = e.of(eventsAt, fields{kv("log", "x")})
	require.NoError(t, err)
	require.False(t, r.Truncated)
	require.Equal(t, `{"log":"x","time":"`+at+`"}`+"\n", string(r.Data), "the record after it is as ever")
}

// boundedPrefix is what cutText is to be, found the slow way: character by
// character from the start, where a byte that is of none counts as one.
func boundedPrefix(s []byte, n int) []byte {
	end := 0
	for end < len(s) {
		_, size := utf8.DecodeRune(s[end:])
		if end+size > n {
			break
		}
		end += size
	}
	return s[:end]
}

func TestCutTextIsTheLongestPrefixOfWholeCharacters(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "é", "語", "😀", "\x80", "\xff", "\xc3", "\xe8\xaa", "\xf0\x9f\x98", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\uFFFD"}
	for range 500 {
		var s []byte
		for range random.IntN(8) {
			s = append(s, pieces[random.IntN(len(pieces))]...)
		}
		for n := range len(s) + 2 {
			require.Equal(t, string(boundedPrefix(s, n)), string(cutText(s, n)), "%q cut to %d", s, n)
		}
	}
}

// noise is text that compression makes hardly shorter.
func noise(n int) string {
	random := rand.New(rand.NewPCG(3, 4))
	text := make([]byte, n)
	for i := range text {
		text[i] = keyLetters[random.IntN(len(keyLetters))]
	}
	return string(text)
}

func TestCompressedRecords(t *testing.T) {
	for _, format := range compress.Formats() {
		t.Run(format.String(), func(t *testing.T) {
			e := encoderOf(t, Options{LogKey: "log", AppendNewline: true}).compressing(format)
			plain := func(log string) (Record, string) {
				r, err := e.of(eventsAt, fields{kv("log", log)})
				require.NoError(t, err)
				require.LessOrEqual(t, r.Size(), mebibyte)
				data, err := compress.Decompress(format, r.Data, 4*mebibyte)
				require.NoError(t, err)
				return r, string(data)
			}

			r, data := plain("a line")
			require.Equal(t, "a line\n", data)
			require.False(t, r.Truncated)

			log := noise(mebibyte * 8 / 5)
			r, data = plain(log)
			require.True(t, r.Truncated)
			kept, ended := strings.CutSuffix(data, "[Truncated...]\n")
			require.True(t, ended)
			require.True(t, strings.HasPrefix(log, kept))
			require.Greater(t, r.Size(), mebibyte*15/16, "most of the room is used")

			r, data = plain("")
			require.Equal(t, "\n", data)
			require.False(t, r.Truncated)
		})
	}
}
