package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
)

// What a line of so many bytes becomes where a record may have 100 with its key,
// which has 8.
func TestLines(t *testing.T) {
	x := strings.Repeat("x", 200)
	for _, test := range []struct {
		name, text, want string
		truncated        bool
	}{
		{"a newline is added", "text", "text\n", false},
		{"one that is there is enough", "text\n", "text\n", false},
		{"and is left among others", "text\n\n", "text\n\n", false},
		{"nothing is an empty line", "", "\n", false},
		{"with room for the newline", x[:91], x[:91] + "\n", false},
		{"with its own newline as long as may be", x[:91] + "\n", x[:91] + "\n", false},
		{"without room for the newline", x[:92], x[:77] + truncatedSuffix + "\n", true},
		{"too long with its own newline", x[:92] + "\n", x[:77] + truncatedSuffix + "\n", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := encoderOf(t, Options{LogKey: "log", AppendNewline: true, Lines: true, MaximumSize: 100})
			r := e.must(kv("log", test.text))
			require.Equal(t, test.want, string(r.Data))
			require.Equal(t, test.truncated, r.Truncated)
			require.NoError(t, e.Seal(&r))
			require.Equal(t, test.want, string(r.Data), "sealed without compression")
			require.Equal(t, test.truncated, r.Truncated)
		})
	}
}

// Before it is sealed a line is as long as it is, for it may be joined to others.
func TestLinesAreCompressedAndCutWhenTheyAreSealed(t *testing.T) {
	for _, format := range []compress.Format{compress.Gzip, compress.Zlib, compress.Zstd, compress.Snappy} {
		t.Run(format.String(), func(t *testing.T) {
			e := encoderOf(t, Options{LogKey: "log", AppendNewline: true, Lines: true, MaximumSize: 1000}).compressing(format)
			for text, want := range map[string]string{"short": "short\n", "short\n": "short\n", "": "\n", strings.Repeat("long ", 2000): ""} {
				r := e.must(kv("log", text))
				require.Equal(t, strings.TrimSuffix(text, "\n")+"\n", string(r.Data))
				require.False(t, r.Truncated)
				require.NoError(t, e.Seal(&r))
				data, err := compress.Decompress(format, r.Data, mebibyte)
				require.NoError(t, err)
				if want == "" {
					want = text + "\n"
				}
				require.Equal(t, want, string(data))
				require.LessOrEqual(t, r.Size(), 1000)
			}
			r := e.must(kv("log", noise(5000)))
			require.NoError(t, e.Seal(&r))
			require.True(t, r.Truncated)
			require.LessOrEqual(t, r.Size(), 1000)
			data, err := compress.Decompress(format, r.Data, mebibyte)
			require.NoError(t, err)
			require.True(t, strings.HasSuffix(string(data), truncatedSuffix+"\n"))
		})
	}
}
