// Command bench measures what the plugin costs: the library, in the host,
// against an embedded stream that is a process of its own, over loopback TLS.
// Beside it, each in a process of its own, it measures the least that there is
// to do: encoding the same chunks without sending them, and hashing and
// posting the same bodies without having to encode them.
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
	sweep   bool
	serve   string
	task    string
}

func main() {
	var o options
	flag.IntVar(&o.records, "records", usualRecords, "how many records a pass has; of small chunks and of large records, fewer in proportion")
	flag.IntVar(&o.passes, "passes", usualPasses, "how many passes are measured, after one to warm up")
	flag.StringVar(&o.only, "only", "", "comma-separated `names` of settings; all if empty")
	flag.BoolVar(&o.asJSON, "json", false, "print JSON in place of the table")
	flag.BoolVar(&o.sweep, "sweep", false, "measure small chunks, or those of the settings that -only names, over delays of 0 to 100 ms and 1 to 64 workers")
	flag.StringVar(&o.serve, "serve", "", "serve the stream with this `delay`: what the benchmark starts itself as")
	flag.StringVar(&o.task, "task", "", "measure a part as this `JSON` says: what the benchmark starts itself as")
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
	case o.task != "":
		return runTask(o.task)
	}
	list, err := chosen(o.only)
	if o.sweep {
		list, err = sweeps(o.only)
	}
	if err != nil {
		return err
	}
	defer flbhost.Clean()
	b := bench{records: o.records, passes: o.passes}
	for _, s := range list {
		fmt.Fprintf(os.Stderr, "%-*s", widest(list)+1, s.name)
		r, err := b.measure(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "%7.2f us per record\n", r.CPU)
		b.results = append(b.results, r)
	}
	b.setFloors()
	if o.asJSON {
		return json.NewEncoder(os.Stdout).Encode(b.report())
	}
	return b.print(os.Stdout)
}

// widest is the length of the longest name.
func widest(list []setting) (n int) {
	for _, s := range list {
		n = max(n, len(s.name))
	}
	return n
}

// chosen are the settings whose names are listed, or all.
func chosen(only string) ([]setting, error) {
	if only == "" {
		return settings, nil
	}
	var list []setting
	for name := range strings.SplitSeq(only, ",") {
		s, known := settingNamed(strings.TrimSpace(name))
		if !known {
			return nil, fmt.Errorf("-only: there is no setting %q; there are: %s", strings.TrimSpace(name), settingNames())
		}
		list = append(list, s)
	}
	return list, nil
}
