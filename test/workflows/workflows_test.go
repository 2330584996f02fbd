// Package workflows tests what no machine but GitHub's runs or shows: that the workflows of .github are well formed, pin
// what they use, and call targets that the Makefile has, as the Dockerfile does; and that the links of the pages lead
// somewhere.
package workflows

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"fluent-bit-kinesis/internal/needs"
)

const root = "../.."

// A workflow is what these tests look at of a file in .github/workflows.
type workflow struct {
	Name        string
	On          yaml.Node
	Permissions map[string]string
	Jobs        map[string]job
}

type job struct {
	Uses           string // of another workflow, and then there is nothing else
	RunsOn         string `yaml:"runs-on"`
	Container      string
	TimeoutMinutes int `yaml:"timeout-minutes"`
	Permissions    map[string]string
	Needs          yaml.Node
	Steps          []step
}

type step struct {
	Uses string
	Run  string
	With map[string]string
}

// withoutMake are the jobs that have an action do all there is to do.
var withoutMake = []string{"supply.yml, dependencies"}

func TestEachJobRunsOneMakeTarget(t *testing.T) {
	targets := makeTargets(t)
	for file, w := range readWorkflows(t) {
		for name, j := range w.Jobs {
			t.Run(file+", "+name, func(t *testing.T) {
				if j.Uses != "" {
					require.FileExists(t, filepath.Join(root, filepath.FromSlash(j.Uses)))
					return
				}
				var called []string
				for _, s := range j.Steps {
					called = append(called, makeCalls(s.Run)...)
				}
				if slices.Contains(withoutMake, file+", "+name) {
					require.Empty(t, called)
					return
				}
				require.Len(t, called, 1, "calls of make")
				require.Contains(t, targets, called[0])
			})
		}
	}
}

func TestEachJobIsBounded(t *testing.T) {
	for file, w := range readWorkflows(t) {
		require.NotEmpty(t, w.Name, file)
		require.False(t, w.On.IsZero(), "%s: when it runs", file)
		require.Equal(t, map[string]string{"contents": "read"}, w.Permissions, "%s: what all jobs may do", file)
		for name, j := range w.Jobs {
			if j.Uses == "" {
				require.NotZero(t, j.TimeoutMinutes, "%s, %s: timeout-minutes", file, name)
				require.NotEmpty(t, j.RunsOn, "%s, %s: runs-on", file, name)
				require.NotContains(t, j.RunsOn, "latest", "%s, %s", file, name)
			}
		}
	}
}

// goVersion is the version of Go in the name of an image.
var goVersion = regexp.MustCompile(`golang:([\d.]+)-`)

func TestAllBuildWithTheSameGo(t *testing.T) {
	match := goVersion.FindStringSubmatch(read(t, "Dockerfile"))
	require.NotNil(t, match, "the Dockerfile's image of Go")
	version := match[1]
	for file, w := range readWorkflows(t) {
		for name, j := range w.Jobs {
			if j.Container != "" {
				require.Contains(t, j.Container, "golang:"+version+"-", "%s, %s: the container", file, name)
			}
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/setup-go@") {
					require.Equal(t, version, s.With["go-version"], "%s, %s", file, name)
				}
			}
		}
	}
}

// Either image can be another, by an argument whose default is the stage of an image that is named here.
func TestTheDockerfileRunsMakeTargetsOnImagesThatCanBeGiven(t *testing.T) {
	targets := makeTargets(t)
	runs := 0
	stages, given := map[string]bool{}, map[string]string{}
	for line := range strings.Lines(read(t, "Dockerfile")) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch instruction {
		case "RUN":
			called := makeCalls(rest)
			require.Len(t, called, 1, line)
			require.Contains(t, targets, called[0])
			runs++
		case "FROM":
			image, stage, _ := strings.Cut(rest, " AS ")
			if argument, found := strings.CutPrefix(image, "${"); found {
				require.True(t, stages[given[strings.TrimSuffix(argument, "}")]], "%s: its default is a stage before it", line)
			}
			stages[stage] = true
		case "ARG":
			name, value, _ := strings.Cut(rest, "=")
			given[name] = value
		}
	}
	require.NotZero(t, runs)
	require.Equal(t, "go", given["GO_IMAGE"])
	require.Equal(t, "fluent-bit", given["FLUENT_BIT_IMAGE"])
}

// Images are built by these names, with gcc alone; what else they have been given is one compiler for Windows.
func TestTheTargetsOfTheOldPluginMakeTheLibraryAndNothingElse(t *testing.T) {
	for name, library := range map[string]string{
		"":                "bin/kinesis.so",
		"all":             "bin/kinesis.so",
		"build":           "bin/kinesis.so",
		"release":         "bin/kinesis.so",
		"windows-release": "bin/kinesis.dll",
	} {
		t.Run("make "+name, func(t *testing.T) {
			commands := wouldRun(t, strings.Fields(name)...)
			require.Len(t, commands, 2)
			require.Contains(t, commands[0], " -o bin/ ./cmd/trim", "trim.exe on Windows")
			require.Contains(t, commands[1], " -buildmode=c-shared")
			require.Contains(t, commands[1], " -o "+library+" .")
			require.Equal(t, name == "windows-release", strings.Contains(commands[1], `CC="x86_64-w64-mingw32-gcc"`), commands[1])
		})
	}
}

// What is published is of all platforms.
func TestWhatAReleaseConsistsOfIsMadeForAllPlatforms(t *testing.T) {
	commands := strings.Join(wouldRun(t, "dist"), "\n")
	for _, library := range []string{"bin/kinesis.so", "bin/kinesis-arm64.so", "bin/kinesis.dll"} {
		require.Contains(t, commands, "-o "+library+" .")
		require.Contains(t, commands, "cp "+library+" dist/")
	}
}

// wouldRun are the commands that make would run.
func wouldRun(t *testing.T, targets ...string) []string {
	t.Helper()
	if _, err := exec.LookPath("make"); err != nil {
		needs.Missing(t, "make is not on the PATH")
	}
	cmd := exec.Command("make", append([]string{"--dry-run", "--no-print-directory"}, targets...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=") // of a make that runs the tests
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestDependabotLooksWhereThereIsSomething(t *testing.T) {
	var config struct {
		Version int
		Updates []struct {
			Ecosystem string `yaml:"package-ecosystem"`
			Directory string
			Schedule  struct{ Interval string }
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, ".github/dependabot.yml")), &config))
	require.Equal(t, 2, config.Version)
	manifests := map[string]string{
		"gomod": "go.mod", "npm": "package-lock.json", "github-actions": ".github/workflows", "docker": "Dockerfile",
	}
	found := map[string]bool{}
	for _, update := range config.Updates {
		require.Contains(t, manifests, update.Ecosystem)
		manifest := filepath.Join(root, filepath.FromSlash(update.Directory), manifests[update.Ecosystem])
		_, err := os.Stat(manifest)
		require.NoError(t, err)
		require.NotEmpty(t, update.Schedule.Interval)
		found[update.Ecosystem] = true
	}
	require.Len(t, found, len(manifests))
}

func TestIssueFormsAreWellFormed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github/ISSUE_TEMPLATE/*.yml"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var form struct {
			Name, Description string
			Body              []struct {
				Type, ID   string
				Attributes struct{ Label string }
			}
		}
		require.NoError(t, yaml.Unmarshal(text, &form), file)
		if filepath.Base(file) == "config.yml" {
			continue
		}
		require.NotEmpty(t, form.Name, file)
		require.NotEmpty(t, form.Description, file)
		require.NotEmpty(t, form.Body, file)
		ids := map[string]bool{}
		for _, field := range form.Body {
			require.Contains(t, []string{"textarea", "input", "dropdown", "checkboxes"}, field.Type, file)
			require.NotEmpty(t, field.Attributes.Label, file)
			require.False(t, ids[field.ID], "%s: %s comes twice", file, field.ID)
			ids[field.ID] = true
		}
	}
}

// readWorkflows are the workflows by the names of their files. A key that comes twice is an error.
func readWorkflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	workflows := map[string]workflow{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var w workflow
		require.NoError(t, yaml.Unmarshal(text, &w), file)
		require.NotEmpty(t, w.Jobs, file)
		workflows[filepath.Base(file)] = w
	}
	return workflows
}

// target is the beginning of a rule in the Makefile.
var target = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):( |$)`)

func makeTargets(t *testing.T) map[string]bool {
	t.Helper()
	targets := map[string]bool{}
	for _, match := range target.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[match[1]] = true
	}
	require.Contains(t, targets, "build")
	return targets
}

// makeCall is a call of make in a command, with its first target.
var makeCall = regexp.MustCompile(`(?m)(?:^|[;&|]\s*)make ([a-z][a-z0-9-]*)`)

func makeCalls(command string) (targets []string) {
	for _, match := range makeCall.FindAllStringSubmatch(command, -1) {
		targets = append(targets, match[1])
	}
	return targets
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}
