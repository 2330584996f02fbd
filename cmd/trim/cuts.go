package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// cuts are the packages of which something is left out, and what that makes of the compiler's arguments.
var cuts = map[string]func(args []string) ([]string, error){
	"github.com/aws/aws-sdk-go/aws/endpoints": cutEndpoints,
	"github.com/fluent/fluent-bit-go/output":  cutDecoder,
}

// services are those whose addresses the plugin asks the SDK for: the stream's, the token service, and the two of
// single sign-on. The service of an instance's metadata has no line in the table.
var services = []string{"kinesis", "sts", "portal.sso", "oidc"}

// cutEndpoints has the compiler read a table of these services alone.
func cutEndpoints(args []string) ([]string, error) {
	at, err := source(args, "defaults.go")
	if err != nil {
		return nil, err
	}
	table, err := os.ReadFile(args[at])
	if err != nil {
		return nil, err
	}
	less, err := keepServices(table, services)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", args[at], err)
	}
	out, err := outputOf(args)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(filepath.Dir(out), "trimmed.go") // in a folder of go build's, which it removes
	less = append(fmt.Appendf(nil, "//line %s:1\n", args[at]), less...)
	if err := os.WriteFile(file, less, 0o600); err != nil {
		return nil, err
	}
	args = slices.Clone(args)
	args[at] = file
	return args, nil
}

// cutDecoder has the compiler not read the decoder, which cgo has been over by then.
func cutDecoder(args []string) ([]string, error) {
	at, err := source(args, "decoder.cgo1.go")
	if err != nil {
		return nil, err
	}
	return slices.Delete(slices.Clone(args), at, at+1), nil
}

// source is where a file stands among the arguments.
func source(args []string, name string) (at int, err error) {
	at = slices.IndexFunc(args, func(arg string) bool { return filepath.Base(arg) == name })
	if at < 0 {
		return 0, fmt.Errorf("there is no %s in it any more: see cmd/trim", name)
	}
	return at, nil
}

// outputOf is the file that the compiler is to write.
func outputOf(args []string) (string, error) {
	at := slices.Index(args, "-o")
	if at < 0 || at+1 == len(args) {
		return "", fmt.Errorf("the compiler is not told where to write to: %q", args)
	}
	return args[at+1], nil
}
