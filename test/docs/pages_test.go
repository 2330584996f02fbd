package docs

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// notOurs are folders that have pages of others in them, or what was built.
var notOurs = []string{".git", "bin", "dist", "node_modules"}

// pages are all pages of the repository.
func pages(t *testing.T) (files []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && slices.Contains(notOurs, entry.Name()) {
			return fs.SkipDir
		}
		if strings.HasSuffix(file, ".md") {
			files = append(files, file)
		}
		return err
	}))
	require.Contains(t, files, filepath.Join(root, "README.md"))
	require.Greater(t, len(files), 10)
	return files
}

func readPage(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// inRepository are names of files and folders in the text: `examples/plugins.conf`.
var inRepository = regexp.MustCompile("`((?:aggregate|cmd|compress|docs|examples|internal|kinesis|plugins|test)/[^`\\s…*]*)`")

func TestTheFilesThatPagesNameExist(t *testing.T) {
	for _, page := range pages(t) {
		for _, found := range inRepository.FindAllStringSubmatch(readPage(t, page), -1) {
			require.True(t, exists(filepath.Join(root, found[1])), "%s names %s", page, found[1])
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(filepath.FromSlash(path))
	return err == nil
}

var jsonBlock = regexp.MustCompile("(?ms)^```json\n(.*?)^```$")

func TestTheJSONOfThePagesIsJSON(t *testing.T) {
	for _, page := range pages(t) {
		for _, found := range jsonBlock.FindAllStringSubmatch(readPage(t, page), -1) {
			require.True(t, json.Valid([]byte(found[1])), "%s has %s", page, found[1])
		}
	}
}

func TestTheREADMEIsShort(t *testing.T) {
	require.Less(t, strings.Count(readPage(t, filepath.Join(root, "README.md")), "\n"), 150, "the pages in docs have the rest")
}

// Whoever looks for something finds the page from the README.
func TestTheREADMELeadsToEachPageOfDocs(t *testing.T) {
	readme := readPage(t, filepath.Join(root, "README.md"))
	for _, page := range pages(t) {
		if filepath.Dir(page) == filepath.Join(root, "docs") {
			require.Contains(t, readme, "](docs/"+filepath.Base(page)+")")
		}
	}
}
