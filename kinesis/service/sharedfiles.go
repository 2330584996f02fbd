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
			for s := range settingsOf(textOf(file)) {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// textOf is what a file holds, "" where it cannot be read.
func textOf(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

// settingsOf reads lines as the SDK does: a section has the blanks within its name.
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
				section = strings.TrimSpace(head)
				continue
			}
			between := strings.IndexAny(line, "=:")
			if between >= 0 && !yield(setting{section, strings.TrimSpace(line[:between]), strings.TrimSpace(line[between+1:])}) {
				return
			}
		}
	}
}

// profile is that of the section; ok is false where it is of something else.
func (s setting) profile() (name string, ok bool) {
	kind, name, _ := strings.Cut(s.section, " ")
	switch kind {
	case "", "sso-session", "services":
		return "", false
	case "profile":
		return name, name != ""
	}
	return s.section, true
}

// profileInUse is the profile of this name, the environment's where it is empty.
func profileInUse(name string) string {
	return cmp.Or(name, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE"), "default")
}

// profileHas tells whether a profile has a setting of this name.
func profileHas(profile, name string) bool {
	for s := range settings() {
		if of, ok := s.profile(); ok && of == profile && s.name == name {
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
