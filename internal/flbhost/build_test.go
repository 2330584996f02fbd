package flbhost

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// The plugin of these tests is testdata/plugin: its comment says what a chunk's words do.

const probe = "./internal/flbhost/testdata/plugin"

var (
	builtProbe     = buildOnce(BuildLibrary, LibraryBuild{Package: probe}, "probe"+libraryExtension())
	builtRaceProbe = buildOnce(BuildRace, LibraryBuild{Package: probe}, "flbhost-race"+binaryExtension())
)

func probeConfig(t *testing.T, instances int) Config {
	library, err := os.Getenv("FLBHOST_PROBE"), error(nil) // built for the system of FLBHOST_BINARY
	if library == "" {
		library, err = builtProbe()
	}
	require.NoError(t, err)
	return Config{Library: library, Instances: make([]map[string]string, instances)}
}

// TestNoTwoFilesOfTheHostNeedEachOther holds the direction that host/main.c draws: a file and its header stand for one
// part, and the system's files for the platform.
func TestNoTwoFilesOfTheHostNeedEachOther(t *testing.T) {
	needs := map[string]map[string]bool{}
	files, err := fs.Glob(program, "host/*.[ch]")
	require.NoError(t, err)
	for _, file := range files {
		text, err := program.ReadFile(file)
		require.NoError(t, err)
		part := strings.TrimSuffix(path.Base(file), path.Ext(file))
		if part == "posix" || part == "windows" {
			part = "platform"
		}
		if needs[part] == nil {
			needs[part] = map[string]bool{}
		}
		for _, include := range regexp.MustCompile(`(?m)^#include "(\w+)\.h"`).FindAllSubmatch(text, -1) {
			needs[part][string(include[1])] = true
		}
		delete(needs[part], part)
	}
	for len(needs) > 0 { // what needs nothing that is left goes
		left := len(needs)
		for part, others := range needs {
			maps.DeleteFunc(others, func(other string, _ bool) bool { return needs[other] == nil })
			if len(others) == 0 {
				delete(needs, part)
			}
		}
		require.Less(t, len(needs), left, "these go in a circle: %v", needs)
	}
}

func TestARaceEndsAHostWithTheRaceDetector(t *testing.T) {
	binary, err := builtRaceProbe()
	require.NoError(t, err)
	h := Run(t, Config{Binary: binary, Library: Linked, Instances: make([]map[string]string, 1), Workers: 3})
	var jobs []*Job
	for range 3 {
		jobs = append(jobs, h.Go(0, "app.log", []byte("meet 3")))
	}
	_, err = WaitAll(jobs...)
	require.NoError(t, err)
	_, err = h.Flush(0, "app.log", []byte("race"))
	exit := crash(t, err)
	require.Equal(t, 66, exit.Status)
	require.Contains(t, exit.Stderr, "WARNING: DATA RACE")
}

func TestCoverageOfAPluginIsWrittenWhenTheHostExits(t *testing.T) {
	library := filepath.Join(t.TempDir(), "probe-cover.so")
	require.NoError(t, BuildLibrary(LibraryBuild{Package: probe, Cover: []string{probe + "/words"}}, library))
	counters := t.TempDir()
	config := probeConfig(t, 1)
	config.Library, config.Env = library, []string{"GOCOVERDIR=" + counters}
	h := Run(t, config)
	_, err := h.Flush(0, "app.log", []byte("code 1"))
	require.NoError(t, err)
	require.NoError(t, h.Exit())
	for _, pattern := range []string{"covmeta.*", "covcounters.*"} {
		files, err := filepath.Glob(filepath.Join(counters, pattern))
		require.NoError(t, err)
		require.Len(t, files, 1, pattern)
	}
}
