package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

const packingLegend = `
records     Kinesis records for 10,000 log lines
units       PUT payload units: a record's data and partition key, rounded up to 25 KB
KB          the same rounded up to 1 KB, which is what an on-demand stream bills
KPL         the Kinesis Producer Library, simulated: given each line as it is written, and a backlog as fast as it takes it
at once     units of the KPL if it is given the lines when Fluent Bit hands them over
`

// printPacking writes the table of what Kinesis records cost.
func printPacking(w io.Writer, rows []packingResult) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprint(w, "\nwhat 10,000 log lines are on the stream:\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "setting\trecords\tunits\tKB\tKPL records\tunits\tKB\tof its units\tof its KB\tat once\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\t%.0f\t\n", r.Name,
			r.Ours.Records, r.Ours.Units, r.Ours.KB, r.Theirs.Records, r.Theirs.Units, r.Theirs.KB,
			r.ofTheirUnits(), r.Ours.KB/r.Theirs.KB, r.AtOnce.Units)
	}
	t.Flush()
	fmt.Fprint(w, packingLegend)
}

func (r packingResult) ofTheirUnits() float64 { return r.Ours.Units / r.Theirs.Units }

func packingGoals(rows []packingResult) (list []goal) {
	for _, r := range rows {
		list = append(list, goal{Text: r.Name + ": PUT payload units as a multiple of the KPL's", Value: r.ofTheirUnits(), Most: 0.9, Decimal: 2})
	}
	return list
}
