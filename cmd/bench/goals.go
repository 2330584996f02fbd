package main

import (
	"fmt"
	"slices"
)

// A goal bounds one figure of a run. Those of CPU, but for that of encoding and
// those of small chunks, are ratios within the run, so that they say the same on
// a slow or a busy machine.
type goal struct {
	Text    string
	Value   float64
	Most    float64 `json:",omitempty"` // or
	Least   float64 `json:",omitempty"`
	Decimal int     `json:"-"` // digits behind the point
}

func (g goal) met() bool { return g.Value >= g.Least && (g.Most == 0 || g.Value <= g.Most) }

func (g goal) verdict() string {
	if g.met() {
		return "met"
	}
	return "MISSED"
}

func (g goal) value(v float64) string { return fmt.Sprintf("%.*f", g.Decimal, v) }

func (g goal) bound() string {
	if g.Most > 0 {
		return "at most " + g.value(g.Most)
	}
	return "at least " + g.value(g.Least)
}

// goals are those of the settings that were measured.
func (b *bench) goals() []goal {
	g := goals{results: map[string]result{}}
	for _, r := range b.results {
		g.results[r.Name] = r
	}
	g.ofLargeChunks()
	g.ofSmallChunks()
	g.ofAdditions()
	return slices.Concat(g.list, limitGoals(b.limits), textGoals(b.texts), betweenGoals(b.between), packingGoals(b.packing), sizeGoals(b.size))
}

// goals gathers the goals of the results that there are.
type goals struct {
	results map[string]result // by setting
	list    []goal
}

// most is a goal that a figure is no more than a bound, and least that it is no
// less; decimal is how many digits behind the point say something.
func (g *goals) most(name, text string, bound float64, decimal int, of func(result) float64) {
	if r, ok := g.results[name]; ok {
		g.list = append(g.list, goal{Text: name + ": " + text, Value: of(r), Most: bound, Decimal: decimal})
	}
}

func (g *goals) least(name, text string, bound float64, decimal int, of func(result) float64) {
	if r, ok := g.results[name]; ok {
		g.list = append(g.list, goal{Text: name + ": " + text, Value: of(r), Least: bound, Decimal: decimal})
	}
}

func (g *goals) ofLargeChunks() {
	const ofBodies = "CPU as a multiple of the SHA-256 of its bodies"
	g.most("default", ofBodies, 7, 1, result.Multiple)
	g.most("record options", ofBodies, 9, 1, result.Multiple)
	g.most("aggregation", ofBodies, 8, 1, result.Multiple)
	if json, ok := g.results["default"]; ok {
		const ofJSON = "CPU as a multiple of the SHA-256 of default's bodies"
		multiple := func(r result) float64 { return r.CPU / json.Floor }
		g.most("cbor", ofJSON, 5, 1, multiple)
		// Each record by itself, and aggregates and joined lines as wholes.
		for _, name := range []string{"gzip", "aggregation gzip", "aggregation_compression gzip", "simple_aggregation gzip"} {
			g.most(name, ofJSON, 20, 1, multiple)
		}
		for _, name := range []string{"zstd", "aggregation_compression zstd", "simple_aggregation zstd"} {
			g.most(name, ofJSON, 22, 1, multiple)
		}
	}
	g.most("default", "encoding, us", 0.9, 2, func(r result) float64 { return r.Encode })
	// With compression, what is beside it is the small difference of two large
	// figures, which says little.
	for _, name := range []string{"default", "cbor", "aggregation", "aggregation cbor", "record options"} {
		g.most(name, "all beside encoding, as a multiple of the bare client", 1.1, 2, result.Beside)
	}
	const peakText = "peak resident memory, MB"
	g.most("default", peakText, 45, 0, peak)
	g.most("25 ms / 8 in flight", peakText, 60, 0, peak)
	g.most("25 ms / 4 workers", peakText, 70, 0, peak)
	g.least("25 ms", perSecondText, 100_000, 0, perSecond)
	g.least("25 ms / 4 workers", perSecondText, 400_000, 0, perSecond)
}

// ofSmallChunks are the goals of chunks that have to share requests. A key's
// records wait for those of the same key, so that keys cost requests.
func (g *goals) ofSmallChunks() {
	for _, s := range []struct {
		name          string
		requests, cpu float64
	}{
		{"small chunks", 12.5, 9},
		{"small chunks aggregated", 12.5, 9},
		{"small chunks partition_key", 25, 12},
		{"small chunks aggregated partition_key", 25, 12},
	} {
		g.most(s.name, "requests for 100 chunks", s.requests, 1, func(r result) float64 { return r.RequestsPer100 })
		g.most(s.name, "CPU, us", s.cpu, 1, func(r result) float64 { return r.CPU })
		g.busy(s.name)
	}
	g.least("small chunks aggregated", "log records in a Kinesis record", 80, 0, result.Packed)
	g.busy("small chunks / 1 worker")
	g.most("small chunks / a lone flush", "ms for a flush", 1.2*latency.Seconds()*1e3, 1, func(r result) float64 { return r.FlushMs })
}

// busy is the goal that workers get nearly as many chunks through as they can:
// one in each round trip.
func (g *goals) busy(name string) {
	s, _ := settingNamed(name)
	g.least(name, perSecondText, 0.8*s.most(), 0, perSecond)
}

const perSecondText = "records/s"

func perSecond(r result) float64 { return r.PerSecond }
func peak(r result) float64      { return r.PeakRSS }
