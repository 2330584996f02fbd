package flbhost

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// program is the host's source.
//
//go:embed host/*.c host/*.h
var program embed.FS

// Build compiles the host program with the C compiler of `go env CC` into the folder dir, and returns its path.
func Build(dir string) (binary string, err error) {
	binary = filepath.Join(dir, "flbhost"+binaryExtension())
	libraries := []string{"-rdynamic", "-ldl", "-lpthread"} // a plugin may look for Fluent Bit's functions in the program
	if runtime.GOOS == "windows" {
		libraries = nil
	}
	return binary, compile(binary, libraries...)
}

// compile compiles the host's source, with more arguments for the linker.
func compile(binary string, linked ...string) error {
	source, err := os.MkdirTemp(filepath.Dir(binary), "flbhost-source-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(source)
	if err := os.CopyFS(source, program); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(source, "host", "*.c"))
	if err != nil {
		return err
	}
	return compileC(binary, files, linked...)
}

// compileC compiles files of C, with more arguments.
func compileC(into string, files []string, more ...string) error {
	compiler, err := run("", "go", "env", "CC")
	if err != nil {
		return err
	}
	command := append(strings.Fields(compiler), "-std=gnu99", "-O2", "-Wall", "-Wextra", "-o", into)
	command = append(append(command, files...), more...)
	if _, err := run("", command...); err != nil {
		return fmt.Errorf("compiling the plugin host: %w", err)
	}
	return nil
}

// LibraryBuild says how a plugin is built.
type LibraryBuild struct {
	// Package is what `go build` is given, in the root of the module. Empty: the root's own package.
	Package string
	// Cover names packages, as -coverpkg takes them ("./kinesis/..."), whose coverage is measured, and the plugin's
	// own with them. The host writes the counters into the folder GOCOVERDIR (an absolute path) when it exits.
	Cover []string
	// Flags are added to `go build`, before the package: "-ldflags=...", "-tags=...".
	Flags []string
}

// BuildLibrary builds a plugin of the module that the working directory is in, with `go build -buildmode=c-shared
// -trimpath`, into the file library. Beside it comes the C header that cgo writes.
func BuildLibrary(how LibraryBuild, library string) error {
	return buildPlugin(how, library, "-buildmode=c-shared", "-trimpath")
}

// BuildRace builds a host program with a plugin and the race detector in it, for Config.Library = Linked.
//
// The race detector keeps its shadow of memory at fixed distances from the addresses of a Go program, and a shared
// library lies outside of what it can shadow: it ends when it is loaded. A plugin that is linked into the program, at
// the low addresses of one that is not position-independent, it can watch.
func BuildRace(how LibraryBuild, binary string) error {
	dir, err := os.MkdirTemp(filepath.Dir(binary), "flbhost-archive-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	archive := filepath.Join(dir, "plugin.a")
	if err := buildPlugin(how, archive, "-buildmode=c-archive", "-race"); err != nil {
		return err
	}
	// All of the archive and its symbols: dlsym is to find what nothing in the program refers to.
	return compile(binary, "-no-pie", "-rdynamic", "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive",
		"-ldl", "-lpthread", "-lm", "-lresolv")
}

func buildPlugin(how LibraryBuild, file string, mode ...string) error {
	root, err := run("", "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	file, err = filepath.Abs(file)
	if err != nil {
		return err
	}
	pkg := how.Package
	if pkg == "" {
		pkg = "."
	}
	args := append([]string{"go", "build", "-o", file}, mode...)
	if len(how.Cover) > 0 {
		modfile, err := coverageModule(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		defer os.RemoveAll(filepath.Dir(modfile))
		args = append(args, "-cover", "-covermode=atomic", "-modfile="+modfile,
			"-coverpkg="+strings.Join(append([]string{pkg}, how.Cover...), ","))
	}
	args = append(append(args, how.Flags...), pkg)
	if _, err := run(root, args...); err != nil {
		return fmt.Errorf("building the plugin of %s: %w", pkg, err)
	}
	return nil
}

// run runs a tool in the folder dir and returns what it printed, without the last newline. The error has what it
// said on standard error.
func run(dir string, command ...string) (string, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, stderr.String())
	}
	return strings.TrimRight(string(out), "\r\n"), nil
}
