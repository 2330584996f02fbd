package main

import "fmt"

// A goal bounds one figure of a run. Those of CPU, but for that of encoding, are
// ratios within the run, so that they say the same on a slow or a busy machine.
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
func (b *bench) goals() (list []goal) {
	row := func(name string) (result, bool) {
		for _, r := range b.results {
			if r.Name == name {
				return r, true
			}
		}
		return result{}, false
	}
	most := func(name, text string, most float64, decimal int, of func(result) float64) {
		if r, ok := row(name); ok {
			list = append(list, goal{Text: name + ": " + text, Value: of(r), Most: most, Decimal: decimal})
		}
	}
	fastest := func(name string, least float64) {
		if r, ok := row(name); ok {
			list = append(list, goal{Text: name + ": records/s", Value: r.PerSecond, Least: least})
		}
	}
	const ofBodies = "CPU as a multiple of the SHA-256 of its bodies"
	most("default", ofBodies, 7, 1, result.Multiple)
	most("record options", ofBodies, 9, 1, result.Multiple)
	most("aggregation", ofBodies, 8, 1, result.Multiple)
	if json, ok := row("default"); ok {
		const ofJSON = "CPU as a multiple of the SHA-256 of default's bodies"
		multiple := func(r result) float64 { return r.CPU / json.Floor }
		most("cbor", ofJSON, 5, 1, multiple)
		most("gzip", ofJSON, mostGzip, 1, multiple)
		most("zstd", ofJSON, mostZstd, 1, multiple)
	}
	most("default", "encoding, us", 0.9, 2, func(r result) float64 { return r.Encode })
	// With compression, what is beside it is the small difference of two large
	// figures, which says little.
	for _, name := range []string{"default", "cbor", "aggregation", "aggregation cbor", "record options"} {
		most(name, "all beside encoding, as a multiple of the bare client", 1.1, 2, result.Beside)
	}
	peak := func(r result) float64 { return r.PeakRSS }
	most("default", "peak resident memory, MB", 45, 0, peak)
	most("25 ms / 8 in flight", "peak resident memory, MB", 60, 0, peak)
	fastest("25 ms", 100_000)
	fastest("25 ms / 4 workers / 40 in flight", 200_000)
	return list
}

// Compressing each record may take 12 us with gzip and 9 with zstd where the
// SHA-256 of what is sent without takes 0.41.
const (
	mostGzip = 12 / 0.41
	mostZstd = 9 / 0.41
)
