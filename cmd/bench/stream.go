package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
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
	*child
	ready
}

func startStream(delay time.Duration) (*stream, error) {
	c, err := startChild("-serve", delay.String())
	if err != nil {
		return nil, err
	}
	s := &stream{child: c}
	return s, c.read(&s.ready)
}

// options are those of an instance that writes to it.
func (s *stream) options() map[string]string {
	return map[string]string{"region": "us-east-1", "stream": streamName, "endpoint": s.URL}
}

func (s *stream) stats() (stats kinesistest.Stats, err error) {
	if _, err = fmt.Fprintln(s.in, "stats"); err != nil {
		return stats, err
	}
	return stats, s.read(&stats)
}
