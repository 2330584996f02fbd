// Command bench measures what the plugin costs: the shared library in the
// plugin host, against the embedded stream in a process of its own, over
// loopback TLS.
//
//	go run ./cmd/bench                  # the table
//	go run ./cmd/bench -json            # the same for programs
//	go run ./cmd/bench -only gzip,zstd  # some settings alone
//
// CPU is user and system time of the host's process while the flushes run, by
// record. Machines differ and are shared, so it is given as a multiple, too, of
// what no sender can save: the SHA-256 of the bodies that were sent, measured
// in the same run.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"fluent-bit-kinesis/internal/flbhost"
)

type options struct {
	records int
	passes  int
	only    string
	asJSON  bool
	serve   string
	bare    string
}

func main() {
	var o options
	flag.IntVar(&o.records, "records", 100_000, "how many records a pass has")
	flag.IntVar(&o.passes, "passes", 3, "how many passes are measured, after one to warm up")
	flag.StringVar(&o.only, "only", "", "comma-separated `names` of settings; all if empty")
	flag.BoolVar(&o.asJSON, "json", false, "print JSON in place of the table")
	flag.StringVar(&o.serve, "serve", "", "serve the stream with this `delay`: what the benchmark starts itself as")
	flag.StringVar(&o.bare, "bare", "", "post bodies as this `JSON` says: what the benchmark starts itself as")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	switch {
	case o.serve != "":
		return serve(o.serve)
	case o.bare != "":
		return bare(o.bare)
	}
	defer flbhost.Clean()
	chunks := makeChunks(o.records)
	var results []result
	for _, s := range chosen(o.only) {
		fmt.Fprintf(os.Stderr, "%-34s", s.name)
		r, err := measure(s, chunks, o.passes)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "%7.2f us per record\n", r.CPU)
		results = append(results, r)
	}
	if o.asJSON {
		return json.NewEncoder(os.Stdout).Encode(results)
	}
	return printTable(os.Stdout, chunks, results)
}

// chosen are the settings whose names are listed, or all.
func chosen(only string) []setting {
	if only == "" {
		return settings
	}
	var list []setting
	for _, s := range settings {
		for name := range strings.SplitSeq(only, ",") {
			if s.name == strings.TrimSpace(name) {
				list = append(list, s)
			}
		}
	}
	return list
}
