package main

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const costPage = "../../docs/throughput-and-cost.md"

var gigabyteTable = regexp.MustCompile(`(?s)(<!-- gigabyte -->\n)(.*?)(<!-- /gigabyte -->)`)

// What a gigabyte costs follows from the table of docs/packing.md, of which docs/throughput-and-cost.md has it.
func TestThePageOfCostsHasWhatAGigabyteComesTo(t *testing.T) {
	lineBytes, err := meanLineBytes(nodeLines(packedSeconds))
	require.NoError(t, err)
	var rows []packingResult
	for _, s := range packingSettings {
		rows = append(rows, packingResult{Name: s.name, Ours: packedOnThePage(t, s.name), LineBytes: lineBytes})
	}
	want := indented(func(w *bytes.Buffer) { printGigabyte(w, rows) })
	page, err := os.ReadFile(costPage)
	require.NoError(t, err)
	require.Regexp(t, gigabyteTable, string(page))
	written := gigabyteTable.ReplaceAll(page, []byte("${1}\n"+want+"\n${3}"))
	if *update {
		require.NoError(t, os.WriteFile(costPage, written, 0o644))
		return
	}
	require.Equal(t, string(written), string(page), "go test ./cmd/bench -run ThePageOfCosts -update writes it")
}

// packedOnThePage are the plugin's figures in a row of docs/packing.md.
func packedOnThePage(t *testing.T, name string) packed {
	t.Helper()
	page, err := os.ReadFile(packingPage)
	require.NoError(t, err)
	for line := range strings.Lines(string(page)) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), name+"  "); ok {
			var figures [3]float64
			for i, text := range strings.Fields(rest)[:3] {
				figures[i], err = strconv.ParseFloat(text, 64)
				require.NoError(t, err)
			}
			return packed{figures[0], figures[1], figures[2]}
		}
	}
	require.Fail(t, "the page has no such row", name)
	return packed{}
}

func TestAGigabyteOfPlainLinesIsBilledLineByLine(t *testing.T) {
	each := packed{10_000, 10_000, 10_000}.gigabyteOf(512)
	require.Equal(t, packed{2 << 20, 2 << 20, 2 << 20}, each)
}
