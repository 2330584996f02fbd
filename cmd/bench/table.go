package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
)

func printTable(w io.Writer, input batchOfChunks, results []result) error {
	fmt.Fprintf(w, "%d records in %d chunks of %d bytes, %s, %s/%s, %d processors\n\n",
		input.records, len(input.chunks), input.bytes/len(input.chunks),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "setting\tCPU us\tx SHA-256\tbare us\trecords/s\tbytes\trequests\trecords\tpeak MB\tin flight\t")
	for _, r := range results {
		bare := ""
		if r.Bare > 0 {
			bare = fmt.Sprintf("%.2f", r.Bare)
		}
		fmt.Fprintf(t, "%s\t%.2f\t%.1f\t%s\t%.0f\t%.0f\t%.1f\t%.0f\t%.0f\t%d\t\n",
			r.Name, r.CPU, r.Multiple(), bare, r.PerSecond, r.BodyBytes, r.Requests, r.Records, r.PeakRSS, r.MaxInFlight)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, `
CPU us      user and system time of the host's process in the flushes, for a record
x SHA-256   the same as a multiple of the SHA-256 of the bodies sent
bare us     a client that hashes and posts bodies of the same number and size, and nothing else
bytes       of request bodies, for a record
requests    for 10,000 records; records: Kinesis records for as many
peak MB     resident memory of the host's process with the plugin, without the chunks it holds for the runs
`)
	return err
}
