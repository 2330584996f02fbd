package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"fluent-bit-kinesis/internal/samples"
)

// input is where the log lines of a run come from.
type input struct {
	name      string    // for people
	repeat    int       // how often it is read
	lines     io.Reader // nil for the bundled lines
	container samples.Container
}

// openInput opens a file, standard input for "-", or the bundled lines if path is empty.
func openInput(path string, repeat int, stdin io.Reader) (*input, error) {
	in := &input{name: path, repeat: repeat, container: samples.ContainerOf(path)}
	switch path {
	case "":
		in.name = fmt.Sprintf("%d bundled log lines", len(samples.Events()))
	case "-":
		in.name, in.lines = "standard input", stdin
	default:
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		in.lines = file
	}
	if repeat > 1 {
		in.name += fmt.Sprintf(", %d times", repeat)
	}
	return in, nil
}

// Close closes the file, if the input is one that openInput opened.
func (in *input) Close() error {
	if file, isFile := in.lines.(*os.File); isFile && file != os.Stdin {
		return file.Close()
	}
	return nil
}

// readAll sends the events of the input, as often as it is to be read, until ctx is done.
func (in *input) readAll(ctx context.Context, events chan<- samples.Event) error {
	send := func(e samples.Event) bool {
		select {
		case events <- e:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for pass := range in.repeat {
		if pass > 0 {
			if err := in.rewind(); err != nil {
				return err
			}
		}
		if err := in.readOnce(send); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

func (in *input) rewind() error {
	seeker, canSeek := in.lines.(io.Seeker)
	if !canSeek {
		return nil // the bundled lines
	}
	if _, err := seeker.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("-n reads the input again, which cannot be done here: %w", err)
	}
	return nil
}

// readOnce gives each event of the input to send, until it answers false.
func (in *input) readOnce(send func(samples.Event) bool) error {
	if in.lines != nil {
		return in.readLines(send)
	}
	for _, e := range samples.Events() {
		if !send(e) {
			return nil
		}
	}
	return nil
}

// readLines makes an event of each line. An empty line counts, and so does a last one without its newline.
func (in *input) readLines(send func(samples.Event) bool) error {
	lines := bufio.NewReaderSize(in.lines, 256<<10)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if !send(in.container.Event(line, time.Now())) {
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the log lines: %w", err)
		}
	}
}
