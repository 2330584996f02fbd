package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"fluent-bit-kinesis/internal/kinesistest"
)

const streamName = "bench"

// ready is what a serving process says of itself, as a line of JSON.
type ready struct {
	URL, CA string
	Env     []string
}

// serve is the process of the stream: for each line of its standard input it
// answers with what it has seen; it ends where that ends.
func serve(delay string) error {
	d, err := time.ParseDuration(delay)
	if err != nil {
		return err
	}
	s, err := kinesistest.New(kinesistest.Options{
		Streams: map[string]int{streamName: 4}, Discard: true, SkipOverlaps: true, SkipSignatures: true,
		Faults: kinesistest.Faults{Delay: d},
	})
	if err != nil {
		return err
	}
	defer s.Close()
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(ready{URL: s.URL(), CA: s.CAFile(), Env: s.Env()}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if err := out.Encode(s.Stats()); err != nil {
			return err
		}
	}
	return in.Err()
}

// A stream is a process that serves one.
type stream struct {
	ready
	command *exec.Cmd
	in      io.WriteCloser
	out     *json.Decoder
}

func startStream(delay time.Duration) (*stream, error) {
	s := &stream{}
	var err error
	s.command, s.in, s.out, err = startSelf("-serve", delay.String())
	if err != nil {
		return nil, err
	}
	return s, s.out.Decode(&s.ready)
}

// startSelf starts this program once more, in another part.
func startSelf(args ...string) (*exec.Cmd, io.WriteCloser, *json.Decoder, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, nil, err
	}
	command := exec.Command(self, args...)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	return command, in, json.NewDecoder(out), command.Start()
}

func (s *stream) stats() (stats kinesistest.Stats, err error) {
	if _, err = fmt.Fprintln(s.in, "stats"); err != nil {
		return stats, err
	}
	return stats, s.out.Decode(&stats)
}

func (s *stream) close() error {
	if err := s.in.Close(); err != nil {
		return err
	}
	return s.command.Wait()
}
