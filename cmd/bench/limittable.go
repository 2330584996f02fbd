package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"fluent-bit-kinesis/internal/kinesistest"
)

var limitLegend = fmt.Sprintf(`
landed      of the log records offered; twice: times that one landed once more
refused     Kinesis records, for each that was accepted
pace        of the best possible, over the whole seconds between the first record and the last: of what all shards take,
            or, where keys choose the shard, of what the fullest takes (%d records and %d bytes a second)
back        times that a chunk was handed back; given up: chunks that were so twice, which Fluent Bit drops
s           until all chunks had their answers, the first and the last second's share, which come at once, included
`, kinesistest.ShardRecordsPerSecond, kinesistest.ShardBytesPerSecond)

// printLimits writes the table of a stream at its limit.
func printLimits(w io.Writer, rows []limitResult) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\nat the limit of a stream of %d shards, %d records offered as fast as it goes, each chunk twice at most:\n\n", limitShards, rows[0].Offered)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "setting\tlanded\ttwice\trefused\tpace\tback\tgiven up\ts\trecords/s\tcompared\t")
	for _, r := range rows {
		compared := ""
		if text := r.setting.comparison(); text != "" {
			compared = fmt.Sprintf("%.2f %s", r.Compared, text)
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%.3f\t%.3f\t%d\t%d\t%.1f\t%.0f\t%s\t\n",
			r.Name, r.Landed, r.Twice, r.Refused, r.Pace, r.HandedBack, r.GivenUp, r.Seconds, r.PerSecond, compared)
	}
	t.Flush()
	fmt.Fprint(w, limitLegend)
}

// limitGoals are those of a stream at its limit.
func limitGoals(rows []limitResult) (list []goal) {
	for _, r := range rows {
		s := r.setting
		add := func(text string, value, least, most float64, decimal int) {
			list = append(list, goal{Text: "at the limit, " + r.Name + ": " + text, Value: value, Least: least, Most: most, Decimal: decimal})
		}
		add("records that landed once", float64(r.Landed-r.Twice), float64(r.Offered), 0, 0)
		add("chunks that were not handed back", float64(r.Chunks-r.HandedBack), float64(r.Chunks), 0, 0)
		if s.mostRefused > 0 {
			add("records refused for each accepted", r.Refused, 0, s.mostRefused, 3)
		}
		if s.reshardTo == 0 && r.Pace > 0 {
			add("pace, of the best possible", r.Pace, 0.95, 0, 3)
		}
		switch {
		case r.Compared == 0:
		case s.processes > 1:
			add("the slower process, of the faster", r.Compared, 0.8, 0, 2)
		case s.hot:
			add("the others, of what they have without the hot key", r.Compared, 0.9, 0, 2)
		case s.reshardTo > 0:
			add("of the new limit, within 5 s", r.Compared, 0.9, 0, 2)
		}
	}
	return list
}
