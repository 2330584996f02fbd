package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

// A row of the tables of docs/operations.md: a message, its level, and what it means.
var row = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([a-z, ]+) \\| (.+) \\|$")

func TestThePageOfOperationsHasEachMessageOfTheLogAndNoOther(t *testing.T) {
	code := readSources(t)
	require.Greater(t, len(code.messages), 50, "the messages are not found any more")
	page, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	require.NoError(t, err)
	levels := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(string(page), -1) {
		require.NotContains(t, levels, found[1], "it is there twice")
		levels[found[1]] = found[2]
	}
	said := map[string]bool{}
	for _, m := range code.messages {
		said[m.text] = true
		if assertHas(t, levels, m) && m.level != "" && levels[m.text] != m.level {
			t.Errorf("docs/operations.md has %q as %s, the code as %s", m.text, levels[m.text], m)
		}
	}
	for text := range levels {
		if !said[text] && !code.texts[text] {
			t.Errorf("docs/operations.md has a message that is in the code no more: %q", text)
		}
	}
}

func TestThePageOfOperationsHasEachReasonForWhichRequestsFail(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "operations.md"))
	require.NoError(t, err)
	for fault := service.Unanswered; fault <= service.Invalid; fault++ {
		require.Contains(t, string(page), "\n| `"+fault.String()+"` | ")
	}
}

func assertHas(t *testing.T, levels map[string]string, m message) bool {
	t.Helper()
	if _, there := levels[m.text]; !there {
		t.Errorf("docs/operations.md does not tell of %s", m)
		return false
	}
	return true
}
