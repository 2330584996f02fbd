package workflows

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What .dockerignore leaves out is not there when the image is built.
func TestTheImageIsBuiltWithAllThatTheBuildReads(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(read(t, ".dockerignore")), "\n")
	files := slices.Concat(sourcesOf(t, "."), sourcesOf(t, "./cmd/trim"), copied(t))
	for _, file := range []string{"fluent-bit-kinesis.go", "fork.c", "metrics.h", "cmd/trim/main.go", "go.sum", "LICENSE"} {
		require.Contains(t, files, file)
	}
	for _, file := range files {
		require.False(t, leftOut(lines, file), file)
	}
	for _, file := range []string{"README.md", "cmd/trim/trim_test.go", "compress/testdata/x", "docs/options.md", "test/main_test.go"} {
		require.True(t, leftOut(lines, file), file)
	}
}

// sourcesOf are our files that a program is built of on Linux.
func sourcesOf(t *testing.T, program string) (files []string) {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-json", program)
	list.Dir = root
	list.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=1")
	out, err := list.Output()
	require.NoError(t, err)
	home, err := filepath.Abs(root)
	require.NoError(t, err)
	packages := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			Dir                                                   string
			Module                                                struct{ Main bool }
			GoFiles, CgoFiles, CFiles, HFiles, SFiles, EmbedFiles []string
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			return files
		} else {
			require.NoError(t, err)
		}
		if !p.Module.Main {
			continue
		}
		folder, err := filepath.Rel(home, p.Dir)
		require.NoError(t, err)
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.CFiles, p.HFiles, p.SFiles, p.EmbedFiles) {
			files = append(files, path.Join(filepath.ToSlash(folder), name))
		}
	}
}

// copied are the files that the Dockerfile copies by their names, into the build or out of it.
func copied(t *testing.T) (files []string) {
	t.Helper()
	for line := range strings.Lines(read(t, "Dockerfile")) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "COPY" || words[1] == "." {
			continue
		}
		for _, word := range words[1 : len(words)-1] {
			if file := strings.TrimPrefix(word, "/src/"); !strings.HasPrefix(file, "--") && !strings.HasPrefix(file, "bin/") {
				files = append(files, file)
			}
		}
	}
	return files
}

// leftOut tells whether docker leaves a file out: of the lines that fit it, or a folder that it is in, the last decides.
func leftOut(lines []string, file string) (out bool) {
	for _, line := range lines {
		if pattern, taken := strings.CutPrefix(line, "!"); fits(pattern, file) {
			out = !taken
		}
	}
	return out
}

func fits(pattern, file string) bool {
	anywhere, found := strings.CutPrefix(pattern, "**/")
	for ; file != "."; file = path.Dir(file) {
		if ok, _ := path.Match(pattern, file); ok {
			return true
		}
		if ok, _ := path.Match(anywhere, path.Base(file)); found && ok {
			return true
		}
	}
	return false
}
