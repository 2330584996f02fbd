package samples

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// A Container is where log lines come from: what Fluent Bit's inputs and its kubernetes filter know of a line
// beside its text.
type Container struct {
	ID         string  // 64 hexadecimal digits
	Name       string  // as the container runtime has it
	Kubernetes []Field // the map under the key "kubernetes"
}

// kubeletName is how the kubelet names the log files in /var/log/containers: pod, namespace, container and its ID.
var kubeletName = regexp.MustCompile(`^([a-z0-9][-a-z0-9.]*)_([^_]+)_(.+)-([a-f0-9]{64})\.log$`)

// ContainerOf tells the container that a log file belongs to, from the file's name alone. A file that is not named
// as the kubelet names them, or "-" for standard input, stands for a container of its own, named after the file.
func ContainerOf(path string) Container {
	base := filepath.Base(path)
	if m := kubeletName.FindStringSubmatch(base); m != nil {
		return newContainer(m[1], m[2], m[3], m[4])
	}
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if base == "-" || name == "" {
		name = "stdin"
	}
	digest := sha256.Sum256([]byte(base))
	return newContainer(name, "default", name, hex.EncodeToString(digest[:]))
}

func newContainer(pod, namespace, name, id string) Container {
	kubernetes := []Field{flbhost.F("pod_name", pod), flbhost.F("namespace_name", namespace)}
	kubernetes = append(kubernetes, podMetadata(pod)...)
	kubernetes = append(kubernetes, flbhost.F("container_name", name), flbhost.F("docker_id", id))
	return Container{ID: id, Name: "/k8s_" + name + "_" + pod + "_" + namespace, Kubernetes: kubernetes}
}

// criLine is a line of containerd's or CRI-O's log files: time, stream, full (F) or partial (P), text.
var criLine = regexp.MustCompile(`(?s)^(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) ([FP]) (.*)$`)

// Event makes an event of one line, given without its newline. It reads what a node's log files hold: Docker's
// json-file format, and any other JSON object that has a "log" key, whose keys are taken over; CRI lines; and plain
// text, which becomes "log" as it is. To each it adds container_id, container_name and kubernetes, unless the line
// brought them. A line that tells no time gets now.
func (c Container) Event(line string, now time.Time) Event {
	event := parseLine(line, now)
	event.addMissing("container_id", c.ID)
	event.addMissing("container_name", c.Name)
	event.addMissing("kubernetes", c.Kubernetes)
	return event
}

func parseLine(line string, now time.Time) Event {
	if strings.HasPrefix(line, "{") {
		fields, err := parseObject([]byte(line))
		event := Event{Time: now, Fields: fields}
		if err == nil && event.Has("log") {
			event.Time = timeOf(event.Text("time"), now)
			return event
		}
	}
	if m := criLine.FindStringSubmatch(line); m != nil {
		fields := []Field{flbhost.F("log", m[4]), flbhost.F("stream", m[2]), flbhost.F("time", m[1])}
		return Event{Time: timeOf(m[1], now), Fields: fields}
	}
	return Event{Time: now, Fields: []Field{flbhost.F("log", line), flbhost.F("stream", "stdout")}}
}

func timeOf(text string, otherwise time.Time) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return otherwise
	}
	return t
}
