package docs

import (
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rooms are those of the library, in the order in which CONTRIBUTING.md has them.
func rooms(t *testing.T) (rooms []string) {
	t.Helper()
	table := regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(readPage(t, filepath.Join(root, "CONTRIBUTING.md")), -1)
	for _, row := range table {
		for _, name := range regexp.MustCompile("`((?:aggregate|compress|kinesis|plugins)/[^`]*)`").FindAllStringSubmatch(row[1], -1) {
			rooms = append(rooms, strings.TrimSuffix(name[1], "/"))
		}
	}
	require.Greater(t, len(rooms), 10)
	return rooms
}

// roomOf is the number of the room that a folder is in, or under; -1 for none.
func roomOf(rooms []string, folder string) int {
	for ; folder != "."; folder = path.Dir(folder) {
		if i := slices.Index(rooms, folder); i >= 0 {
			return i
		}
	}
	return -1
}

const module = "fluent-bit-kinesis/"

// Imports point down the list, and what is to be in one room alone is in no other.
func TestTheImportsOfTheLibraryPointDownTheListOfRooms(t *testing.T) {
	rooms := rooms(t)
	for file, imports := range libraryImports(t) {
		from := roomOf(rooms, path.Dir(file))
		if path.Dir(file) != "." {
			require.GreaterOrEqual(t, from, 0, "%s is in no room of CONTRIBUTING.md", file)
		}
		for _, name := range imports {
			switch folder, ours := strings.CutPrefix(name, module); {
			case ours:
				to := roomOf(rooms, folder)
				require.True(t, to > from || to == from && from >= 0, "%s imports %s", file, name)
				require.NotContains(t, []string{"kinesis/pace", "kinesis/ledger"}, path.Dir(file), "it imports nothing of ours")
			case strings.HasPrefix(name, "github.com/aws/"):
				require.Equal(t, "kinesis/service", path.Dir(file), "%s imports %s", file, name)
			case name == "C" || name == "unsafe":
				require.Contains(t, []string{"fluent-bit-kinesis.go", "metrics.go", "offers_linux.go"}, file, "imports %s", name)
			}
		}
	}
}

// libraryImports are what the library's files import that a person wrote, by file.
func libraryImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	for _, folder := range []string{".", "aggregate", "compress", "kinesis", "plugins"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(file string, entry os.DirEntry, err error) error {
			name := filepath.ToSlash(strings.TrimPrefix(file, root+string(filepath.Separator)))
			switch {
			case err != nil:
				return err
			case entry.IsDir() && folder == "." && file != root:
				return filepath.SkipDir
			case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".pb.go"):
				return nil
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			require.NoError(t, err)
			imports[name] = nil
			for _, spec := range parsed.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				imports[name] = append(imports[name], imported)
			}
			return nil
		}))
	}
	require.NotEmpty(t, imports["fluent-bit-kinesis.go"])
	require.Greater(t, len(imports), 100)
	return imports
}
