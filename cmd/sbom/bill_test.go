package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/internal/flbhost"
)

func TestMain(m *testing.M) { os.Exit(flbhost.Main(m)) }

// readBill writes the bill of a library, and reads it again as another would.
func readBill(t *testing.T, library string) (*cdx.BOM, string) {
	t.Helper()
	var written bytes.Buffer
	require.NoError(t, write(&written, library, "1.2.3"))
	var bill cdx.BOM
	require.NoError(t, cdx.NewBOMDecoder(strings.NewReader(written.String()), cdx.BOMFileFormatJSON).Decode(&bill))
	return &bill, written.String()
}

func pluginLibrary(t *testing.T) string {
	t.Helper()
	library, err := flbhost.Library()
	require.NoError(t, err)
	return library
}

func TestTheBillNamesWhatIsLinkedIntoTheLibraryWithTheHashesOfGoSum(t *testing.T) {
	library := pluginLibrary(t)
	bill, _ := readBill(t, library)
	info, err := buildinfo.ReadFile(library)
	require.NoError(t, err)
	require.NotEmpty(t, info.Deps)

	goSum, err := os.ReadFile(filepath.FromSlash("../../go.sum"))
	require.NoError(t, err)
	want := []string{"stdlib " + strings.TrimPrefix(info.GoVersion, "go")}
	for _, module := range info.Deps {
		want = append(want, module.Path+" "+module.Version)
	}
	var got []string
	for _, part := range *bill.Components {
		got = append(got, part.Name+" "+part.Version)
		require.Equal(t, "pkg:golang/"+part.Name+"@"+part.Version, part.PackageURL)
		if part.Name == "stdlib" {
			continue
		}
		require.Len(t, *part.Hashes, 1)
		sum, err := hex.DecodeString((*part.Hashes)[0].Value)
		require.NoError(t, err)
		line := part.Name + " " + part.Version + " h1:" + base64.StdEncoding.EncodeToString(sum) + "\n"
		require.Contains(t, string(goSum), line)
	}
	require.Equal(t, want, got)
}

func TestTheBillIsOfThisLibrary(t *testing.T) {
	library := pluginLibrary(t)
	bill, _ := readBill(t, library)
	content, err := os.ReadFile(library)
	require.NoError(t, err)
	hash := sha256.Sum256(content)

	subject := bill.Metadata.Component
	require.Equal(t, filepath.Base(library), subject.Name)
	require.Equal(t, "1.2.3", subject.Version)
	require.Equal(t, hex.EncodeToString(hash[:]), (*subject.Hashes)[0].Value)
	require.Contains(t, *subject.Properties, cdx.Property{Name: "build:buildmode", Value: "c-shared"})

	require.Len(t, *bill.Dependencies, 1)
	require.Equal(t, subject.BOMRef, (*bill.Dependencies)[0].Ref)
	require.Len(t, *(*bill.Dependencies)[0].Dependencies, len(*bill.Components))
}

func TestTheSameLibraryHasTheSameBill(t *testing.T) {
	library := pluginLibrary(t)
	_, first := readBill(t, library)
	_, second := readBill(t, library)
	require.Equal(t, first, second)
}

func TestAReplacedModuleIsWhatItWasReplacedBy(t *testing.T) {
	part, err := componentOf(&debug.Module{
		Path: "example.org/was", Version: "v1.0.0", Replace: &debug.Module{Path: "../here"},
	})
	require.NoError(t, err)
	require.Equal(t, "../here", part.Name)
	require.Nil(t, part.Hashes)
}

func TestWhatHasNoBillIsAnError(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, []byte("no library"), 0o600))
	for name, file := range map[string]string{"no file": filepath.Join(dir, "none"), "not of Go": text} {
		t.Run(name, func(t *testing.T) {
			var written bytes.Buffer
			require.Error(t, write(&written, file, "1.2.3"))
			require.Empty(t, written.String())
		})
	}
	_, err := componentOf(&debug.Module{Path: "example.org/m", Version: "v1.0.0", Sum: "h1:short"})
	require.ErrorContains(t, err, "example.org/m: not a hash of a module")
}
