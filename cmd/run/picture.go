package main

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// What a picture always has room for.
const (
	leastShards = 4  // rows for shards
	mostSaid    = 8  // rows for what was said last
	mostBar     = 40 // columns of a full bar
)

// picture is the run as a whole on a screen: at most height lines, none wider than width. said is what the plugin and
// others have said, of which the last lines are shown as far as there is room.
func picture(r reading, said []string, width, height int, colour bool) []string {
	lines := []string{
		title(r, width, colour),
		"",
		row(colour, "landed", "", fmt.Sprintf("%12s of %s", grouped(r.counts.landed), grouped(r.counts.sent)), perSecond(r.landed)+limitShare(r)),
		row(colour, "refused", lookOf(r.refused > 0, red), fmt.Sprintf("%12s", grouped(r.stats.Throttled)), perSecond(r.refused)),
		row(colour, "data", "", fmt.Sprintf("%12s", bytesText(r.stats.LandedBytes)), bytesText(int64(r.bytes))+"/s"),
		row(colour, "in flight", "", fmt.Sprintf("%12d%s", r.stats.InFlight, slots(r.plugin)), ""),
		row(colour, "pace", lookOf(r.plugin["throttled"] > 0, red), paceText(r.plugin), ""),
		row(colour, "handed back", lookOf(r.plugin["records_handed_back_total"] > 0, red), pluginCount(r.plugin, "records_handed_back_total"), ""),
		row(colour, "dropped", lookOf(r.plugin["records_dropped_total"] > 0, red), pluginCount(r.plugin, "records_dropped_total"), ""),
		"",
	}
	room := height - len(lines)
	shown := min(len(said), mostSaid, max(0, room-min(len(r.shards), leastShards)-2))
	if shown > 0 {
		room -= shown + 1
	}
	lines = append(lines, shardRows(r, width, room, colour)...)
	if shown > 0 {
		lines = append(lines, "")
		for _, line := range said[len(said)-shown:] {
			lines = append(lines, paint(colour, dim, cut(shortened(line), width)))
		}
	}
	return fit(lines, width, height)
}

func title(r reading, width int, colour bool) string {
	left, right := limitOrNone(r)+", "+r.elapsed.Truncate(100*time.Millisecond).String(), "Ctrl-C ends the input"
	gap := width - utf8.RuneCountInString(left) - len(right)
	if gap < 2 {
		return paint(colour, bold, cut(left, width))
	}
	return paint(colour, bold, left) + strings.Repeat(" ", gap) + paint(colour, dim, right)
}

func limitOrNone(r reading) string {
	shards := count(int64(len(r.shards)), "shard")
	switch {
	case len(r.shards) == 0:
		return "no stream yet"
	case r.limit == 0:
		return shards + " without limits"
	default:
		return shards + limitText(r.limit)
	}
}

// row is a label, a number in its look, and how fast that grows.
func row(colour bool, label, look, number, speed string) string {
	text := fmt.Sprintf("%-12s", label)
	if speed != "" {
		number = fmt.Sprintf("%-32s", number)
	}
	if look != "" {
		number = paint(colour, look, number)
	}
	return text + number + speed
}

func lookOf(holds bool, look string) string {
	if holds {
		return look
	}
	return ""
}

func perSecond(n float64) string { return rounded(n) + "/s" }

func limitShare(r reading) string {
	if r.limit == 0 {
		return ""
	}
	return fmt.Sprintf(", %.0f%% of the limit", 100*r.share)
}

// slots is how many requests there may be, and wait.
func slots(p pluginPage) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf(" of %.0f, %.0f wait", p["requests_in_flight_limit"], p["requests_waiting"])
}

// paceText is what the plugin has found that the stream takes.
func paceText(p pluginPage) string {
	switch {
	case p == nil:
		return fmt.Sprintf("%12s", "-")
	case p["throttled"] == 0:
		return "   not limited: the stream does not throttle"
	default:
		return fmt.Sprintf("%12s records/s, %s/s", rounded(p["pace_records_per_second"]), bytesText(int64(p["pace_bytes_per_second"])))
	}
}

func pluginCount(p pluginPage, name string) string {
	if p == nil {
		return fmt.Sprintf("%12s", "-")
	}
	return fmt.Sprintf("%12s", rounded(p[name]))
}

// shardRows has a row for each shard, or for as many as there is room for.
func shardRows(r reading, width, room int, colour bool) []string {
	shown := r.shards
	var more string
	if len(shown) > room {
		shown = shown[:max(0, room-1)]
		more = fmt.Sprintf("and %s, for which there is no room", count(int64(len(r.shards)-len(shown)), "more shard"))
	}
	full := r.fullShard()
	name := 12
	for _, s := range shown {
		name = max(name, len(s.name)+1)
	}
	var rows []string
	for _, s := range shown {
		text := fmt.Sprintf("%-*s%12s%12s%12s  ", name, s.name, grouped(s.records), bytesText(s.bytes), perSecond(s.perSecond))
		columns := min(mostBar, width-utf8.RuneCountInString(text))
		rows = append(rows, text+paint(colour, shardLooks[s.number%len(shardLooks)], bar(s.perSecond/full, columns)))
	}
	if more != "" {
		rows = append(rows, more)
	}
	return rows
}

// bar fills a share of so many columns.
func bar(share float64, columns int) string {
	if columns <= 0 || !(share > 0) {
		return ""
	}
	return strings.Repeat("█", max(1, int(math.Round(min(1, share)*float64(columns)))))
}

var logLine = regexp.MustCompile(`time="[^"]*" level=([a-z]+) msg="(?:\[kinesis [0-9]+\] )?(.*)"$`)

// shortened is a line of the plugin's log without what is the same in each.
func shortened(line string) string { return logLine.ReplaceAllString(line, "$1: $2") }

// fit leaves out the lines below the screen, and of each what is beyond its edge.
func fit(lines []string, width, height int) []string {
	lines = lines[:min(len(lines), max(1, height))]
	for i, line := range lines {
		lines[i] = cutPainted(line, width)
	}
	return lines
}

// cutPainted cuts a line to n characters, not counting what colours it.
func cutPainted(line string, n int) string {
	var b strings.Builder
	seen, painting := 0, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			painting = true
		case painting:
			painting = r != 'm'
		default:
			if seen++; seen > n {
				continue
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}
