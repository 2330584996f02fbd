package supply

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheSecurityPageVerifiesAReleaseAsItsWorkflowDoes(t *testing.T) {
	commands, err := runMake(t, nil, "--dry-run", "verify-release", "REPO=$$REPO", "TAG=$$TAG")
	require.NoError(t, err, commands)
	page, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "\n"+commands+"```\n")
}

// A release is a folder with what make dist and the signing leave there, and programs in place of cosign and gh: each
// notes how it was called, and those that refuse fail.
type release struct {
	t       *testing.T
	tree    string
	calls   string
	refuses string
}

func newRelease(t *testing.T) *release {
	t.Helper()
	dir := t.TempDir()
	r := &release{t: t, tree: filepath.Join(dir, "tree"), calls: filepath.Join(dir, "calls")}
	for _, name := range []string{"Makefile", "VERSION"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		r.write(name, string(text))
	}
	var sums strings.Builder
	for _, name := range []string{"kinesis-1.2.3-linux-amd64.so", "kinesis-1.2.3-linux-amd64.so.cdx.json"} {
		r.write("dist/"+name, name)
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(name)), name)
	}
	r.write("dist/SHA256SUMS", sums.String())
	for _, program := range []string{"cosign", "gh"} {
		r.write("bin/"+program, "#!/bin/sh\necho \""+program+" $*\" >>'"+r.calls+"'\ncase \""+program+" $*\" in $REFUSES*) exit 1 ;; esac\n")
		require.NoError(t, os.Chmod(filepath.Join(r.tree, "bin", program), 0o755))
	}
	return r
}

func (r *release) write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.tree, filepath.FromSlash(name))
	require.NoError(r.t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(r.t, os.WriteFile(file, []byte(text), 0o600))
}

// make runs a target in the folder, and returns how the programs were called.
func (r *release) make(args ...string) (calls []string, err error) {
	r.t.Helper()
	refuses := r.refuses
	if refuses == "" {
		refuses = "nothing"
	}
	path := "PATH=" + filepath.Join(r.tree, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	_, err = runMake(r.t, []string{path, "REFUSES=" + refuses}, append([]string{"-C", r.tree}, args...)...)
	text, readErr := os.ReadFile(r.calls)
	if readErr != nil {
		return nil, err // no program was called
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n"), err
}

var publish = []string{"publish-release", "TAG=v1.2.3", "REPO=owner/name"}

func TestAReleaseIsPublishedOnceAllOfItIsVerified(t *testing.T) {
	calls, err := newRelease(t).make(publish...)
	require.NoError(t, err)
	require.Len(t, calls, 4)
	require.Contains(t, calls[0], "cosign verify-blob --bundle dist/SHA256SUMS.sigstore.json")
	require.Contains(t, calls[0], "--certificate-identity https://github.com/owner/name/.github/workflows/release.yml@refs/tags/v1.2.3 ")
	require.Contains(t, calls[1], "gh attestation verify dist/kinesis-1.2.3-linux-amd64.so --bundle ")
	require.Contains(t, calls[2], "gh attestation verify dist/kinesis-1.2.3-linux-amd64.so.cdx.json --bundle ")
	require.Contains(t, calls[3], "gh release create v1.2.3 --verify-tag")
	for _, file := range []string{
		"kinesis-1.2.3-linux-amd64.so", "kinesis-1.2.3-linux-amd64.so.cdx.json", "SHA256SUMS", "SHA256SUMS.sigstore.json",
		"provenance.sigstore.json",
	} {
		require.Contains(t, strings.Fields(calls[3]), "dist/"+file)
	}
}

func TestWhatIsNotVerifiedIsNotPublished(t *testing.T) {
	for name, spoil := range map[string]func(r *release){
		"a file that is not the one of the checksum": func(r *release) { r.write("dist/kinesis-1.2.3-linux-amd64.so", "another") },
		"checksums that are not signed":              func(r *release) { r.refuses = "cosign verify-blob" },
		"a file without its provenance":              func(r *release) { r.refuses = "gh attestation verify dist/kinesis-1.2.3-linux-amd64.so" },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRelease(t)
			spoil(r)
			calls, err := r.make(publish...)
			require.Error(t, err)
			for _, call := range calls {
				require.NotContains(t, call, "gh release")
			}
		})
	}
}

func TestWhatIsSignedAreTheChecksumsAndTheImageByItsDigest(t *testing.T) {
	calls, err := newRelease(t).make("sign")
	require.NoError(t, err)
	require.Equal(t, []string{"cosign sign-blob --yes --bundle dist/SHA256SUMS.sigstore.json dist/SHA256SUMS"}, calls)

	calls, err = newRelease(t).make("sign-image", "IMAGE=registry.example.org/owner/name", "DIGEST=sha256:12")
	require.NoError(t, err)
	require.Equal(t, []string{"cosign sign --yes --recursive registry.example.org/owner/name@sha256:12"}, calls)
}
