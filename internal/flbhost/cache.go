package flbhost

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// Binary is the host program: FLBHOST_BINARY if that is set, else built once per process.
func Binary() (string, error) {
	if file := os.Getenv("FLBHOST_BINARY"); file != "" {
		return filepath.Abs(file)
	}
	return builtBinary()
}

// Library is the plugin of this module as a shared library: FLBHOST_LIBRARY if that is set, else built once per
// process.
func Library() (string, error) {
	if file := os.Getenv("FLBHOST_LIBRARY"); file != "" {
		return filepath.Abs(file)
	}
	return builtLibrary()
}

// RaceBinary is the host program with the plugin of this module and the race detector in it, see [BuildRace]:
// FLBHOST_RACE_BINARY if that is set, else built once per process.
func RaceBinary() (string, error) {
	if file := os.Getenv("FLBHOST_RACE_BINARY"); file != "" {
		return filepath.Abs(file)
	}
	return builtRaceBinary()
}

// Main runs a package's tests, and removes what they had built:
//
//	func TestMain(m *testing.M) { os.Exit(flbhost.Main(m)) }
func Main(m interface{ Run() int }) int {
	defer Clean()
	return m.Run()
}

// Clean removes what this process has built. Programs call it before they end; the next Binary or Library is an error.
func Clean() {
	workshop.mu.Lock()
	defer workshop.mu.Unlock()
	workshop.closed = true
	if workshop.dir != "" {
		_ = os.RemoveAll(workshop.dir) // in the system's folder for such files, at worst
	}
}

// workshop is the folder of what this process builds, made when first needed and removed by Clean.
var workshop struct {
	mu     sync.Mutex // guards the following
	dir    string
	closed bool
}

func workshopDir() (string, error) {
	workshop.mu.Lock()
	defer workshop.mu.Unlock()
	if workshop.closed {
		return "", errors.New("flbhost: built after Clean")
	}
	if workshop.dir == "" {
		dir, err := os.MkdirTemp("", "flbhost-build-")
		if err != nil {
			return "", err
		}
		workshop.dir = dir
	}
	return workshop.dir, nil
}

var (
	builtBinary = sync.OnceValues(func() (string, error) {
		dir, err := workshopDir()
		if err != nil {
			return "", err
		}
		return Build(dir)
	})
	builtMetrics = sync.OnceValues(func() (string, error) {
		if file := os.Getenv("FLBHOST_METRICS_LIBRARY"); file != "" {
			return filepath.Abs(file)
		}
		dir, err := workshopDir()
		if err != nil {
			return "", err
		}
		library := filepath.Join(dir, "cmetrics.so")
		return library, compileMetrics(library)
	})
	builtLibrary    = buildOnce(BuildLibrary, LibraryBuild{}, "plugin"+libraryExtension())
	builtRaceBinary = buildOnce(BuildRace, LibraryBuild{}, "flbhost-race"+binaryExtension())
)

// buildOnce builds a plugin into the file name of the workshop when first called.
func buildOnce(build func(LibraryBuild, string) error, how LibraryBuild, name string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := workshopDir()
		if err != nil {
			return "", err
		}
		file := filepath.Join(dir, name)
		return file, build(how, file)
	})
}

func libraryExtension() string {
	if runtime.GOOS == "windows" {
		return ".dll"
	}
	return ".so"
}

func binaryExtension() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}
