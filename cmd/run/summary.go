package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fluent-bit-kinesis/internal/kinesistest"
)

// header says what is about to run.
func (s *screen) header(set settings, stream *kinesistest.Server, fluentBit, input string) {
	var options []string
	for _, key := range slices.Sorted(maps.Keys(set.options)) {
		options = append(options, key+"="+set.options[key])
	}
	if len(options) == 0 {
		options = []string{"the defaults"}
	}
	rows := [][2]string{
		{"stream", fmt.Sprintf("%s at %s, %s%s, embedded in this program", set.stream(), stream.URL(), count(int64(set.shards), "shard"), eachText(set))},
		{"Fluent Bit", fluentBit + ", " + workersText(set.workers)},
		{"input", input + "; each event is numbered under the key " + marker},
		{"options", strings.Join(options, " ")},
		{"metrics", "http://" + set.metrics + "/metrics, while it runs"},
	}
	for _, row := range rows {
		s.note(paint(s.stderrColour, bold, fmt.Sprintf("%-11s", row[0])) + row[1])
	}
}

// eachText is what the stream takes, or each of several.
func eachText(set settings) (text string) {
	if set.isTemplate() {
		text = " each"
	}
	if set.limits {
		text += limitText(set.shards)
	}
	return text
}

func workersText(n int) string {
	if n == 0 {
		return "flushing on its own thread"
	}
	return "flushing on " + count(int64(n), "worker")
}

// limitText is what a stream of so many limited shards takes.
func limitText(shards int) string {
	if shards == 0 {
		return ""
	}
	verb := "take"
	if shards == 1 {
		verb = "takes"
	}
	return fmt.Sprintf(" that %s %s records or %s MiB a second", verb, grouped(int64(shards*kinesistest.ShardRecordsPerSecond)), grouped(int64(shards)))
}

// summary is the run in numbers.
func (s *screen) summary(r result, stream *kinesistest.Server, set settings, refused int, reader *consumer) {
	stats := stream.Stats()
	line := func(label, text string, bad bool) {
		look := green
		if bad {
			look = red
		}
		s.print(fmt.Sprintf("%-16s", label) + paint(s.stdoutColour, look, text))
	}
	s.print("")
	line("lines in", grouped(r.sent), false)
	if r.chunks > 0 {
		line("chunks", grouped(r.chunks), false)
	}
	line("records landed", fmt.Sprintf("%s with %s of data, %sin %s",
		grouped(r.landed), bytesText(r.bytes), packedText(stats.Landed, r.landed), count(stats.Requests, "request")),
		r.landed == 0 && r.sent > 0)
	if packing := reader.packing(); packing != "" {
		line("packed", packing, false)
	}
	line("lost", grouped(r.lost), r.lost > 0)
	line("duplicated", grouped(r.duplicated), r.duplicated > 0)
	if took := reader.took().Seconds(); set.limits && took > 0 {
		line("pace", fmt.Sprintf("%s records/s from the first to the last, in %.1f s", rounded(float64(r.landed)/took), took), false)
	}
	if stats.Throttled > 0 {
		line("throttled", fmt.Sprintf("%s a record was refused by the stream, %.2f for each that it took",
			count(stats.Throttled, "time"), float64(stats.Throttled)/float64(max(1, stats.Landed))), false)
	}
	if r.handedBack > 0 {
		line("handed back", count(r.handedBack, "time")+" a chunk, to be offered again", false)
	}
	if refused > 0 {
		line("chunks given up", fmt.Sprintf("%s: the plugin refused them, or they did not get through in %d offers",
			grouped(int64(refused)), retryLimit+1), true)
	}
	if r.unmarked > 0 {
		s.print("                lost and duplicated are differences of counts: the options leave " + marker + " out of the data,\n" +
			"                so that records cannot be told apart, and one of each would go unseen")
	}
	s.shards(shardsOf(stream))
}

// packedText says in how many of the stream's records the log records came, where that is another number.
func packedText(records, logRecords int64) string {
	if records == logRecords {
		return ""
	}
	return "as " + count(records, "Kinesis record") + " "
}

func (s *screen) shards(shards []shard) {
	var most int64 = 1
	name := 15
	for _, shard := range shards {
		most = max(most, shard.records)
		name = max(name, len(shard.name))
	}
	const width = 30
	for _, shard := range shards {
		bar := strings.Repeat("█", int((shard.records*width+most-1)/most))
		s.print(fmt.Sprintf("%-*s %10s  %9s  %s", name, shard.name, grouped(shard.records), bytesText(shard.bytes),
			paint(s.stdoutColour, shardLooks[shard.number%len(shardLooks)], bar)))
	}
}

// count is a number with its noun.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped is a number with a comma between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// bytesText is a size in the unit that suits it.
func bytesText(n int64) string {
	switch {
	case n < 10_000:
		return grouped(n) + " B"
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
}
