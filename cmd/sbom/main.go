// Sbom writes the bill of materials of a library that Go has built, as CycloneDX 1.6 in JSON: the modules that are linked
// into it, Go's standard library, and the settings of the build. All of it is read from the library itself, so that it
// says what is in there and not what go.mod allows. A module of which cmd/trim has left nothing in is named as well, for
// Go does not know that it did. The same library has the same bill, byte for byte: there is no time and no random number
// in it.
//
//	go run ./cmd/sbom -version 0.1.0 bin/kinesis.so >kinesis.so.cdx.json
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	version := flag.String("version", "", "the version of the library, which Go does not know")
	flag.Parse()
	if flag.NArg() != 1 || *version == "" {
		fmt.Fprintln(os.Stderr, "usage: sbom -version VERSION LIBRARY")
		os.Exit(2)
	}
	if err := write(os.Stdout, flag.Arg(0), *version); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func write(w io.Writer, library, version string) error {
	bill, err := billOf(library, version)
	if err != nil {
		return err
	}
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bill, cdx.SpecVersion1_6)
}
