// Command bench measures what the plugin costs: the library, in the host,
// against an embedded stream that is a process of its own, over loopback TLS.
// Beside it, each in a process of its own, it measures the least that there is
// to do: encoding the same chunks without sending them, and hashing and
// posting the same bodies without having to encode them. Then it measures what
// becomes of records that are more than the stream takes, what text beyond ASCII
// takes to write, what pauses between flushes cost, what log lines cost on the
// stream, and what the library takes before it does anything.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"fluent-bit-kinesis/internal/flbhost"
)

type options struct {
	records int
	passes  int
	only    string
	asJSON  bool
	sweep   bool
	limits  bool
	streams bool
	tenants bool
	texts   bool
	packing bool
	between bool
	size    bool
	serve   string
	limit   string
	task    string
}

func main() {
	var o options
	flag.IntVar(&o.records, "records", usualRecords, "how many records a pass has; of small chunks and of large records, fewer in proportion")
	flag.IntVar(&o.passes, "passes", usualPasses, "how many passes are measured, after one to warm up")
	flag.StringVar(&o.only, "only", "", "comma-separated `names` of settings; all if empty")
	flag.BoolVar(&o.asJSON, "json", false, "print JSON in place of the table")
	flag.BoolVar(&o.sweep, "sweep", false, "measure small chunks, or those of the settings that -only names, over delays of 0 to 100 ms and 1 to 64 workers")
	flag.BoolVar(&o.limits, "limits", false, "measure what happens at a stream's limit alone, all settings of it or those that -only names")
	flag.BoolVar(&o.streams, "streams", false, "measure how long records take to 37 streams of a template alone, and beside three that are in trouble")
	flag.BoolVar(&o.tenants, "serve-streams", false, "serve these streams: what the benchmark starts itself as")
	flag.BoolVar(&o.texts, "texts", false, "measure what text beyond ASCII takes to write as JSON alone")
	flag.BoolVar(&o.packing, "packing", false, "measure what log lines cost on the stream alone, beside the Kinesis Producer Library")
	flag.BoolVar(&o.between, "between", false, "measure alone what CPU the pauses between flushes cost, and idling")
	flag.BoolVar(&o.size, "size", false, "measure the library alone: its file, how long it takes to load, and what it has in memory when idle")
	flag.StringVar(&o.serve, "serve", "", "serve the stream with this `delay`: what the benchmark starts itself as")
	flag.StringVar(&o.limit, "serve-limits", "", "serve a stream with limits as this `JSON` says: what the benchmark starts itself as")
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
	case o.limit != "":
		return serveLimits(o.limit)
	case o.task != "":
		return runTask(o.task)
	case o.tenants:
		return serveStreams()
	case o.streams:
		return compareStreams(o, os.Stdout)
	}
	c, err := o.choose()
	if err != nil {
		return err
	}
	defer flbhost.Clean()
	b := bench{records: o.records, passes: o.passes}
	if err := b.measureAll(c); err != nil {
		return err
	}
	if o.asJSON {
		return json.NewEncoder(os.Stdout).Encode(b.report())
	}
	return b.print(os.Stdout)
}

// choices are what is measured.
type choices struct {
	list    []setting
	limits  []limitSetting
	texts   []text
	packing []packingSetting
	between bool
	size    bool
}

// choose is what the flags ask for.
func (o options) choose() (c choices, err error) {
	alone := 0
	for _, on := range []bool{o.limits, o.sweep, o.texts, o.packing, o.between, o.size} {
		if on {
			alone++
		}
	}
	switch {
	case alone > 1:
		err = errors.New("-limits, -sweep, -texts, -packing, -between and -size each measure something else alone")
	case o.limits:
		c.limits, err = chosen(limitSettings, o.only)
	case o.sweep:
		c.list, err = sweeps(o.only)
	case o.texts:
		c.texts, err = chosen(texts, o.only)
	case o.packing:
		c.packing, err = chosen(packingSettings, o.only)
	case o.between:
		c.between = true
	case o.size:
		c.size = true
	case o.only == "":
		c = choices{settings, limitSettings, texts, packingSettings, true, true}
	default:
		c.list, err = chosen(settings, o.only)
	}
	return c, err
}

// measureAll measures what was chosen.
func (b *bench) measureAll(c choices) error {
	if err := each(c.list, func(s setting) (string, error) {
		r, err := b.measure(s)
		b.results = append(b.results, r)
		return fmt.Sprintf("%7.2f us per record", r.CPU), err
	}); err != nil {
		return err
	}
	b.setFloors()
	if err := each(c.limits, func(s limitSetting) (string, error) {
		r, err := b.measureLimit(s)
		b.limits = append(b.limits, r)
		return fmt.Sprintf("%7.2f refused for each accepted", r.Refused), err
	}); err != nil {
		return err
	}
	for _, t := range c.texts {
		b.texts = append(b.texts, measureText(t))
	}
	if c.between {
		r, err := b.measureBetween()
		if err != nil {
			return fmt.Errorf("between flushes: %w", err)
		}
		b.between = &r
	}
	if err := each(c.packing, func(s packingSetting) (string, error) {
		r, err := measurePacking(s, packingSecondsOf(b.records))
		b.packing = append(b.packing, r)
		return fmt.Sprintf("%7.2f of the KPL's units", r.ofTheirUnits()), err
	}); err != nil || !c.size {
		return err
	}
	r, err := measureSize()
	b.size = &r
	return err
}

// each measures settings one by one, and says how they went.
func each[S named](list []S, measure func(S) (said string, err error)) error {
	widest := 0
	for _, s := range list {
		widest = max(widest, len(s.label()))
	}
	for _, s := range list {
		fmt.Fprintf(os.Stderr, "%-*s", widest+1, s.label())
		said, err := measure(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.label(), err)
		}
		fmt.Fprintln(os.Stderr, said)
	}
	return nil
}

// A named is a setting of one kind or another.
type named interface{ label() string }

func (s setting) label() string        { return s.name }
func (s limitSetting) label() string   { return s.name }
func (t text) label() string           { return t.name }
func (s packingSetting) label() string { return s.name }

// chosen are the settings whose names are listed, or all.
func chosen[S named](all []S, only string) (list []S, err error) {
	if only == "" {
		return all, nil
	}
	for name := range strings.SplitSeq(only, ",") {
		name = strings.TrimSpace(name)
		i := slices.IndexFunc(all, func(s S) bool { return s.label() == name })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no setting %q; there are: %s", name, labels(all))
		}
		list = append(list, all[i])
	}
	return list, nil
}

func labels[S named](all []S) string {
	var names []string
	for _, s := range all {
		names = append(names, s.label())
	}
	return strings.Join(names, ", ")
}
