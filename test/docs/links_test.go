// Package docs holds the pages against the code: their links, the commands and configurations in them, and the messages of
// the log that docs/operations.md tells of.
package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the folder of the repository.
const root = "../.."

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchor     = regexp.MustCompile(`<a id="([^"]+)">`)
	codeBlock  = regexp.MustCompile("(?ms)^```.*?^```$")
	notInNames = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// Links to elsewhere are not followed.
func TestTheLinksOfThePagesLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(prose(t, page), -1) {
			target, name, hasAnchor := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), filepath.FromSlash(target))
			}
			require.True(t, exists(file), "%s links to %s", page, found[1])
			if hasAnchor {
				require.Contains(t, anchorsOf(t, file), name, "%s links to %s", page, found[1])
			}
		}
	}
}

// prose is a page without the blocks of code, in which nothing is a link or a
// heading.
func prose(t *testing.T, page string) string {
	t.Helper()
	return codeBlock.ReplaceAllString(readPage(t, page), "")
}

// anchorsOf are the names that GitHub gives the headings of a page, and those that stand in it.
func anchorsOf(t *testing.T, page string) (names []string) {
	t.Helper()
	for _, h := range heading.FindAllStringSubmatch(prose(t, page), -1) {
		name := notInNames.ReplaceAllString(strings.ToLower(h[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	for _, a := range anchor.FindAllStringSubmatch(prose(t, page), -1) {
		names = append(names, a[1])
	}
	return names
}
