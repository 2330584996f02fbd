package examples

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// An object is what these tests look at of an object of Kubernetes.
type object struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Data     map[string]string
	RoleRef  struct{ Name string } `yaml:"roleRef"`
	Subjects []struct{ Kind, Name, Namespace string }
	Spec     struct {
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     pod
		}
	}
}

type pod struct {
	ServiceAccountName string `yaml:"serviceAccountName"`
	Containers         []struct {
		Name, Image  string
		VolumeMounts []mount `yaml:"volumeMounts"`
	}
	Volumes []volume
}

type mount struct {
	Name      string
	MountPath string `yaml:"mountPath"`
	SubPath   string `yaml:"subPath"`
	ReadOnly  bool   `yaml:"readOnly"`
}

type volume struct {
	Name      string
	ConfigMap struct{ Name string }       `yaml:"configMap"`
	HostPath  struct{ Path, Type string } `yaml:"hostPath"`
}

// readManifest reads the objects of a file, of which there is one of each kind.
func readManifest(t *testing.T, text string) map[string]object {
	t.Helper()
	objects := map[string]object{}
	for documents := yaml.NewDecoder(strings.NewReader(text)); ; {
		var o object
		err := documents.Decode(&o)
		if errors.Is(err, io.EOF) {
			return objects
		}
		require.NoError(t, err)
		require.NotContains(t, objects, o.Kind)
		objects[o.Kind] = o
	}
}

// values are what these tests look at of the values of both charts.
type values struct {
	Image      struct{ Repository, Tag string }
	Args       []string
	Config     struct{ Service, Inputs, Filters, Outputs string }
	Kinesis    options
	CloudWatch struct{ Enabled *bool } `yaml:"cloudWatchLogs"`
	Service    struct {
		ExtraService string `yaml:"extraService"`
	}
	Input struct {
		DB          string
		ExtraInputs string `yaml:"extraInputs"`
	}
	Volumes      []volume
	Mounts       []mount  `yaml:"volumeMounts"`
	ExtraVolumes []volume `yaml:"extraVolumes"`
	ExtraMounts  []mount  `yaml:"extraVolumeMounts"`
}

func readValues(t *testing.T, text string) (read values) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(text), &read))
	return read
}

func TestTheDaemonSetRunsTheConfigurationBesideIt(t *testing.T) {
	objects := readManifest(t, readExample(t, "eks/daemonset.yaml"))
	set, account := objects["DaemonSet"], objects["ServiceAccount"]
	require.Equal(t, readExample(t, "eks/fluent-bit.conf"), objects["ConfigMap"].Data["fluent-bit.conf"])
	require.Equal(t, set.Spec.Selector.MatchLabels, set.Spec.Template.Metadata.Labels)
	for _, kind := range []string{"ServiceAccount", "ConfigMap", "DaemonSet"} {
		require.Equal(t, objects["Namespace"].Metadata.Name, objects[kind].Metadata.Namespace, kind)
	}

	running := set.Spec.Template.Spec
	require.Equal(t, account.Metadata.Name, running.ServiceAccountName)
	require.Equal(t, objects["ClusterRole"].Metadata.Name, objects["ClusterRoleBinding"].RoleRef.Name)
	require.Equal(t, account.Metadata.Name, objects["ClusterRoleBinding"].Subjects[0].Name)
	require.Equal(t, account.Metadata.Namespace, objects["ClusterRoleBinding"].Subjects[0].Namespace)

	require.Len(t, running.Containers, 1)
	requireMounted(t, running.Volumes, running.Containers[0].VolumeMounts, objects["ConfigMap"].Data["fluent-bit.conf"])
	for _, m := range running.Containers[0].VolumeMounts {
		if m.Name == "config" {
			require.Equal(t, "/fluent-bit/etc/fluent-bit.conf", m.MountPath, "where the image looks for it")
			require.Equal(t, "fluent-bit.conf", m.SubPath)
		}
	}
}

func TestTheValuesOfTheChartsMountWhatTheirConfigurationsWriteTo(t *testing.T) {
	chart := readValues(t, readExample(t, "helm/fluent-bit.yaml"))
	logs := mount{Name: "varlog", MountPath: "/var/log"} // the chart's own
	requireMounted(t, chart.ExtraVolumes, append(chart.ExtraMounts, logs), chart.Config.Service+chart.Config.Inputs+chart.Config.Outputs)
	require.Subset(t, chart.Args, []string{"-e", "/fluent-bit/kinesis.so"}, "the chart's arguments take the place of the image's")

	aws := readValues(t, readExample(t, "helm/aws-for-fluent-bit.yaml"))
	requireMounted(t, aws.Volumes, aws.Mounts, aws.Service.ExtraService+aws.Input.ExtraInputs+"DB "+aws.Input.DB+"\n"+aws.Kinesis["extraOutputs"])
	require.NotNil(t, aws.CloudWatch.Enabled)
	require.False(t, *aws.CloudWatch.Enabled, "it is on unless it is turned off")
}

// requireMounted requires that each file that a configuration keeps its state in lies in a volume of the node.
func requireMounted(t *testing.T, volumes []volume, mounts []mount, config string) {
	t.Helper()
	paths := map[string]string{}
	for _, v := range volumes {
		paths[v.Name] = v.HostPath.Path
	}
	found := 0
	for line := range strings.Lines(config) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch strings.ToLower(key) {
		case "db", "storage.path", "ledger_file":
			found++
			require.True(t, writable(mounts, paths, strings.TrimSpace(value)), line)
		}
	}
	require.Equal(t, 3, found)
}

// writable tells whether a file lies in a mounted folder that is the node's, at the same place.
func writable(mounts []mount, paths map[string]string, file string) bool {
	for _, m := range mounts {
		if strings.HasPrefix(file, m.MountPath+"/") && !m.ReadOnly {
			return paths[m.Name] == m.MountPath
		}
	}
	return false
}
