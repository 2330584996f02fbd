package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis"
)

// A command is one that a page tells to run.
type command struct {
	page  string
	words []string // without the variables of the environment before it
}

var (
	inBlock = regexp.MustCompile("(?m)^    (?:[A-Z_]+=\\S+ )?((?:make|go|fluent-bit)\\b[^\n]*)$")
	inText  = regexp.MustCompile("`((?:make|go (?:run|test))\\b[^`]*)`")
	// A remark follows a command after two blanks, or a #.
	remark = regexp.MustCompile(`  | #`)
	word   = regexp.MustCompile(`[^\s"']*"[^"]*"|[^\s"']*'[^']*'|\S+`)
)

// commands are those of the repository, and of Fluent Bit, in the pages.
func commands(t *testing.T) (list []command) {
	t.Helper()
	for _, page := range pages(t) {
		text := readPage(t, page)
		for _, found := range append(inBlock.FindAllStringSubmatch(text, -1), inText.FindAllStringSubmatch(text, -1)...) {
			line := remark.Split(strings.ReplaceAll(found[1], "\n", " "), 2)[0]
			for _, one := range strings.Split(line, ", ") {
				list = append(list, command{page, wordsOf(one)})
			}
		}
	}
	require.Greater(t, len(list), 30, "the commands are not found any more")
	return list
}

var quotes = strings.NewReplacer(`"`, "", `'`, "")

// wordsOf are the words of a line as a shell has them, without quotes.
func wordsOf(line string) (words []string) {
	for _, w := range word.FindAllString(line, -1) {
		words = append(words, quotes.Replace(w))
	}
	return words
}

func TestTheCommandsOfThePagesExist(t *testing.T) {
	for _, c := range commands(t) {
		t.Run(strings.Join(c.words, " "), func(t *testing.T) {
			switch {
			case c.words[0] == "make":
				requireTargets(t, c.words[1:])
			case c.words[0] == "fluent-bit":
				requireOptions(t, c.words, "-p")
			case len(c.words) > 2 && c.words[1] == "run":
				requireFlags(t, c.words[2], c.words[3:])
			case len(c.words) > 2 && c.words[1] == "test":
				requireTests(t, c.words[2:])
			}
		})
	}
}

// programs are what targets give their ARGS to.
var programs = map[string]string{"run": "./cmd/run", "bench": "./cmd/bench"}

// requireTargets requires that make knows the targets and the variables.
func requireTargets(t *testing.T, words []string) {
	t.Helper()
	makefile := readPage(t, filepath.Join(root, "Makefile"))
	var program string
	for _, w := range words {
		name, value, isVariable := strings.Cut(w, "=")
		switch {
		case !isVariable:
			require.Regexp(t, `(?m)^`+regexp.QuoteMeta(w)+`:|^(\S+ )+`+regexp.QuoteMeta(w)+`:`, makefile, "make has no target %s", w)
			program = programs[w]
		case name == "ARGS":
			require.NotEmpty(t, program, "the target takes no ARGS")
			requireFlags(t, program, wordsOf(value))
		default:
			require.Contains(t, makefile, "$("+name+")")
		}
	}
}

// requireFlags requires that a program of the repository knows the flags.
func requireFlags(t *testing.T, program string, words []string) {
	t.Helper()
	require.True(t, exists(filepath.Join(root, program)), program)
	for _, w := range words {
		if strings.HasPrefix(w, "-") && w != "-h" && w != "-" {
			require.Regexp(t, `(?m)^  `+regexp.QuoteMeta(w)+`\b`, helpOf(t, program), "%s has no flag %s", program, w)
		}
	}
	requireOptions(t, words, "-o")
}

// helps are what programs print for -h.
var helps sync.Map

func helpOf(t *testing.T, program string) string {
	t.Helper()
	if text, known := helps.Load(program); known {
		return text.(string)
	}
	run := exec.Command("go", "run", "-buildvcs=false", program, "-h")
	run.Dir = root
	out, err := run.CombinedOutput()
	if err != nil { // some end with 1 after their help
		require.ErrorContains(t, err, "exit status 1", string(out))
	}
	helps.Store(program, string(out))
	return string(out)
}

// requireOptions requires that the plugin has the options that are given as key=value after a flag.
func requireOptions(t *testing.T, words []string, flag string) {
	t.Helper()
	table := kinesis.Options()
	for i, w := range words {
		if i == 0 || words[i-1] != flag {
			continue
		}
		if name, _, isOption := strings.Cut(w, "="); isOption {
			require.NotNil(t, table.Find(name), "the plugin has no option %s", name)
		}
	}
}

// requireTests requires that there are the packages, and tests in them of the names that -run asks for.
func requireTests(t *testing.T, words []string) {
	t.Helper()
	code := ""
	for i, w := range words {
		switch {
		case strings.HasPrefix(w, "./"):
			folder := strings.TrimSuffix(w, "/...")
			require.True(t, exists(filepath.Join(root, folder)), w)
			code += testsIn(t, folder)
		case w == "-update":
			require.Contains(t, code, `flag.Bool("update"`)
		case i > 0 && words[i-1] == "-run":
			require.Regexp(t, `(?m)^func Test\w*`+w, code)
		}
	}
}

func testsIn(t *testing.T, folder string) (code string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		code += string(text)
	}
	return code
}
