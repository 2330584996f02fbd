// Package samples holds log lines that look like those of a real cluster, and makes events of them as Fluent Bit
// would: the input of the local run, and of whoever needs data that is not made of one line a thousand times.
//
// The lines are those of a small shop on Kubernetes: nginx access and error logs and a Java service in the CRI
// format of containerd, a Go service in Docker's json-file format, CoreDNS, and a search node's lines already
// enriched with Kubernetes metadata. Among them are quotes and backslashes, stack traces over several lines and in
// one, terminal colours, text outside ASCII, numbers beyond 2^53, and empty lines.
package samples

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

//go:embed logs/*.log
var logs embed.FS

// podsJSON is what the cluster's API server would tell the kubernetes filter of each pod.
//
//go:embed pods.json
var podsJSON []byte

// Events returns the bundled lines as events, oldest first. The events are the caller's, their nested values are
// shared: not to be changed.
func Events() []Event {
	return slices.Clone(bundled())
}

var bundled = sync.OnceValue(func() []Event {
	entries, err := logs.ReadDir("logs")
	if err != nil {
		return nil // the files are part of the program
	}
	var events []Event
	for _, entry := range entries {
		text, err := logs.ReadFile("logs/" + entry.Name())
		if err != nil {
			continue
		}
		container := ContainerOf(entry.Name())
		lines := bufio.NewScanner(bytes.NewReader(text))
		for lines.Scan() {
			events = append(events, container.Event(lines.Text(), time.Time{}))
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return events
})

// podMetadata returns labels, annotations, addresses and the like of a pod, for the pods of the bundled lines.
func podMetadata(pod string) []Field {
	return pods()[pod]
}

var pods = sync.OnceValue(func() map[string][]Field {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(podsJSON, &raw); err != nil {
		return nil
	}
	byName := make(map[string][]Field, len(raw))
	for name, object := range raw {
		fields, err := parseObject(object)
		if err != nil {
			continue
		}
		byName[name] = fields
	}
	return byName
})
