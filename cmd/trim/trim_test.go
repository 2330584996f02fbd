//lint:file-ignore SA1019 the project stays on version 1 of the SDK

package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/service/sso"
	"github.com/aws/aws-sdk-go/service/ssooidc"
	"github.com/aws/aws-sdk-go/service/sts"
	"github.com/stretchr/testify/require"
)

func TestTheSDKsTableKeepsItsPartitionsAndRegionsAndTheServicesInUseAsTheyAre(t *testing.T) {
	whole := sdkTable(t)
	less, err := keepServices(whole, services)
	require.NoError(t, err)
	require.Less(t, len(less), len(whole)/10)

	had, has := tables(t, whole), tables(t, less)
	require.Len(t, has, len(had))
	for i := range had {
		for name, text := range had[i] {
			if slices.Contains(services, name) {
				require.Equal(t, text, has[i][name], "%s in partition %d", name, i)
			} else {
				require.NotContains(t, has[i], name)
			}
		}
		require.Subset(t, had[i], has[i])
	}
	require.Equal(t, string(withoutServices(t, whole)), string(withoutServices(t, less)), "all but the services")
}

func TestEveryServiceOfTheSDKThatTheLibraryCallsIsKept(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "../..")
	out, err := list.Output()
	require.NoError(t, err)
	ids := map[string]string{"sso": sso.EndpointsID, "ssooidc": ssooidc.EndpointsID, "sts": sts.EndpointsID}
	calls := []string{"kinesis"}
	for pkg := range strings.Lines(string(out)) {
		service, ok := strings.CutPrefix(strings.TrimSpace(pkg), "github.com/aws/aws-sdk-go/service/")
		if ok && !strings.Contains(service, "/") {
			require.Contains(t, ids, service, "the SDK has come to bring another service along: is its address asked for?")
			calls = append(calls, ids[service])
		}
	}
	require.ElementsMatch(t, calls, services)
}

func TestATableThatIsNotAsExpectedIsRefused(t *testing.T) {
	for _, test := range []struct{ name, table string }{
		{"no Go", "services{"},
		{"no table", "package endpoints\n"},
		{"a service that is not in it", "package endpoints\nvar p = partition{Services: services{\"sts\": service{}}}\n"},
		{"keys of another kind", "package endpoints\nvar p = partition{Services: services{kinesis: service{}, sts: service{}}}\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := keepServices([]byte(test.table), []string{"kinesis", "sts"})
			require.Error(t, err)
		})
	}
}

func TestServicesAreCutWhereverTheyStand(t *testing.T) {
	table := func(services string) string {
		return "package endpoints\nvar p = partition{Services: services{" + services + "}, ID: 1}\n"
	}
	for _, test := range []struct{ name, services, want string }{
		{"first", `"a": {1}, "kinesis": {2}`, `"kinesis": {2}`},
		{"last", `"kinesis": {2}, "z": {1}`, `"kinesis": {2}, `},
		{"around", `"a": {1}, "kinesis": {2}, "z": {1},`, `"kinesis": {2}, `},
		{"nowhere", `"kinesis": {2}`, `"kinesis": {2}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := keepServices([]byte(table(test.services)), []string{"kinesis"})
			require.NoError(t, err)
			require.Equal(t, table(test.want), string(got))
		})
	}
}

func TestTheCompilerIsGivenTheTableThatIsLeftAndTheNameOfTheWholeOne(t *testing.T) {
	whole, folder := filepath.Join(sdkFolder(t), "defaults.go"), t.TempDir()
	args := []string{"-o", filepath.Join(folder, "_pkg_.a"), "-p", "endpoints", "-pack", "decode.go", whole, "endpoints.go"}
	got, err := cuts["github.com/aws/aws-sdk-go/aws/endpoints"](args)
	require.NoError(t, err)
	require.Equal(t, slices.Concat(args[:6], []string{filepath.Join(folder, "trimmed.go"), "endpoints.go"}), got)
	require.Equal(t, whole, args[6], "of the caller's")
	less, err := os.ReadFile(got[6])
	require.NoError(t, err)
	first, rest, _ := bytes.Cut(less, []byte("\n"))
	require.Equal(t, "//line "+whole+":1", string(first))
	want, err := keepServices(sdkTable(t), services)
	require.NoError(t, err)
	require.Equal(t, string(want), string(rest))
}

func TestTheDecoderIsNotCompiled(t *testing.T) {
	cut := cuts["github.com/fluent/fluent-bit-go/output"]
	got, err := cut([]string{"-p", "output", "_cgo_gotypes.go", "b/decoder.cgo1.go", "b/output.cgo1.go"})
	require.NoError(t, err)
	require.Equal(t, []string{"-p", "output", "_cgo_gotypes.go", "b/output.cgo1.go"}, got)
}

// As cmd/go reads it, in toolID of its work/buildid.go.
func TestWhatACompilerIsTrimmedByIsInWhatGoBuildTakesForItsVersion(t *testing.T) {
	for version, want := range map[string]string{
		"compile version go1.26.8":                          "compile version go1.26.8 trimmed by x",
		"compile version go1.26.8 X:nodwarf5":               "compile version go1.26.8 X:nodwarf5 trimmed by x",
		"compile version devel go1.27-0a1b2c buildID=a/b/c": "compile version devel go1.27-0a1b2c buildID=a/b/c-trimmed-by-x",
	} {
		require.Equal(t, want, trimmed(version, "x"))
	}
}

func TestTheDigestIsOfAllSources(t *testing.T) {
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		_, err := sources.ReadFile(name)
		require.Equal(t, !strings.HasSuffix(name, "_test.go"), err == nil, name)
	}
}

func TestAPackageWithoutTheFileIsRefused(t *testing.T) {
	for pkg, cut := range cuts {
		_, err := cut([]string{"-o", "_pkg_.a", "another.go"})
		require.ErrorContains(t, err, "there is no ", pkg)
	}
}

// sdkFolder is where the SDK's table is.
func sdkFolder(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go/aws/endpoints").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

func sdkTable(t *testing.T) []byte {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(sdkFolder(t), "defaults.go"))
	require.NoError(t, err)
	return table
}

// tables are the services of each partition, each with its text.
func tables(t *testing.T, table []byte) (list []map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", table, 0)
	require.NoError(t, err)
	for literal := range serviceTables(file) {
		texts := map[string]string{}
		for _, element := range literal.Elts {
			texts[keyOf(element)] = string(table[files.Position(element.Pos()).Offset:files.Position(element.End()).Offset])
		}
		list = append(list, texts)
	}
	return list
}

// withoutServices is a table with none of its services.
func withoutServices(t *testing.T, table []byte) []byte {
	t.Helper()
	less, err := keepServices(table, nil)
	require.NoError(t, err)
	return less
}
