package msgjson

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func ExampleAppendString() {
	fmt.Println(string(AppendString(nil, []byte("<a href=\"/tea?x&y\">\ttea \xff</a>"))))
	// Output: "<a href=\"/tea?x&y\">\ttea �</a>"
}

var stringTests = []struct {
	name, text, want string
}{
	{"nothing", "", ``},
	{"one character", "a", `a`},
	{"plain text", "GET / HTTP/1.1", `GET / HTTP/1.1`},
	{"quotes and backslashes", `"a\b"`, `\"a\\b\"`},
	{"the controls that have a letter", "\b\f\n\r\t", `\b\f\n\r\t`},
	{"the controls that have none", "\x00\x01\x07\x0b\x0e\x1b\x1f", `\u0000\u0001\u0007\u000b\u000e\u001b\u001f`},
	{"delete, which JSON lets be", "\x7f", "\x7f"},
	{"markup, which JSON lets be", "<a&b>'/", "<a&b>'/"},
	{"line separators, which JSON lets be", "\u2028\u2029", "\u2028\u2029"},
	{"characters of two bytes", "crème brûlée", "crème brûlée"},
	{"characters of three bytes", "茶☃", "茶☃"},
	{"characters of four bytes", "🍵𝄞", "🍵𝄞"},
	{"the last character", "\U0010ffff", "\U0010ffff"},
	{"the replacement character itself", "a\uFFFDb", "a\uFFFDb"},
	{"a byte that is never UTF-8", "a\xffb", "a\uFFFDb"},
	{"a continuation alone", "\x80", "\uFFFD"},
	{"a character that is cut off", "a\xe8\x8c", "a\uFFFD\uFFFD"},
	{"a character that is cut off by another", "\xe8\x8c\"茶", "\uFFFD\uFFFD\\\"茶"},
	{"a character longer than it need be", "\xc0\xaf", "\uFFFD\uFFFD"},
	{"half of a pair of surrogates", "\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},
	{"a character beyond the last", "\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
	{"quotes and controls among characters", "é\"茶\x01🍵\\й\x1f\x00ü\n", "é\\\"茶\\u0001🍵\\\\й\\u001f\\u0000ü\\n"},
	{"a long text that is cut off", strings.Repeat("crème brûlée, ", 8) + "\xc3", strings.Repeat("crème brûlée, ", 8) + "\uFFFD"},
	{"a long text in Latin-1", strings.Repeat("cr\xe8me\x02br\xfbl\xe9e\"", 8), strings.Repeat("cr\uFFFDme\\u0002br\uFFFDl\uFFFDe\\\"", 8)},
	{"one after the other", "\"\\\n\xff\xff茶\"", "\\\"\\\\\\n\uFFFD\uFFFD茶\\\""},
}

func TestAppendString(t *testing.T) {
	for _, x := range stringTests {
		t.Run(x.name, func(t *testing.T) {
			// At every distance from the words that are looked at together.
			for before := range 40 {
				for _, after := range []int{0, 1, 7, 8, 40} {
					b, a := strings.Repeat("b", before), strings.Repeat("a", after)
					require.Equal(t, `>"`+b+x.want+a+`"`, string(AppendString([]byte(">"), []byte(b+x.text+a))))
				}
			}
		})
	}
	t.Run("every byte at every place of a word", func(t *testing.T) {
		for c := range 256 {
			for at := range 24 {
				text := []byte(strings.Repeat("x", 24))
				text[at] = byte(c)
				requireSameAsTheLibrary(t, text)
				requireSameAsTheLibrary(t, text[:at+1])
				requireSameAsTheLibrary(t, text[at:])
			}
		}
	})
	t.Run("every two bytes", func(t *testing.T) {
		for pair := range 1 << 16 {
			requireSameAsTheLibrary(t, []byte{byte(pair >> 8), byte(pair)})
		}
	})
}

func TestAppendStringWritesNothingBeyondTheCapacity(t *testing.T) {
	for size := range 100 {
		for _, text := range []string{strings.Repeat("x", size), strings.Repeat("\"", size), strings.Repeat("é", size), strings.Repeat("é\x00\"\xff", size/4)} {
			buffer := []byte(strings.Repeat("#", 1000))
			out := AppendString(buffer[:10:900], []byte(text))
			require.Equal(t, "##########", string(out[:10]))
			require.Equal(t, strings.Repeat("#", 100), string(buffer[900:]), "beyond the capacity")
		}
	}
}

func TestAppendValidUTF8(t *testing.T) {
	for _, x := range stringTests {
		t.Run(x.name, func(t *testing.T) {
			require.Equal(t, ">"+validText(x.text), string(AppendValidUTF8([]byte(">"), []byte(x.text))))
		})
	}
}

// validText is s with U+FFFD for each byte that is not UTF-8.
func validText(s string) string { return string([]rune(s)) }

func FuzzString(f *testing.F) {
	for _, x := range stringTests {
		f.Add([]byte(x.text))
		f.Add([]byte("0123456789" + x.text + "0123456789"))
	}
	f.Fuzz(requireSameAsTheLibrary)
}

// requireSameAsTheLibrary holds a string against encoding/json.
func requireSameAsTheLibrary(t *testing.T, text []byte) {
	out := AppendString(nil, text)
	if !json.Valid(out) || !utf8.Valid(out) {
		t.Fatalf("AppendString(%q) is not JSON: %q", text, out)
	}
	if want := libraryString(string(text)); string(out) != want {
		t.Fatalf("AppendString(%q) = %q, not %q", text, out, want)
	}
	if valid := AppendValidUTF8(nil, text); string(valid) != validText(string(text)) {
		t.Fatalf("AppendValidUTF8(%q) = %q", text, valid)
	}
	var back string
	if err := json.Unmarshal(out, &back); err != nil || back != validText(string(text)) {
		t.Fatalf("%q reads back as %q: %v", out, back, err)
	}
}

// libraryString is a string as encoding/json writes it, but for the line
// separators, which it escapes for the sake of JavaScript in web pages.
func libraryString(s string) string {
	out := []byte{'"'}
	for rest := validText(s); rest != ""; {
		n := strings.IndexAny(rest, "\u2028\u2029")
		if n == 0 {
			n = len("\u2028")
			out = append(out, rest[:n]...)
		} else {
			if n < 0 {
				n = len(rest)
			}
			var text strings.Builder
			encoder := json.NewEncoder(&text)
			encoder.SetEscapeHTML(false)
			_ = encoder.Encode(rest[:n]) // a string always has a JSON
			out = append(out, strings.TrimSuffix(text.String(), "\"\n")[1:]...)
		}
		rest = rest[n:]
	}
	return string(append(out, '"'))
}
