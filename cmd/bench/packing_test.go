package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/kpl"
)

// update has the table of docs/packing.md written anew, which takes two minutes.
var update = flag.Bool("update", false, "write the table of docs/packing.md")

const packingPage = "../../docs/packing.md"

var packingTable = regexp.MustCompile(`(?s)(<!-- packing -->\n)(.*?)(<!-- /packing -->)`)

// The KPL's figures are the same each time, and so are ours of lines that are not
// packed. How small chunks come together is a matter of time: of them the page
// has one run.
func TestThePageHasThePackingOfTheProgram(t *testing.T) {
	if *update {
		writePackingPage(t)
	}
	page, err := os.ReadFile(packingPage)
	require.NoError(t, err)
	table := packingTable.FindSubmatch(page)
	require.NotNil(t, table)
	rows := map[string][]string{}
	for line := range strings.Lines(string(table[2])) {
		if name, figures, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			rows[name] = strings.Fields(figures)
		}
	}
	records := map[compress.Format][]kpl.UserRecord{}
	for _, p := range packings {
		records[p.theirs.compression], err = userRecords(nodeLines(packedSeconds), p.theirs.compression)
		require.NoError(t, err)
	}
	for _, s := range packingSettings {
		got := rows[s.name]
		require.Len(t, got, 9, s.name)
		want := packingResult{Name: s.name}
		want.Theirs, want.AtOnce = s.simulated(records[s.theirs.compression])
		if s.options == nil {
			want.Ours = packed{10_000, 10_000, 10_000}
			require.Equal(t, figuresOf(want)[:3], got[:3], s.name)
		}
		require.Equal(t, figuresOf(want)[3:6], got[3:6], s.name)
		require.Equal(t, figuresOf(want)[8], got[8], s.name)
	}
}

// figuresOf are the cells of a row.
func figuresOf(r packingResult) []string {
	var table bytes.Buffer
	printPacking(&table, []packingResult{r})
	for line := range strings.Lines(table.String()) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), r.Name+"  "); ok {
			return strings.Fields(rest)
		}
	}
	return nil
}

func writePackingPage(t *testing.T) {
	var rows []packingResult
	for _, s := range packingSettings {
		r, err := measurePacking(s, packedSeconds)
		require.NoError(t, err)
		rows = append(rows, r)
	}
	table := indented(func(w *bytes.Buffer) { printPacking(w, rows) })
	page, err := os.ReadFile(packingPage)
	require.NoError(t, err)
	page = packingTable.ReplaceAll(page, []byte("${1}\n"+table+"\n${3}"))
	require.NoError(t, os.WriteFile(packingPage, page, 0o644))
}

// indented is what is printed as a page has it.
func indented(printTo func(w *bytes.Buffer)) string {
	var text, table bytes.Buffer
	printTo(&text)
	for line := range strings.Lines(strings.TrimLeft(text.String(), "\n")) {
		if strings.TrimSpace(line) != "" {
			line = "    " + line
		}
		table.WriteString(line)
	}
	return table.String()
}

func TestPackingIsMeasuredBesideTheKPL(t *testing.T) {
	var r report
	require.NoError(t, json.Unmarshal(runBench(t, "-packing", "-json", "-only", "2 MB chunks plain, 2 MB chunks aggregated, Flush 20 aggregated zstd"), &r))
	require.Empty(t, r.Settings)
	require.Len(t, r.Packing, 3)
	require.Len(t, r.Goals, 3)
	plain, aggregated, zstd := r.Packing[0], r.Packing[1], r.Packing[2]
	require.Equal(t, packed{10_000, 10_000, 10_000}, plain.Ours)
	require.Equal(t, plain.Ours, plain.Theirs)
	require.Less(t, aggregated.Ours.Units, aggregated.Theirs.Units)
	require.Less(t, zstd.ofTheirUnits(), 0.9)
	require.Positive(t, zstd.Ours.KB)
}

func TestPackingHasATableAndGoalsOfItsOwn(t *testing.T) {
	text := string(runBench(t, "-packing", "-only", "2 MB chunks aggregated gzip"))
	require.Regexp(t, `(?m)^ +setting +records +units .*\n +2 MB chunks aggregated gzip +\d`, text)
	require.Regexp(t, `(?m)^met +2 MB chunks aggregated gzip: .* at most 0\.90$`, text)
}

func TestUnitsAndKilobytesAreRoundedUpRecordByRecord(t *testing.T) {
	for size, want := range map[int]packed{
		1: {1, 1, 1}, 1024: {1, 1, 1}, 1025: {1, 1, 2}, 25_600: {1, 1, 25}, 25_601: {1, 2, 26},
	} {
		var p packed
		p.add(size)
		require.Equal(t, want, p, size)
	}
	p := packed{3, 6, 9}
	require.Equal(t, packed{30, 60, 90}, p.per10k(1000))
}

func TestEachLineIsInTheChunkOfItsContainerAndTurn(t *testing.T) {
	lines := nodeLines(20)
	require.Len(t, lines, 8000)
	containerID := regexp.MustCompile("[0-9a-f]{64}")
	for flush, turns := range map[time.Duration]int{time.Second: 20, 20 * time.Second: 1} {
		got := packingSetting{flush: flush}.turns(lines)
		require.Len(t, got, turns)
		for _, chunks := range got {
			require.LessOrEqual(t, len(chunks), containers)
			for _, c := range chunks {
				ids := containerID.FindAllString(string(c.chunk), -1)
				for _, id := range ids {
					require.Equal(t, ids[0], id)
				}
			}
		}
	}
	backlog := packingSetting{}.turns(lines)
	require.Len(t, backlog, 2)
	require.InDelta(t, chunkSize, len(backlog[0][0].chunk), 1000)
}
