package flbhost

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAReplyThatIsNotWhatWasAskedForIsAnError(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"a failure has its text", "3 failed 6e6f20737563682063686172", "no such char"},
		{"a failure without a text", "3 failed", `"failed"`},
		{"another word", "3 loaded", `want "flushed" and 2 numbers`},
		{"too few numbers", "3 flushed 1", `want "flushed" and 2 numbers`},
		{"a word for a number", "3 flushed 1 x", "invalid syntax"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := parseReply(test.line)
			require.NoError(t, err)
			require.Equal(t, uint64(3), r.number)
			_, err = r.fields("flushed", 2)
			require.ErrorContains(t, err, test.want)
		})
	}
	for _, line := range []string{"", "3", "x flushed", "-1 flushed"} {
		_, err := parseReply(line)
		require.ErrorContains(t, err, "the plugin host answered", "%q", line)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add("0 registered 2 11 0 0 6b696e65736973 -")
	f.Add("7 flushed -1 0 0 0")
	f.Add("7 failed zz")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := parseReply(line)
		if err != nil {
			return
		}
		if _, err := r.fields("flushed", 4); err == nil && len(r.rest) != 4 {
			t.Errorf("%q: %d numbers taken for 4", line, len(r.rest))
		}
		if registration, err := parseRegistration(r); err == nil && len(r.rest) != 6 {
			t.Errorf("%q: taken for the registration %+v", line, registration)
		}
	})
}
