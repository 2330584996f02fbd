package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"os"
	"os/exec"
)

//go:embed main.go version.go cuts.go table.go
var sources embed.FS

// tellVersion answers what go build asks of a compiler before it looks into its cache: the compiler's own answer, and
// what it is trimmed by. Packages compiled without, or by another version of this program, are others then.
func tellVersion(tool string, args []string) error {
	said, err := exec.Command(tool, args...).Output()
	if err != nil {
		return err
	}
	ours, err := digest()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "%s trimmed by %s\n", bytes.TrimSpace(said), ours)
	return err
}

// digest is that of this program's source, which is the same on every machine, so that the library is as well.
func digest() (string, error) {
	files, err := sources.ReadDir(".")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, file := range files {
		text, err := sources.ReadFile(file.Name())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", file.Name(), len(text), text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}
