// Command run shows the plugin doing its main job on this machine alone: it starts an embedded Kinesis stream, has
// a Fluent Bit load the plugin and send log lines to that stream, shows each record as it lands, and counts.
//
//	go run ./cmd/run -library bin/kinesis.so -o partition_key=container_id
//
// The Fluent Bit is the one that FLUENT_BIT names or that is found on the PATH; without any, the host of
// internal/flbhost plays its part. Each event carries its number under the key run_line, by which what landed is
// held against what was sent. The exit status is 1 if anything was lost or a chunk was refused, 2 for a wrong flag.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/internal/samples"
)

// The exit statuses beside 0.
const (
	statusLost  = 1
	statusUsage = 2
)

func main() {
	// The forwarders listen for interrupts once their Fluent Bit runs: what they start ignores them, as this does
	// until then, so that an interrupt ends the input and not the sending.
	signal.Ignore(os.Interrupt)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	flbhost.Clean()
	os.Exit(status)
}

// A forwarder is the Fluent Bit of a run.
type forwarder interface {
	// Forward takes events until there are no more or ctx is done, and returns when the plugin has done with them
	// and is unloaded. It returns how many chunks the plugin refused or gave up.
	Forward(ctx context.Context, events <-chan samples.Event) (refused int, err error)
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	set, err := parseSettings(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "run:", err)
		return statusUsage
	}
	out := newScreen(stdout, stderr, set.show, set.full)
	out.streams = set.isTemplate()
	if err := perform(ctx, set, stdin, out); err != nil {
		out.note("run: " + err.Error())
		return statusLost
	}
	return 0
}

var errIncomplete = errors.New("not everything landed")

func perform(ctx context.Context, set settings, stdin io.Reader, out *screen) (err error) {
	in, err := openInput(set.input, set.repeat, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	dir, err := os.MkdirTemp("", "kinesis-run-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	counts := newTally()
	reader := newConsumer(set.options, counts, out)
	stream, err := kinesistest.New(kinesistest.Options{
		Streams:       set.streams(),
		MissingShards: set.missingShards(),
		MaxRecordSize: set.maxRecord(),
		Region:        set.region(),
		Faults:        kinesistest.Faults{ThrottleRecords: set.throttle / 100},
		ShardLimits:   set.limits,
		Discard:       true,
		OnRecord:      reader.read,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()

	library, err := filepath.Abs(set.library)
	if err != nil {
		return err
	}
	if err := set.chooseMetrics(); err != nil {
		return err
	}
	plugin := plugin{
		library: library,
		options: set.pluginOptions(stream),
		workers: set.workers,
		env:     append(stream.Env(), "AWS_PROFILE=", "AWS_REGION=", "AWS_DEFAULT_REGION="),
		dir:     dir,
	}
	fluentBit, name := chooseForwarder(set, plugin, counts, out)
	out.header(set, stream, name, in.name)

	progress := out.watch(counts, stream, set)
	defer progress.stop()
	refused, err := forward(ctx, in, fluentBit)
	progress.stop()
	outcome := counts.result()
	if err == nil || outcome.sent > 0 {
		out.summary(outcome, stream, set, refused, reader)
	}
	if err != nil {
		return err
	}
	if outcome.lost > 0 || refused > 0 {
		return errIncomplete
	}
	return nil
}

// plugin is what a forwarder has to know to load the plugin and have it reach the stream.
type plugin struct {
	library string            // its path, absolute
	options map[string]string // of its [OUTPUT] section
	workers int               // threads that flush; 0 is Fluent Bit's own
	env     []string          // credentials and the stream's certificate
	dir     string            // for files that the run leaves behind nowhere else
}

func chooseForwarder(set settings, p plugin, counts *tally, out *screen) (f forwarder, name string) {
	path, err := set.fluentBit()
	if err != nil {
		return &bundledHost{plugin: p, chunkLines: set.chunkLines, counts: counts, out: out}, "the bundled host (" + err.Error() + ")"
	}
	return &fluentBit{plugin: p, path: path, counts: counts, out: out}, path
}

// forward reads the input while the forwarder sends it. When an interrupt ends the forwarder first, the reader may
// still be waiting for standard input, which nothing can end; it is not waited for, and goes with the process.
func forward(ctx context.Context, in *input, f forwarder) (refused int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := make(chan samples.Event, 1024)
	read := make(chan error, 1)
	go func() {
		defer close(events)
		read <- in.readAll(ctx, events)
	}()
	refused, err = f.Forward(ctx, events)
	select {
	case readErr := <-read: // there before events was closed
		return refused, errors.Join(err, readErr)
	default:
		return refused, err
	}
}
