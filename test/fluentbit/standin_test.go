package fluentbit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// standIn plays Fluent Bit for the cases of this package, as far as they need one: it reads the configuration in each
// format, tails files and remembers how far, makes events, keeps chunks in memory or in files, matches tags, hands
// chunks to the library through the host of internal/flbhost, which offers them again for as long as it takes, and ends
// at SIGTERM within its grace period. How Fluent Bit does all this is not in it, so that a case that passes with it
// says that the case can pass, and no more.
func standIn(args []string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if err := forward(args, signals); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func forward(args []string, signals <-chan os.Signal) error {
	config, err := readConfig(args)
	if err != nil {
		return err
	}
	f, err := newForwarder(config)
	if err != nil {
		return err
	}
	defer func() { fmt.Print(f.host.Log(), f.host.Stderr()) }()
	err = f.run(signals)
	if exitErr := f.host.Exit(); err == nil {
		err = exitErr
	}
	return errors.Join(err, f.settle())
}

// forwarder is a stand-in that runs.
type forwarder struct {
	*standInConfig
	host    *flbhost.Host
	storage string           // the folder of chunks in files; empty for none
	offsets map[string]int64 // how far each file has been read
	chunks  []*heldChunk
	stored  int  // how many files were written
	made    bool // the events of dummy inputs
}

// A heldChunk was handed to the plugin.
type heldChunk struct {
	file string // empty if it is in memory alone
	jobs []*flbhost.Job
}

const (
	standInBackoff = 5 * time.Millisecond
	standInPoll    = 5 * time.Millisecond
	defaultGrace   = "5"
)

func newForwarder(config *standInConfig) (*forwarder, error) {
	library, err := config.library()
	if err != nil {
		return nil, err
	}
	workers, err := strconv.Atoi(config.outputs[0]["workers"])
	if err != nil {
		return nil, err
	}
	f := &forwarder{standInConfig: config, storage: config.service["storage.path"], offsets: map[string]int64{}}
	for _, input := range config.inputs {
		if err := f.readDatabase(input["db"]); err != nil {
			return nil, err
		}
	}
	f.host, err = flbhost.Start(flbhost.Config{
		Library: library, Instances: config.outputs, Workers: workers, RetryLimit: flbhost.NoLimit, Backoff: standInBackoff,
		Metrics: config.service["http_server"] == "on",
	})
	if err == nil && config.service["http_server"] == "on" {
		err = f.serve(net.JoinHostPort(config.service["http_listen"], config.service["http_port"]))
	}
	return f, err
}

// serve answers with the metrics that the plugin has put among Fluent Bit's, until the process ends.
func (f *forwarder) serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /api/v2/metrics/prometheus", func(w http.ResponseWriter, _ *http.Request) {
		text, err := f.host.Metrics()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, text)
	})
	go http.Serve(listener, routes)
	return nil
}

// run forwards until a signal, and until all is delivered or the grace period is over.
func (f *forwarder) run(signals <-chan os.Signal) error {
	if err := f.takeBacklog(); err != nil {
		return err
	}
	for {
		for _, input := range f.inputs {
			if err := f.collect(input); err != nil {
				return err
			}
		}
		f.made = true
		select {
		case <-signals:
			return f.drain()
		case <-f.host.Done():
			return errors.New("the host ended")
		case <-time.After(standInPoll):
		}
	}
}

// drain waits for all chunks, at most for the grace period. The goroutine ends with the host at the latest.
func (f *forwarder) drain() error {
	text := f.service["grace"]
	if text == "" {
		text = defaultGrace
	}
	grace, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		for _, chunk := range f.chunks {
			_, _ = flbhost.WaitAll(chunk.jobs...) // settle asks for the outcome
		}
	}()
	select {
	case <-delivered:
	case <-time.After(time.Duration(grace) * time.Second):
	}
	return nil
}

// settle removes the files of chunks that were delivered. It is called once the host has ended.
func (f *forwarder) settle() (err error) {
	for _, chunk := range f.chunks {
		results, waitErr := flbhost.WaitAll(chunk.jobs...)
		err = errors.Join(err, waitErr)
		delivered := chunk.file != ""
		for _, result := range results {
			delivered = delivered && result.Code == flbhost.OK
		}
		if delivered {
			err = errors.Join(err, os.Remove(chunk.file))
		}
	}
	return err
}

// collect reads what is new in an input.
func (f *forwarder) collect(input map[string]string) error {
	if input["name"] == "dummy" {
		return f.makeEvents(input)
	}
	names, err := filepath.Glob(input["path"])
	if err != nil {
		return err
	}
	for _, name := range names {
		lines, err := f.readLines(name)
		if err != nil {
			return err
		}
		var chunk flbhost.Chunk
		for line := range strings.Lines(lines) {
			chunk.Append(flbhost.WithMetadata(time.Now()), flbhost.F("log", strings.TrimSuffix(line, "\n")))
		}
		if chunk.Len() == 0 {
			continue
		}
		if err := f.take(input, chunk.Bytes()); err != nil {
			return err
		}
		if err := f.writeDatabase(input["db"]); err != nil {
			return err
		}
	}
	return nil
}

// readLines reads the whole lines of a file that have not been read yet.
func (f *forwarder) readLines(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	fresh := text[f.offsets[name]:]
	whole := strings.LastIndexByte(string(fresh), '\n') + 1
	f.offsets[name] += int64(whole)
	return string(fresh[:whole]), nil
}

// makeEvents makes all events of a dummy input at once.
func (f *forwarder) makeEvents(input map[string]string) error {
	if f.made {
		return nil
	}
	samples, _ := strconv.Atoi(input["samples"]) // endless without it, of which one is enough here
	seconds, _ := strconv.ParseInt(input["start_time_sec"], 10, 64)
	nanoseconds, _ := strconv.ParseInt(input["start_time_nsec"], 10, 64)
	var body any = []flbhost.Field{flbhost.F("message", "dummy")}
	if text := input["dummy"]; text != "" {
		var err error
		if body, err = parseJSON(text); err != nil {
			return err
		}
	}
	var chunk flbhost.Chunk
	for range max(samples, 1) {
		chunk.AppendBody(flbhost.WithMetadata(time.Unix(seconds, nanoseconds)), body)
	}
	return f.take(input, chunk.Bytes())
}

// take stores a chunk where the input asks for that, and hands it on.
func (f *forwarder) take(input map[string]string, chunk []byte) error {
	tag, file := input["tag"], ""
	if input["storage.type"] == "filesystem" {
		f.stored++
		file = filepath.Join(f.storage, input["name"]+".0", fmt.Sprintf("%s-%d-%d.flb", tag, time.Now().UnixNano(), f.stored))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, chunk, 0o600); err != nil {
			return err
		}
	}
	return f.hand(tag, file, chunk)
}

// takeBacklog hands on what an earlier stand-in left in files.
func (f *forwarder) takeBacklog() error {
	names, err := filepath.Glob(filepath.Join(f.storage, "*", "*.flb"))
	if err != nil || f.storage == "" {
		return err
	}
	for _, name := range names {
		chunk, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tag, _, _ := strings.Cut(filepath.Base(name), "-")
		if err := f.hand(tag, name, chunk); err != nil {
			return err
		}
	}
	return nil
}

// hand gives a chunk to all outputs whose pattern its tag matches.
func (f *forwarder) hand(tag, file string, bytes []byte) error {
	chunk := &heldChunk{file: file}
	for i, output := range f.outputs {
		matches, err := path.Match(output["match"], tag)
		if err != nil {
			return err
		}
		if matches {
			chunk.jobs = append(chunk.jobs, f.host.Go(i, tag, bytes))
		}
	}
	f.chunks = append(f.chunks, chunk)
	return nil
}

// readDatabase reads how far an earlier stand-in has read the files of an input.
func (f *forwarder) readDatabase(name string) error {
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var offsets map[string]int64
	err = json.Unmarshal(text, &offsets)
	maps.Copy(f.offsets, offsets)
	return err
}

func (f *forwarder) writeDatabase(name string) error {
	text, err := json.Marshal(f.offsets)
	if err != nil || name == "" {
		return err
	}
	return os.WriteFile(name, text, 0o600)
}
