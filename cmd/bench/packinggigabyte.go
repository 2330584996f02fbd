package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"

	"fluent-bit-kinesis/compress"
)

const (
	gigabyte = 1 << 30

	gigabyteLegend = `
records     thousands of Kinesis records
units       thousands of PUT payload units, which a stream with provisioned shards bills
GB          that an on-demand stream bills
`
)

// meanLineBytes is how long a line is as JSON.
func meanLineBytes(lines []nodeLine) (float64, error) {
	records, err := userRecords(lines, compress.None)
	total := 0
	for _, r := range records {
		total += len(r.Data)
	}
	return float64(total) / float64(len(records)), err
}

// gigabyteOf is what a gigabyte of lines of this length comes to, of which 10,000
// come to so much. It goes by whole records, units and kilobytes, as the table of
// 10,000 lines shows them.
func (p packed) gigabyteOf(lineBytes float64) packed {
	times := gigabyte / (10_000 * lineBytes)
	return packed{math.Round(p.Records) * times, math.Round(p.Units) * times, math.Round(p.KB) * times}
}

// printGigabyte writes the table of what a gigabyte of log lines is billed as.
func printGigabyte(w io.Writer, rows []packingResult) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\nwhat a gigabyte of log lines is on the stream, in lines of %.0f bytes:\n\n", rows[0].LineBytes)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "setting\trecords\tunits\tGB\t")
	for _, r := range rows {
		each := r.Ours.gigabyteOf(r.LineBytes)
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.2f\t\n", r.Name, each.Records/1e3, each.Units/1e3, each.KB*billedKB/gigabyte)
	}
	t.Flush()
	fmt.Fprint(w, gigabyteLegend)
}
