// Trim stands between go build and the compiler, and leaves out of the library what it brings along and has no use for:
//
//	go build -toolexec "$PWD/bin/trim" -buildmode=c-shared -o bin/kinesis.so .
//
// Two packages are cut. Of the AWS SDK's table of endpoints, which is of some three hundred services and is put up in
// memory whenever the library is loaded, the services stay that the plugin calls; every partition and region stays. Of
// fluent-bit-go the decoder goes, which nothing calls and which alone brings a codec, net/rpc and html/template.
//
// The modules are the ones of go.sum, byte for byte: what is cut is a copy on its way to the compiler. The plugin built
// without this does the same, only that it is larger and slower to load. Where a package is not as it is expected to
// be, the build fails and says so.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, `usage: go build -toolexec "$PWD/bin/trim" ...`)
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:], os.Getenv("TOOLEXEC_IMPORTPATH")); err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			os.Exit(failed.ExitCode())
		}
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

// run runs a tool of Go's, with other arguments where it is to compile a package of which something is left out.
func run(tool string, args []string, pkg string) error {
	name := filepath.Base(tool)
	name = name[:len(name)-len(filepath.Ext(name))]
	if name != "compile" {
		return execute(tool, args)
	}
	if slices.Contains(args, "-V=full") {
		return tellVersion(tool, args)
	}
	if cut, ok := cuts[pkg]; ok {
		var err error
		if args, err = cut(args); err != nil {
			return fmt.Errorf("%s: %w", pkg, err)
		}
	}
	return execute(tool, args)
}

func execute(tool string, args []string) error {
	command := exec.Command(tool, args...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}
