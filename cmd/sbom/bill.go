package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// billOf reads a library: an ELF or PE file that Go has built.
func billOf(library, version string) (*cdx.BOM, error) {
	info, err := buildinfo.ReadFile(library)
	if err != nil {
		return nil, err
	}
	hash, err := hashOf(library)
	if err != nil {
		return nil, err
	}
	subject := cdx.Component{
		BOMRef: purl(info.Main.Path, version), Type: cdx.ComponentTypeLibrary,
		Name: filepath.Base(library), Version: version, PackageURL: purl(info.Main.Path, version),
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hash}},
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}},
		Properties: settingsOf(info),
	}
	parts := []cdx.Component{standardLibrary(info.GoVersion)}
	for _, module := range info.Deps {
		part, err := componentOf(module)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	bill := cdx.NewBOM()
	bill.Metadata = &cdx.Metadata{Component: &subject}
	bill.Components = &parts
	bill.Dependencies = flat(subject, parts)
	return bill, nil
}

// componentOf is a module as it was linked: where it was replaced, what it was replaced by.
func componentOf(module *debug.Module) (cdx.Component, error) {
	if module.Replace != nil {
		module = module.Replace
	}
	c := cdx.Component{
		BOMRef: purl(module.Path, module.Version), Type: cdx.ComponentTypeLibrary, Scope: cdx.ScopeRequired,
		Name: module.Path, Version: module.Version, PackageURL: purl(module.Path, module.Version),
	}
	if module.Sum == "" { // a folder of this machine
		return c, nil
	}
	// See https://go.dev/ref/mod#go-sum-files: h1 is a SHA-256 of the module's files and their names.
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(module.Sum, "h1:"))
	if err != nil || len(sum) != sha256.Size {
		return c, fmt.Errorf("%s: not a hash of a module: %q", module.Path, module.Sum)
	}
	c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	return c, nil
}

// standardLibrary goes by the name and the form of version that the Go vulnerability database has for it.
func standardLibrary(goVersion string) cdx.Component {
	version := strings.TrimPrefix(goVersion, "go")
	return cdx.Component{
		BOMRef: purl("stdlib", version), Type: cdx.ComponentTypeLibrary, Scope: cdx.ScopeRequired,
		Name: "stdlib", Version: version, PackageURL: purl("stdlib", version),
	}
}

// settingsOf are the system, the processor and the flags that the library was built for and with.
func settingsOf(info *buildinfo.BuildInfo) *[]cdx.Property {
	var settings []cdx.Property
	for _, s := range info.Settings {
		settings = append(settings, cdx.Property{Name: "build:" + strings.TrimPrefix(s.Key, "-"), Value: s.Value})
	}
	return &settings
}

// flat has the library depend on all its parts: which of them brings which is not in a library.
func flat(subject cdx.Component, parts []cdx.Component) *[]cdx.Dependency {
	var refs []string
	for _, part := range parts {
		refs = append(refs, part.BOMRef)
	}
	return &[]cdx.Dependency{{Ref: subject.BOMRef, Dependencies: &refs}}
}

// purl is the address of a module, see https://github.com/package-url/purl-spec.
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

func hashOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
