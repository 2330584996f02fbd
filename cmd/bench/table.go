package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
)

// A report is the whole run, as -json prints it.
type report struct {
	Records, Chunks, ChunkBytes int
	Go, System                  string
	Processors                  int
	Settings                    []result
	Goals                       []goal
}

func (b *bench) report() report {
	return report{
		Records: b.chunks.records, Chunks: len(b.chunks.chunks), ChunkBytes: b.chunks.bytes / len(b.chunks.chunks),
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU(),
		Settings: b.results, Goals: b.goals(),
	}
}

const legend = `
CPU us      user and system time of the host's process in the flushes, for a record
x SHA-256   the same as a multiple of the SHA-256 of the bodies sent
encode us   to make the bodies without sending them
bare us     a client that hashes and posts the same bodies, as many at a time, and nothing else
beside      CPU us less encode us, as a multiple of bare us
records/s   of host and stream together on these processors; the stream checks no signatures
bytes       of request bodies, for a record
requests    for 10,000 records; records: Kinesis records for as many
peak MB     resident memory of the host's process with the plugin, without the chunks it holds for the runs

`

// print writes the table and how the goals were met.
func (b *bench) print(w io.Writer) error {
	r := b.report()
	fmt.Fprintf(w, "%d records in %d chunks of %d bytes, %d passes, %s, %s, %d processors\n\n",
		r.Records, r.Chunks, r.ChunkBytes, b.passes, r.Go, r.System, r.Processors)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "setting\tCPU us\tx SHA-256\tencode us\tbare us\tbeside\trecords/s\tbytes\trequests\trecords\tpeak MB\tin flight\t")
	for _, s := range r.Settings {
		parts := "\t\t"
		if s.Bare > 0 {
			parts = fmt.Sprintf("%.2f\t%.2f\t%.2f", s.Encode, s.Bare, s.Beside())
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.1f\t%s\t%.0f\t%.0f\t%.1f\t%.0f\t%.0f\t%d\t\n",
			s.Name, s.CPU, s.Multiple(), parts, s.PerSecond, s.BodyBytes, s.Requests, s.Records, s.PeakRSS, s.MaxInFlight)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(w, legend)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range r.Goals {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", g.verdict(), g.Text, g.value(g.Value), g.bound())
	}
	return t.Flush()
}
