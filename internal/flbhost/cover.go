package flbhost

import (
	"os"
	"path/filepath"
)

// fluentBitGo is the module that every plugin in Go is built on.
const fluentBitGo = "github.com/fluent/fluent-bit-go"

// coverageExport joins fluentBitGo's package output where coverage is measured. A Go program writes its counters when
// main returns or os.Exit is called; in a shared library neither happens, so the host calls this before it exits.
const coverageExport = `package output

import "C"

import (
	"log"
	"os"
	"runtime/coverage"
)

//export FLBHostWriteCoverage
func FLBHostWriteCoverage() {
	if err := coverage.WriteCountersDir(os.Getenv("GOCOVERDIR")); err != nil {
		log.Print("coverage: ", err)
	}
}
`

// coverageModule makes a folder below dir with a copy of fluentBitGo that has coverageExport, and a go.mod for -modfile
// that replaces the one with the other. Returns the go.mod's path; the caller removes its folder.
//
// It is not the plugin's package that gets the file, by -overlay: the cover tool does not see overlaid files.
func coverageModule(root, dir string) (string, error) {
	original, err := run(root, "go", "list", "-m", "-f", "{{.Dir}}", fluentBitGo)
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(dir, "flbhost-cover-")
	if err != nil {
		return "", err
	}
	modfile := filepath.Join(folder, "go.mod")
	if err := writeCoverageModule(root, original, modfile); err != nil {
		os.RemoveAll(folder)
		return "", err
	}
	return modfile, nil
}

func writeCoverageModule(root, original, modfile string) error {
	replacement := filepath.Join(filepath.Dir(modfile), "fluent-bit-go")
	if err := os.CopyFS(replacement, os.DirFS(original)); err != nil {
		return err
	}
	export := filepath.Join(replacement, "output", "coverage.go")
	if err := os.WriteFile(export, []byte(coverageExport), 0o644); err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(modfile), name), text, 0o644); err != nil {
			return err
		}
	}
	_, err := run(root, "go", "mod", "edit", "-replace="+fluentBitGo+"="+replacement, modfile)
	return err
}
