package main

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

//go:embed main.go version.go cuts.go table.go
var sources embed.FS

// tellVersion answers what go build asks of a compiler before it looks into its cache: the compiler's own answer, and
// what it is trimmed by. Packages compiled without, or by another version of this program, are others then.
func tellVersion(tool string, args []string) error {
	ask := exec.Command(tool, args...)
	ask.Stderr = os.Stderr
	said, err := ask.Output()
	if err != nil {
		return err
	}
	ours, err := digest()
	if err != nil {
		return err
	}
	_, err = fmt.Println(trimmed(strings.TrimSpace(string(said)), ours))
	return err
}

// trimmed is a compiler's version with the digest of what it is trimmed by. Of a release go build takes the whole line,
// of a Go under development the last word, which has to be the compiler's build ID, from its last slash on.
func trimmed(version, by string) string {
	if last := version[strings.LastIndex(version, " ")+1:]; strings.HasPrefix(last, "buildID=") {
		return version + "-trimmed-by-" + by
	}
	return version + " trimmed by " + by
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
