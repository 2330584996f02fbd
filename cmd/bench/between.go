package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// A betweenResult is what happens between the flushes of a Fluent Bit that has
// time: threads have gone to sleep, and caches and connections cold.
type betweenResult struct {
	Tight   float64 // us of CPU for a record, one flush after another
	Paced   float64 // the same with flushesPerSecond
	Idle    float64 // percent of a CPU, without chunks
	IdleRSS float64 // MB by which the resident memory has grown in that time
}

// Times is how much more CPU a record takes with time between the flushes.
func (r betweenResult) Times() float64 { return r.Paced / r.Tight }

const (
	flushesPerSecond = 5
	pacedFlushes     = 25               // of a pass of usualRecords
	idleTime         = 20 * time.Second // where a pass has as many
	settled          = 3 * time.Second
)

// measureBetween offers the same chunks one after another and with pauses, several
// times in turn, for how fast a shared machine is changes meanwhile.
func (b *bench) measureBetween() (r betweenResult, err error) {
	server, err := startStream(0)
	if err != nil {
		return r, err
	}
	defer func() {
		if e := server.close(); err == nil {
			err = e
		}
	}()
	chunks := makeChunks(input{}, b.records)
	host, loaded, err := startHost(setting{}, server, chunks)
	if err != nil {
		return r, err
	}
	defer host.Kill() // what has ended well by then is not touched
	perChunk := float64(chunks.records) / float64(len(loaded))
	if _, err := host.Repeat(0, 1, loaded...); err != nil {
		return r, err
	}
	for range b.passes {
		totals, err := host.Repeat(0, 1, loaded...)
		if err != nil {
			return r, err
		}
		r.Tight += micros(totals.CPU) / float64(chunks.records*b.passes)
		n := input{records: pacedFlushes}.scaled(b.records)
		used, err := offerPaced(host, loaded, n)
		if err != nil {
			return r, err
		}
		r.Paced += micros(used) / (perChunk * float64(n*b.passes))
	}
	if err := r.idle(host, time.Duration(input{records: int(idleTime)}.scaled(b.records))); err != nil {
		return r, err
	}
	return r, host.Exit()
}

// offerPaced offers n chunks as Fluent Bit does where lines come evenly.
func offerPaced(host *flbhost.Host, chunks []flbhost.Loaded, n int) (cpu time.Duration, err error) {
	before, err := host.Stats()
	if err != nil {
		return 0, err
	}
	next := time.NewTicker(time.Second / flushesPerSecond)
	defer next.Stop()
	for i := range n {
		<-next.C
		result, err := host.GoLoaded(0, chunks[i%len(chunks)]).Wait()
		if err != nil {
			return 0, err
		}
		if result.Code != flbhost.OK {
			return 0, fmt.Errorf("a chunk was answered with %d:\n%s", result.Code, host.Log())
		}
	}
	after, err := host.Stats()
	return after.CPU - before.CPU, err
}

// idle watches the host while there is nothing to do.
func (r *betweenResult) idle(host *flbhost.Host, idle time.Duration) error {
	time.Sleep(min(settled, idle))
	before, err := host.Stats()
	if err != nil {
		return err
	}
	time.Sleep(idle)
	after, err := host.Stats()
	if err != nil {
		return err
	}
	r.Idle = 100 * (after.CPU - before.CPU).Seconds() / (after.Wall - before.Wall).Seconds()
	r.IdleRSS = float64(after.RSS-before.RSS) / 1e6
	return nil
}

func betweenGoals(r *betweenResult) []goal {
	if r == nil {
		return nil
	}
	return []goal{
		{Text: "between flushes: CPU with 5 flushes a second, as a multiple of one after another", Value: r.Times(), Most: 1.3, Decimal: 2},
		{Text: "between flushes: percent of a CPU when idle", Value: r.Idle, Most: 0.05, Decimal: 3},
		{Text: "between flushes: MB of resident memory more after that", Value: r.IdleRSS, Most: 0.5, Decimal: 1},
	}
}

func printBetween(w io.Writer, r *betweenResult) {
	if r == nil {
		return
	}
	fmt.Fprint(w, "\nbetween flushes of 2 MB:\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "one after another\t%d a second\ttimes\tidle\t\n", flushesPerSecond)
	fmt.Fprintf(t, "%.2f us\t%.2f us\t%.2f\t%.3f%%\t\n", r.Tight, r.Paced, r.Times(), r.Idle)
	t.Flush()
}
