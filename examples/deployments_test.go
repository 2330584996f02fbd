package examples

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// account is AWS's for documentation. Whoever copies an example puts their registry and roles in its place.
const account = "123456789012"

func TestTheImagesOfTheExamplesAreOfThisVersionInARegistryOfTheReader(t *testing.T) {
	version := strings.TrimSpace(readExample(t, "../VERSION"))
	images := map[string]string{}
	for _, c := range readManifest(t, readExample(t, "eks/daemonset.yaml"))["DaemonSet"].Spec.Template.Spec.Containers {
		images["eks/daemonset.yaml"] = c.Image
	}
	for _, c := range readTask(t, readExample(t, "ecs/task-definition.json")).ContainerDefinitions {
		if c.FirelensConfiguration != nil {
			images["ecs/task-definition.json"] = c.Image
		}
	}
	for _, file := range []string{"helm/fluent-bit.yaml", "helm/aws-for-fluent-bit.yaml"} {
		image := readValues(t, readExample(t, file)).Image
		images[file] = image.Repository + ":" + image.Tag
	}
	require.Len(t, images, 4)
	for file, image := range images {
		name := "fluent-bit-kinesis"
		if strings.Contains(file, "aws-for") {
			name = "aws-for-fluent-bit-kinesis"
		}
		require.Equal(t, account+".dkr.ecr.us-west-2.amazonaws.com/"+name+":"+version, image, file)
	}
}

func TestTheTaskHasARouterThatIsEssential(t *testing.T) {
	read := readTask(t, readExample(t, "ecs/task-definition.json"))
	require.Equal(t, "awsvpc", read.NetworkMode)
	routers := 0
	for _, c := range read.ContainerDefinitions {
		if c.FirelensConfiguration == nil {
			continue
		}
		routers++
		require.Equal(t, "fluentbit", c.FirelensConfiguration.Type)
		require.True(t, c.Essential)
		require.NotEqual(t, "awsfirelens", c.LogConfiguration.LogDriver, "its own log goes elsewhere")
	}
	require.Equal(t, 1, routers)
}

// AWS's image loads three libraries of Go plugins by name; this is the one for Kinesis.
func TestTheImageOfAWSHasTheLibraryOfAReleaseInPlaceOfItsOwn(t *testing.T) {
	var lines []string
	for line := range strings.Lines(readExample(t, "aws-for-fluent-bit/Dockerfile")) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	version := strings.TrimSpace(readExample(t, "../VERSION"))
	require.Len(t, lines, 3)
	require.Regexp(t, `^FROM public\.ecr\.aws/aws-observability/aws-for-fluent-bit:\d+\.\d+\.\d+$`, lines[0])
	require.Equal(t, []string{
		"ARG TARGETARCH",
		"COPY kinesis-" + version + "-linux-${TARGETARCH}.so /fluent-bit/kinesis.so",
	}, lines[1:])
	require.Contains(t, readExample(t, "../Makefile"), "$(ARTIFACTS)-linux-amd64.so", "as make dist names it")
	require.Contains(t, readExample(t, "../Makefile"), "$(ARTIFACTS)-linux-arm64.so")
}

// command is how a service starts Fluent Bit: with the library, in the foreground, and with a configuration.
var command = regexp.MustCompile("^(?:\"|)\\S.*fluent-bit(?:\\.exe)?\"? -e \"?\\S.*kinesis\\.(?:so|dll)\"? -c \"?\\S.*fluent-bit\\.conf\"?$")

func TestTheServiceOfSystemdStartsFluentBitWithThePlugin(t *testing.T) {
	unit := map[string][]string{}
	for line := range strings.Lines(readExample(t, "systemd/kinesis.conf")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || line == "[Service]" {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		require.True(t, found, line)
		unit[key] = append(unit[key], value)
	}
	require.Len(t, unit["ExecStart"], 2)
	require.Empty(t, unit["ExecStart"][0], "the package's command is taken away before another is given")
	require.Regexp(t, command, unit["ExecStart"][1])
	require.Contains(t, unit["Environment"], "HOSTNAME=%H", "systemd does not set it")
	require.Equal(t, []string{"fluent-bit"}, unit["StateDirectory"])
	requireStateIn(t, "systemd/fluent-bit.conf", "/var/lib/fluent-bit/")
}

func TestTheServiceOfWindowsStartsFluentBitWithThePlugin(t *testing.T) {
	script := readExample(t, "windows/service.ps1")
	_, line, found := strings.Cut(script, "$command = \"")
	require.True(t, found)
	line, _, _ = strings.Cut(line, "\"\n")
	require.Regexp(t, command, strings.ReplaceAll(line, "`\"", `"`))
	require.Contains(t, script, "New-Service -Name fluent-bit")
	require.Contains(t, script, "AWS_REGION=$Region")
	state := regexp.MustCompile(`\$State = "(.*)"`).FindStringSubmatch(script)
	require.NotNil(t, state)
	requireStateIn(t, "windows/fluent-bit.conf", state[1]+`\`)
}

// requireStateIn requires that a configuration keeps all its state in a folder that is there.
func requireStateIn(t *testing.T, file, folder string) {
	t.Helper()
	found := 0
	for _, s := range classicSections(t, readExample(t, file)) {
		for _, key := range []string{"db", "storage.path", "ledger_file", "log_file"} {
			if value := s.options[key]; value != "" {
				require.True(t, strings.HasPrefix(value, folder), value)
				found++
			}
		}
	}
	require.GreaterOrEqual(t, found, 3)
}
