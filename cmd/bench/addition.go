package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"fluent-bit-kinesis/internal/flbhost"
)

// An addition is something that can be had on top of a setting, at a cost.
type addition struct {
	text  string // what there is without it
	most  float64
	added func(s setting) (with setting, done func(), err error) // done takes away what it leaves
}

// ledgerFile is an addition on top of a ledger in memory.
var ledgerFile = &addition{"without the file", 1.02, func(s setting) (with setting, done func(), err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, nil, err
	}
	options := map[string]string{"ledger_file": filepath.Join(dir, "ledger")}
	maps.Copy(options, s.options)
	s.options = options
	return s, func() { os.RemoveAll(dir) }, nil
}}

// fluentBitMetrics has the host take metrics as Fluent Bit does.
var fluentBitMetrics = &addition{"in a host that takes none", 1.01, func(s setting) (with setting, done func(), err error) {
	s.metrics = true
	return s, func() {}, nil
}}

// comparisons is over how many pairs of passes an addition is compared, each a fifth
// of the usual: the shorter they are and the more, the less it matters what else the
// machine has to do.
const comparisons = 150

// compare is the CPU of a setting with its addition as a multiple of that without.
// The two take turns pass by pass, so that both meet the machine as it is, and the
// median leaves out what one pass met alone.
func (b *bench) compare(s setting, server *stream) (ratio float64, err error) {
	with, done, err := s.addition.added(s)
	if err != nil {
		return 0, err
	}
	defer done()
	chunks := makeChunks(s.input, max(1, s.input.scaled(b.records)/5))
	var ratios []float64
	var hosts [2]*flbhost.Host
	var loaded [2][]flbhost.Loaded
	for i, x := range []setting{s, with} {
		if hosts[i], loaded[i], err = startHost(x, server, chunks); err != nil {
			return 0, err
		}
		defer hosts[i].Kill() // what has ended well by then is not touched
	}
	for pair := range comparisons * b.passes / usualPasses {
		var cpu [2]float64
		for turn := range 2 {
			i := (pair + turn) % 2
			totals, err := s.offer(hosts[i], 1, loaded[i])
			if err != nil {
				return 0, err
			}
			if totals.OK != len(loaded[i]) {
				return 0, fmt.Errorf("%d of %d chunks were delivered:\n%s", totals.OK, len(loaded[i]), hosts[i].Log())
			}
			cpu[i] = micros(totals.CPU)
		}
		ratios = append(ratios, cpu[1]/cpu[0])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2], errors.Join(hosts[0].Exit(), hosts[1].Exit())
}

// ofAdditions are the goals of what is had on top.
func (g *goals) ofAdditions() {
	for _, s := range settings {
		if s.addition != nil {
			g.most(s.name, "CPU as a multiple of that "+s.addition.text, s.addition.most, 3, func(r result) float64 { return r.Added })
		}
	}
}
