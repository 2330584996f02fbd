// Command kinesis-stream serves a Kinesis stream on this machine, for any client
// to be pointed at.
//
//	kinesis-stream -streams logs:4 -throttle-records 0.1
//
// When it can be reached it prints one line to standard output,
//
//	ready url=https://127.0.0.1:41234 ca=/tmp/kinesistest-1/ca.pem sts=https://127.0.0.1:41235
//
// and to standard error the environment that a client needs. It serves until
// SIGTERM or SIGINT, or with -exit-on-eof until its standard input ends, and then
// prints what it saw as one JSON object to standard output.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"fluent-bit-kinesis/internal/kinesistest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return
	}
	fmt.Fprintln(os.Stderr, "kinesis-stream:", err)
	stop()
	os.Exit(1)
}

// run is the program, until ctx ends.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	printer := &printer{w: stdout}
	if s.print {
		s.options.OnRecord = printer.record
	}
	server, err := kinesistest.New(s.options)
	if err != nil {
		return err
	}
	printer.linef("ready url=%s ca=%s sts=%s", server.URL(), server.CAFile(), server.STSURL())
	for _, variable := range server.Env() {
		fmt.Fprintln(stderr, "export", quote(variable))
	}
	s.wait(ctx, server, stdin)
	if err := server.Close(); err != nil {
		return err
	}
	summary, err := json.Marshal(summarize(server, s.options))
	if err != nil {
		return err
	}
	printer.linef("%s", summary)
	return printer.err
}

// wait returns when the program is to end. Meanwhile it heals the faults when
// their time is over.
func (s settings) wait(ctx context.Context, server *kinesistest.Server, stdin io.Reader) {
	ended := make(chan struct{})
	if s.exitOnEOF {
		// Nothing can interrupt a read of standard input: where the signal
		// comes first, this ends with the process.
		go func() {
			defer close(ended)
			_, _ = io.Copy(io.Discard, stdin)
		}()
	}
	var heal <-chan time.Time
	if s.healAfter > 0 {
		timer := time.NewTimer(s.healAfter)
		defer timer.Stop()
		heal = timer.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			return
		case <-heal:
			server.Heal()
		}
	}
}

// quote writes NAME=value for a shell.
func quote(variable string) string {
	name, value, _ := strings.Cut(variable, "=")
	return name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
