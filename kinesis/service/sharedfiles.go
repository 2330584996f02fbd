//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package service

import (
	"cmp"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go/aws/defaults"
)

// sharedFiles are the files that the AWS tools have in common: the credentials
// and the configuration. It is the SDK that makes sense of them; what is read
// here is which other files they name, and what the SDK does not tell.
func sharedFiles() []string {
	return []string{
		cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), defaults.SharedCredentialsFilename()),
		cmp.Or(os.Getenv("AWS_CONFIG_FILE"), defaults.SharedConfigFilename()),
	}
}

// tokenFiles are the files whose text is shown for credentials.
func tokenFiles() (files []string) {
	for _, name := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"} {
		if file := os.Getenv(name); file != "" {
			files = append(files, file)
		}
	}
	return files
}

// A setting is a line of a shared file: name = value, in a section.
type setting struct{ section, name, value string }

// settings are those of all shared files, as far as they can be read.
func settings() iter.Seq[setting] {
	return func(yield func(setting) bool) {
		for _, file := range sharedFiles() {
			text, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			for s := range settingsOf(string(text)) {
				if !yield(s) {
					return
				}
			}
		}
	}
}

func settingsOf(text string) iter.Seq[setting] {
	return func(yield func(setting) bool) {
		section := ""
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' || line[0] == ';' {
				continue
			}
			if head, ok := strings.CutPrefix(line, "["); ok {
				head, _, _ = strings.Cut(head, "]")
				section = strings.Join(strings.Fields(head), " ")
				continue
			}
			name, value, ok := strings.Cut(line, "=")
			if ok && !yield(setting{section, strings.TrimSpace(name), strings.TrimSpace(value)}) {
				return
			}
		}
	}
}

// profileHas tells whether the profile in use has a setting of this name.
func profileHas(name string) bool {
	profile := cmp.Or(os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
	for s := range settings() {
		if s.name == name && (s.section == profile || s.section == "profile "+profile) {
			return true
		}
	}
	return false
}

// namedFiles are the files that the shared ones name: tokens, and what a
// credential_process is made of, which is its program and any file that it is
// given.
func namedFiles() (tokens, processes []string) {
	for s := range settings() {
		switch s.name {
		case "web_identity_token_file":
			tokens = append(tokens, s.value)
		case "credential_process":
			for _, word := range strings.FieldsFunc(s.value, func(r rune) bool { return strings.ContainsRune(" \t\"'", r) }) {
				if filepath.IsAbs(word) {
					processes = append(processes, word)
				}
			}
		}
	}
	return tokens, processes
}
