package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
)

// A report is the whole run, as -json prints it.
type report struct {
	Records    int // of a pass of large chunks
	Go, System string
	Processors int
	Settings   []result
	Limits     []limitResult   `json:",omitempty"`
	Texts      []textResult    `json:",omitempty"`
	Packing    []packingResult `json:",omitempty"`
	Between    *betweenResult  `json:",omitempty"`
	Size       *sizeResult     `json:",omitempty"`
	Goals      []goal
}

func (b *bench) report() report {
	return report{
		Records: b.records, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Processors: runtime.NumCPU(),
		Settings: b.results, Limits: b.limits, Texts: b.texts, Packing: b.packing, Between: b.between, Size: b.size, Goals: b.goals(),
	}
}

// print writes the tables and how the goals were met.
func (b *bench) print(w io.Writer) error {
	r := b.report()
	fmt.Fprintf(w, "%d records in a pass, %d passes, %s, %s, %d processors\n", r.Records, b.passes, r.Go, r.System, r.Processors)
	var large, small []result
	for _, s := range r.Settings {
		if s.small {
			small = append(small, s)
		} else {
			large = append(large, s)
		}
	}
	printLarge(w, large)
	printSmall(w, small)
	printLimits(w, r.Limits)
	printTexts(w, r.Texts)
	printBetween(w, r.Between)
	printPacking(w, r.Packing)
	printGigabyte(w, r.Packing)
	printSize(w, r.Size)
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range r.Goals {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", g.verdict(), g.Text, g.value(g.Value), g.bound())
	}
	return t.Flush()
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
in flight   the most requests that the stream had at a time
`

// printLarge writes the table of chunks as large as Fluent Bit makes them.
func printLarge(w io.Writer, rows []result) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\nchunks of %.1f MB:\n\n", chunkSize/1e6)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "setting\tCPU us\tx SHA-256\tencode us\tbare us\tbeside\trecords/s\tbytes\trequests\trecords\tpeak MB\tin flight\t")
	for _, s := range rows {
		parts := "\t\t"
		if s.Bare > 0 {
			parts = fmt.Sprintf("%.2f\t%.2f\t%.2f", s.Encode, s.Bare, s.Beside())
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.1f\t%s\t%.0f\t%.0f\t%.1f\t%.0f\t%.0f\t%d\t\n",
			s.Name, s.CPU, s.Multiple(), parts, s.PerSecond, s.BodyBytes, s.Requests, s.Records, s.PeakRSS, s.MaxInFlight)
	}
	t.Flush()
	fmt.Fprint(w, legend)
}

const smallLegend = `
records/s   of the workers; of most: as a share of what they bring with one chunk each in every round trip
requests    for 100 chunks; chunks: in a request
records     Kinesis records for 10,000 log records
flush ms    from a call of flush to its answer, on average
`

// printSmall writes the table of small chunks, which only together fill requests.
func printSmall(w io.Writer, rows []result) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\nchunks of %d records:\n\n", small.perChunk)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "setting\tCPU us\trecords/s\tof most\trequests\tchunks\trecords\tflush ms\tpeak MB\tin flight\t")
	for _, s := range rows {
		share := ""
		if s.Share > 0 {
			share = fmt.Sprintf("%.0f%%", 100*s.Share)
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.0f\t%s\t%.1f\t%.1f\t%.0f\t%.1f\t%.0f\t%d\t\n",
			s.Name, s.CPU, s.PerSecond, share, s.RequestsPer100, 100/s.RequestsPer100, s.Records, s.FlushMs, s.PeakRSS, s.MaxInFlight)
	}
	t.Flush()
	fmt.Fprint(w, smallLegend)
}
