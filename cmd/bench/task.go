package main

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"sync"
	"syscall"
	"time"

	"fluent-bit-kinesis/kinesis"
	"fluent-bit-kinesis/kinesis/wire"
	"fluent-bit-kinesis/plugins"
)

// A task is a part of the plugin's work, done in a process of its own.
type task struct {
	Options map[string]string
	Records int // of a pass
	Passes  int
	Post    *target // the bodies are posted; without it, encoded
}

// measure is the CPU of the task, in us for a record.
func (t task) measure() (us float64, err error) {
	text, err := json.Marshal(t)
	if err != nil {
		return 0, err
	}
	c, err := startChild("-task", string(text))
	if err != nil {
		return 0, err
	}
	if err := c.read(&us); err != nil {
		return 0, err
	}
	return us, c.close()
}

// runTask is the process of a task: it prints the CPU of the passes after one
// to warm up.
func runTask(text string) error {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	pass, err := t.encoding()
	if t.Post != nil {
		pass, err = t.posting()
	}
	if err != nil {
		return err
	}
	if err := pass(); err != nil {
		return err
	}
	before := cpu()
	for range t.Passes {
		if err := pass(); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(micros(cpu()-before) / float64(t.Passes*t.Records))
}

// encoding makes the bodies of all chunks, and sends none.
func (t task) encoding() (pass func() error, err error) {
	chunks := makeChunks(input{}, t.Records).chunks
	o, err := t.offline(func([]byte) {})
	return func() error {
		for _, chunk := range chunks {
			o.Flush(chunk, "bench")
		}
		return nil
	}, err
}

// posting posts the bodies that the plugin makes of all chunks.
func (t task) posting() (pass func() error, err error) {
	var mu sync.Mutex
	var bodies [][]byte // guarded by mu
	o, err := t.offline(func(body []byte) {
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, append([]byte(nil), body...))
	})
	if err != nil {
		return nil, err
	}
	for _, chunk := range makeChunks(input{}, t.Records).chunks {
		o.Flush(chunk, "bench")
	}
	o.Close()
	client, err := t.Post.client(t.Options["wire_format"])
	return func() error { return client.post(bodies) }, err
}

func (t task) offline(take func(body []byte)) (*kinesis.Output, error) {
	options := plugins.Values{"region": "us-east-1", "stream": streamName, "wire_format": wire.JSON}
	maps.Copy(options, t.Options)
	config, _, err := kinesis.ReadConfig(options, func(string) string { return "" })
	if err != nil {
		return nil, err
	}
	return kinesis.NewOffline(&config, plugins.NewLogger(io.Discard, "bench", ""), take)
}

// cpu is the user and system time of this process.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
