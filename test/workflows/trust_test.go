package workflows

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pinned is an action with the commit that it is pinned to, and the version that this is.
var pinned = regexp.MustCompile(`^\s*- uses: ([\w-]+/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$`)

func TestActionsArePinnedToACommitEachToOne(t *testing.T) {
	commits := map[string]string{}
	for file := range readWorkflows(t) {
		for line := range strings.Lines(read(t, ".github/workflows/"+file)) {
			line = strings.TrimRight(line, "\n")
			if !strings.Contains(line, "uses: ") || strings.Contains(line, "uses: ./") {
				continue
			}
			match := pinned.FindStringSubmatch(line)
			require.NotNil(t, match, "%s: %s", file, line)
			if before := commits[match[1]]; before != "" {
				require.Equal(t, before, match[2], "%s: %s elsewhere", file, match[1])
			}
			commits[match[1]] = match[2]
		}
	}
	require.NotEmpty(t, commits)
}

// writers are the jobs that may do more than read the repository, and what that is. Those that build have no right to
// sign, and none that signs builds what it signs.
var writers = map[string]map[string]string{
	"release.yml, sign":       {"contents": "read", "id-token": "write", "attestations": "write"},
	"release.yml, image":      {"contents": "read", "packages": "write"},
	"release.yml, index":      {"contents": "read", "packages": "write"},
	"release.yml, sign-image": {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"},
	"release.yml, publish":    {"contents": "write"},
}

func TestJobsMayDoWhatTheyNeedAndNoMore(t *testing.T) {
	found := 0
	for file, w := range readWorkflows(t) {
		for name, j := range w.Jobs {
			id := file + ", " + name
			require.Equal(t, writers[id], j.Permissions, id)
			if writers[id] != nil {
				found++
			}
		}
	}
	require.Len(t, writers, found)
}

// A pull_request_target runs with the rights of this repository on what a stranger has sent. A text of theirs in a
// command is one that they have written. And a token that checkout leaves behind is there for all steps after it.
func TestWorkflowsTrustNobodysText(t *testing.T) {
	for file, w := range readWorkflows(t) {
		require.NotContains(t, read(t, ".github/workflows/"+file), "pull_request_target", file)
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				require.NotContains(t, s.Run, "${{", "%s, %s: an expression goes through env", file, name)
				if strings.HasPrefix(s.Uses, "actions/checkout@") {
					require.Equal(t, "false", s.With["persist-credentials"], "%s, %s: checkout", file, name)
				}
			}
		}
	}
}

// byTag are the images whose digest is not known here. `docker buildx imagetools inspect IMAGE` tells it; with the digest
// behind the tag, the image leaves this list.
var byTag = []string{"fluent/fluent-bit:5.0.9"}

// image is one with the digest of its index, for all architectures.
var image = regexp.MustCompile(`^[\w./-]+:\d+\.\d+\.\d+(-\w+)?@sha256:[0-9a-f]{64}$`)

func TestImagesArePinnedToADigest(t *testing.T) {
	images := imagesOf(t, "Dockerfile")
	require.Len(t, images, 2)
	var ofGo string
	for _, name := range images {
		if strings.HasPrefix(name, "golang:") {
			ofGo = name
		}
		if !slices.Contains(byTag, name) {
			require.Regexp(t, image, name)
		}
	}
	for file, w := range readWorkflows(t) {
		for name, j := range w.Jobs {
			if j.Container != "" {
				require.Equal(t, ofGo, j.Container, "%s, %s: the image of Go of the Dockerfile", file, name)
			}
		}
	}
	for _, name := range byTag {
		require.Contains(t, images, name, "no longer in use")
	}
}

// imagesOf are the images that a Dockerfile begins with, without its own stages.
func imagesOf(t *testing.T, dockerfile string) (images []string) {
	t.Helper()
	for line := range strings.Lines(read(t, dockerfile)) {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, _, _ := strings.Cut(rest, " ")
		if instruction == "FROM" && !strings.HasPrefix(name, "$") {
			images = append(images, name)
		}
	}
	return images
}

// What a release consists of is signed before it is published, and so is the image.
func TestNothingIsPublishedThatIsNotSigned(t *testing.T) {
	release := readWorkflows(t)["release.yml"]
	var needs []string
	publish := release.Jobs["publish"]
	require.NoError(t, publish.Needs.Decode(&needs))
	require.Subset(t, needs, []string{"ci", "sign", "sign-image"})

	sign := release.Jobs["sign"]
	attested := map[string]string{}
	for _, s := range sign.Steps {
		if strings.HasPrefix(s.Uses, "actions/attest@") {
			subject := s.With["subject-path"] + s.With["subject-checksums"]
			attested[filepath.Base(subject)] = s.With["sbom-path"]
		}
	}
	require.Len(t, attested, 4)
	require.Contains(t, attested, "SHA256SUMS", "the provenance of all files")
	commands := strings.Join(wouldRun(t, "dist"), "\n")
	for subject, bill := range attested {
		if subject == "SHA256SUMS" {
			continue
		}
		require.Equal(t, "dist/"+subject+".cdx.json", bill)
		_, platform, _ := strings.Cut(subject, "}}")
		require.Contains(t, commands, platform, "make dist makes it")
	}
	for _, target := range []string{"sign", "sign-image"} {
		require.Contains(t, strings.Join(wouldRun(t, target), "\n"), "cosign sign")
	}
}
