package record

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATemplateIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]Template{
		"$TAG":       {{kind: ofTag, piece: wholeTag}},
		"$TAG[0]":    {{kind: ofTag, piece: 0}},
		"logs-$TAG":  {{text: "logs-"}, {kind: ofTag, piece: wholeTag}},
		"$TAG-logs":  {{kind: ofTag, piece: wholeTag}, {text: "-logs"}},
		"$TAGS":      {{kind: ofTag, piece: wholeTag}, {text: "S"}}, // as for Fluent Bit
		"$tag":       {{kind: ofRecord, key: "tag"}},
		"$key":       {{kind: ofRecord, key: "key"}},
		"$_k3y":      {{kind: ofRecord, key: "_k3y"}},
		"$key.log":   {{kind: ofRecord, key: "key"}, {text: ".log"}},
		"$key-3":     {{kind: ofRecord, key: "key"}, {text: "-3"}},
		"$a$b":       {{kind: ofRecord, key: "a"}, {kind: ofRecord, key: "b"}},
		"$a$a$a":     {{kind: ofRecord, key: "a"}, {kind: ofRecord, key: "a"}, {kind: ofRecord, key: "a"}},
		"a$TAG[12]b": {{text: "a"}, {kind: ofTag, piece: 12}, {text: "b"}},
		"app-$kubernetes['namespace_name']": {{text: "app-"},
			{kind: ofRecord, key: "kubernetes", below: []step{{"namespace_name", byKey}}}},
		"$a['b']['c d.e'][0][10]x": {{kind: ofRecord, key: "a",
			below: []step{{"b", byKey}, {"c d.e", byKey}, {"", 0}, {"", 10}}}, {text: "x"}},
		"$a['it''s']": {{kind: ofRecord, key: "a", below: []step{{"it's", byKey}}}},
		"$a['']":      {{kind: ofRecord, key: "a", below: []step{{"", byKey}}}},
		"$a['$TAG']":  {{kind: ofRecord, key: "a", below: []step{{"$TAG", byKey}}}},
		"$a['b]']":    {{kind: ofRecord, key: "a", below: []step{{"b]", byKey}}}},
		"$a$b$c$d$e$f$g$h$TAG": {{kind: ofRecord, key: "a"}, {kind: ofRecord, key: "b"}, {kind: ofRecord, key: "c"}, {kind: ofRecord, key: "d"},
			{kind: ofRecord, key: "e"}, {kind: ofRecord, key: "f"}, {kind: ofRecord, key: "g"}, {kind: ofRecord, key: "h"}, {kind: ofTag, piece: wholeTag}},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := ParseTemplate(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, text, got.String())
		})
	}
}

func TestATemplateThatCannotBeIsRefusedWithWhatWouldBe(t *testing.T) {
	for text, says := range map[string]string{
		"":                  "must have a word such as $TAG",
		"logs":              "must have a word such as $TAG",
		"$":                 "must be followed, each $, by TAG",
		"logs-$":            "must be followed, each $, by TAG",
		"$$TAG":             "must be followed, each $, by TAG",
		"${NAME}":           "must be followed, each $, by TAG",
		"$-a":               "must be followed, each $, by TAG",
		"$['a']":            "must be followed, each $, by TAG",
		"$1":                "must not have $1",
		"app $TAG":          `there is " "`,
		"app/$TAG":          `there is "/"`,
		"é$TAG":             `there is "é"`,
		"$TAG]":             `there is "]"`,
		"$TAG['a']":         "must have a number in $TAG[1]",
		"$TAG[":             "must have a ] for each [",
		"$TAG[x]":           "must have a number or a key between quotes",
		"$TAG[]":            "must have a number or a key between quotes",
		"$TAG[-1]":          "must have a number or a key between quotes",
		"$TAG[01]":          "must have a number or a key between quotes",
		"$TAG[1 ]":          "must have a number or a key between quotes",
		"$TAG[99999999999]": "must have a number or a key between quotes",
		"$a[b]":             "must have a number or a key between quotes",
		"$a[\"b\"]":         "must have a number or a key between quotes",
		"$a['b'":            "must have ' and ] behind a key",
		"$a['b":             "must have ' and ] behind a key",
		"$a['b''":           "must have ' and ] behind a key",
		"$a['b'c]":          "must have ' and ] behind a key",
		"$a->b":             `there is ">"`,
		"arn:aws:kinesis:us-west-2:123456789012:stream/$TAG": `there is ":"`,
		"$a$b$c$d$e$f$g$h$i":              "must not have words of more than 8 keys",
		strings.Repeat("x", 128) + "$TAG": "at most 128 characters",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := ParseTemplate(text)
			require.ErrorContains(t, err, says)
		})
	}
}

func TestStreamNames(t *testing.T) {
	for name, want := range map[string]bool{
		"": false, "a": true, "A.b_c-9": true, "a b": false, "é": false, "a/b": false, "a\x00": false,
		strings.Repeat("x", 128): true, strings.Repeat("x", 129): false,
	} {
		require.Equal(t, want, IsStreamName([]byte(name)), name)
	}
}

// What is read is written back so that it is read as the same, and has room for a
// value.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{"app-$kubernetes['namespace_name']", "$TAG[1]-$a['it''s'][3]", "$", "$1", "$a[", "$TAG['x']", "$a['b'c]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := ParseTemplate(text)
		if err != nil {
			return
		}
		require.Equal(t, text, template.String())
		again, err := ParseTemplate(template.String())
		require.NoError(t, err)
		require.Equal(t, template, again)
		require.Contains(t, text, "$")
		require.LessOrEqual(t, len(template.keys()), 8)
	})
}
