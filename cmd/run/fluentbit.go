package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"fluent-bit-kinesis/internal/samples"
)

// How long Fluent Bit may take. It offers a refused chunk again after 1 to 5 seconds, as configured below.
const (
	arrivalPatience = 20 * time.Second // without a record, until what is missing counts as lost
	stopPatience    = 20 * time.Second // after SIGTERM; its own grace period is 10 seconds
)

// fluentBit runs a Fluent Bit that tails a file of events. It is not told to exit at the file's end, for it would
// not wait for its outputs then: it is stopped once everything has landed.
type fluentBit struct {
	plugin
	path   string
	counts *tally
	out    *screen
}

func (f *fluentBit) Forward(ctx context.Context, events <-chan samples.Event) (refused int, err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	eventsFile := filepath.Join(f.dir, "events.json")
	file, err := os.Create(eventsFile)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	config, err := f.configure(eventsFile)
	if err != nil {
		return 0, err
	}
	process, err := f.start(config)
	if err != nil {
		return 0, err
	}
	err = f.write(ctx, file, events, process.ended)
	if err == nil {
		f.awaitArrival(ctx, process.ended)
	}
	return 0, errors.Join(err, process.stop())
}

// configure writes Fluent Bit's configuration, in the classic format, which every version reads.
func (f *fluentBit) configure(eventsFile string) (path string, err error) {
	var options strings.Builder
	for _, key := range slices.Sorted(maps.Keys(f.options)) {
		fmt.Fprintf(&options, "    %-17s %s\n", key, f.options[key])
	}
	path = filepath.Join(f.dir, "fluent-bit.conf")
	plugins, parsers := filepath.Join(f.dir, "plugins.conf"), filepath.Join(f.dir, "parsers.conf")
	return path, errors.Join(
		writeFile(plugins, "[PLUGINS]\n    Path %s\n", f.library),
		writeFile(parsers, `[PARSER]
    Name        events
    Format      json
    Time_Key    %s
    Time_Format %%Y-%%m-%%dT%%H:%%M:%%S.%%L%%z
    Time_Keep   Off
`, eventTimeKey),
		writeFile(path, `[SERVICE]
    Flush          1
    Grace          10
    Daemon         Off
    HTTP_Server    Off
    scheduler.base 1
    scheduler.cap  5
    Parsers_File   %s
    Plugins_File   %s

[INPUT]
    Name              tail
    Tag               kube.var.log.containers
    Path              %s
    Parser            events
    Read_from_Head    On
    Refresh_Interval  1
    Buffer_Chunk_Size 1M
    Buffer_Max_Size   64M

[OUTPUT]
    Name              kinesis
    Match             *
    Workers           %d
    Retry_Limit       %d
%s`, parsers, plugins, eventsFile, f.workers, retryLimit, options.String()),
	)
}

func writeFile(path, format string, args ...any) error {
	return os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600)
}

// eventTimeKey carries an event's time to Fluent Bit's parser, which takes it out of the record.
const eventTimeKey = "run_time"

// write appends the events to the file that Fluent Bit tails.
func (f *fluentBit) write(ctx context.Context, file io.Writer, events <-chan samples.Event, ended <-chan struct{}) error {
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	buffer := bufio.NewWriterSize(file, 1<<20)
	var line []byte
	for {
		select {
		case event, more := <-events:
			if !more {
				return buffer.Flush()
			}
			line = appendTailLine(line[:0], f.counts.send(event))
			if _, err := buffer.Write(line); err != nil {
				return err
			}
		case <-ticker.C:
			if err := buffer.Flush(); err != nil {
				return err
			}
		case <-ctx.Done():
			return buffer.Flush()
		case <-ended:
			return errors.New("fluent-bit ended before it had all lines")
		}
	}
}

// appendTailLine appends an event as a line of JSON with its time in it. The time comes last: the first key of what
// is left is the event's number.
func appendTailLine(dst []byte, e samples.Event) []byte {
	dst = e.AppendJSON(dst)
	dst = append(dst[:len(dst)-1], `,"`+eventTimeKey+`":"`...)
	dst = e.Time.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000000+0000")
	return append(dst, "\"}\n"...)
}

// awaitArrival returns when all that was sent has landed, or nothing has for a while.
func (f *fluentBit) awaitArrival(ctx context.Context, ended <-chan struct{}) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	landed, since := int64(-1), time.Now()
	for {
		now := f.counts.result()
		if now.lost == 0 {
			return
		}
		if now.landed != landed {
			landed, since = now.landed, time.Now()
		}
		if time.Since(since) > arrivalPatience {
			return
		}
		select {
		case <-ticker.C:
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
	}
}

// process is a Fluent Bit that runs.
type process struct {
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended, and err is set
	err     error
}

// start runs Fluent Bit. A goroutine that ends with it waits for it and shows what it writes.
func (f *fluentBit) start(config string) (*process, error) {
	p := &process{command: exec.Command(f.path, "-c", config), ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), f.env...)
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.command.Stderr = p.command.Stdout
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("starting Fluent Bit: %w", err)
	}
	go func() {
		defer close(p.ended)
		lines := bufio.NewReader(output)
		for {
			line, err := lines.ReadString('\n')
			if line != "" {
				f.out.log("fluent-bit", strings.TrimRight(line, "\r\n"))
			}
			if err != nil {
				break
			}
		}
		p.err = p.command.Wait()
	}()
	return p, nil
}

// stop lets Fluent Bit send what it still holds, and end.
func (p *process) stop() error {
	_ = p.command.Process.Signal(syscall.SIGTERM) // fails if it has ended, which is what is wanted
	select {
	case <-p.ended:
	case <-time.After(stopPatience):
		_ = p.command.Process.Kill()
		<-p.ended
		return fmt.Errorf("fluent-bit did not stop within %s of SIGTERM and was killed", stopPatience)
	}
	var status *exec.ExitError
	if errors.As(p.err, &status) && !status.Exited() && status.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM {
		return nil
	}
	if p.err != nil {
		return fmt.Errorf("fluent-bit ended: %w", p.err)
	}
	return nil
}
