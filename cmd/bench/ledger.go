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

// ledgerPairs is over how many pairs of passes a ledger_file is compared, each a
// fifth of the usual: the shorter they are and the more, the less it matters what
// else the machine has to do.
const ledgerPairs = 150

// withLedger is the setting with a ledger_file, which done removes.
func (s setting) withLedger() (with setting, done func(), err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, nil, err
	}
	options := map[string]string{"ledger_file": filepath.Join(dir, "ledger")}
	maps.Copy(options, s.options)
	s.options = options
	return s, func() { os.RemoveAll(dir) }, nil
}

// compareLedger is the CPU of a setting with a ledger_file as a multiple of that
// without. The two take turns pass by pass, so that both meet the machine as it
// is, and the median leaves out what one pass met alone.
func (b *bench) compareLedger(s setting, server *stream) (ratio float64, err error) {
	with, done, err := s.withLedger()
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
	for pair := range ledgerPairs * b.passes / usualPasses {
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
