package plugins

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOptionsThatNobodyKnowsAreNamed(t *testing.T) {
	table := Table{
		{Name: "compression"}, {Name: "data_keys"}, {Name: "append_newline"}, {Name: "key"}, {Name: "keys"}, {Name: "HOME", Env: true},
	}
	elsewhere := []Elsewhere{{"data_key", "use log_key"}, {"profile", "set AWS_PROFILE"}, {"key", "not asked for"}}
	for _, test := range []struct {
		name, option string
		want         []string
	}{
		{"an option of the table", "compression", nil},
		{"an option of the table that is like another", "keys", nil},
		{"an option that is known from elsewhere", "profile", []string{"profile (set AWS_PROFILE)"}},
		{"one that is near to the table's as well", "data_key", []string{"data_key (use log_key)"}},
		{"one of the table's that is known from elsewhere", "key", nil},
		{"a letter left out", "compresion", []string{"compresion (did you mean compression?)"}},
		{"the first letter left out", "ompression", []string{"ompression (did you mean compression?)"}},
		{"the last letter left out", "compressio", []string{"compressio (did you mean compression?)"}},
		{"a letter typed twice", "compresssion", []string{"compresssion (did you mean compression?)"}},
		{"two letters swapped", "comrpession", []string{"comrpession (did you mean compression?)"}},
		{"another vowel", "comprassion", []string{"comprassion (did you mean compression?)"}},
		{"hyphens", "append-newline", []string{"append-newline (did you mean append_newline?)"}},
		{"dots", "append.newline", []string{"append.newline (did you mean append_newline?)"}},
		{"no underscores", "appendnewline", []string{"appendnewline (did you mean append_newline?)"}},
		{"an s too many", "append_newlines", []string{"append_newlines (did you mean append_newline?)"}},
		{"nothing like it", "colour", nil},
		{"a variable of the environment", "HOM", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, table.Unknown(Values{test.option: "a secret"}, elsewhere))
		})
	}
	require.Empty(t, table.Unknown(Values{"compresion": "  "}, elsewhere), "it is not set")
}

func TestUnknownAsksForNothingTwice(t *testing.T) {
	asked := map[string]int{}
	source := SourceFunc(func(key string) string { asked[key]++; return "" })
	Table{{Name: "data_keys"}, {Name: "data_key"}, {Name: "log_key"}}.Unknown(source, []Elsewhere{{"log_keys", "x"}})
	for name, times := range asked {
		require.Equal(t, 1, times, name)
	}
	require.NotContains(t, asked, "data_key", "it is of the table")
}
