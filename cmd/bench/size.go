package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// A sizeResult is what the library takes before it does anything.
type sizeResult struct {
	Library int64   // bytes of its file
	Load    float64 // ms from loading it until FLBPluginRegister has returned: half of all loads are as fast
	Fastest float64 // ms of the fastest load
	First   float64 // ms of the first FLBPluginInit: half of all are as fast
	Host    float64 // MB resident in the host without it
	Idle    float64 // MB resident in the host with one instance
	Further float64 // MB of each further one
}

const (
	sizeLoads     = 51 // each in a process of its own
	sizeInstances = 11 // of the host beside that with one
	sizeIdle      = 3 * time.Second
)

// measureSize measures the library: its file, how long Fluent Bit waits for it, and
// what it has in memory once each of its instances has sent a chunk of 11 records and
// has nothing to do any more.
func measureSize() (r sizeResult, err error) {
	library, err := flbhost.Library()
	if err != nil {
		return r, err
	}
	file, err := os.Stat(library)
	if err != nil {
		return r, err
	}
	r.Library = file.Size()
	if err := r.load(); err != nil {
		return r, err
	}
	one, err := idleWith(1)
	if err != nil {
		return r, err
	}
	more, err := idleWith(sizeInstances)
	if err != nil {
		return r, err
	}
	r.Host, r.Idle = float64(one.BareRSS)/1e6, float64(one.RSS)/1e6
	r.Further = float64(more.RSS-one.RSS) / 1e6 / (sizeInstances - 1)
	return r, nil
}

// load loads the library many times.
func (r *sizeResult) load() error {
	var loads, inits []time.Duration
	nowhere := stream{ready: ready{URL: "https://127.0.0.1:1"}} // nothing is sent
	for range sizeLoads {
		config := flbhost.Config{Instances: []map[string]string{nowhere.options()}}
		used, err := statsOf(config, func(*flbhost.Host) error { return nil })
		if err != nil {
			return err
		}
		loads, inits = append(loads, used.Loading), append(inits, used.FirstInit)
	}
	slices.Sort(loads)
	slices.Sort(inits)
	half := sizeLoads / 2
	r.Load, r.Fastest, r.First = micros(loads[half])/1e3, micros(loads[0])/1e3, micros(inits[half])/1e3
	return nil
}

// idleWith is what a host uses in which so many instances are idle.
func idleWith(instances int) (used flbhost.Stats, err error) {
	server, err := startStream(0)
	if err != nil {
		return used, err
	}
	defer func() {
		if e := server.close(); err == nil {
			err = e
		}
	}()
	config := flbhost.Config{Workers: 1, Env: server.Env}
	for range instances {
		config.Instances = append(config.Instances, server.options())
	}
	chunk := makeChunks(small, small.perChunk).chunks[0]
	return statsOf(config, func(host *flbhost.Host) error {
		for i := range instances {
			if result, err := host.Flush(i, "bench", chunk); err != nil {
				return err
			} else if result.Code != flbhost.OK {
				return fmt.Errorf("instance %d answers %d:\n%s", i, result.Code, host.Log())
			}
		}
		time.Sleep(sizeIdle)
		return nil
	})
}

// statsOf is what a host has used after some work.
func statsOf(config flbhost.Config, work func(*flbhost.Host) error) (used flbhost.Stats, err error) {
	host, err := flbhost.Start(config)
	if err != nil {
		return used, err
	}
	defer host.Kill() // what has ended well by then is not touched
	if err := work(host); err != nil {
		return used, err
	}
	if used, err = host.Stats(); err != nil {
		return used, err
	}
	return used, host.Exit()
}

func sizeGoals(r *sizeResult) []goal {
	if r == nil {
		return nil
	}
	return []goal{
		{Text: "the library: MB", Value: float64(r.Library) / 1e6, Most: 15, Decimal: 2},
		{Text: "the library: ms to load", Value: r.Load, Most: 3, Decimal: 1},
		{Text: "idle: resident memory with one instance, MB", Value: r.Idle, Most: 30, Decimal: 1},
		{Text: "idle: resident memory of each further instance, MB", Value: r.Further, Most: 3, Decimal: 2},
	}
}

// printSize writes the table of what the library takes.
func printSize(w io.Writer, r *sizeResult) {
	if r == nil {
		return
	}
	fmt.Fprint(w, "\nthe library, and a host in which its instances are idle:\n\n")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "bytes\tload ms\tfastest ms\tfirst ms\thost MB\tone instance MB\teach further MB\t")
	fmt.Fprintf(t, "%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t\n", r.Library, r.Load, r.Fastest, r.First, r.Host, r.Idle, r.Further)
	t.Flush()
	fmt.Fprint(w, sizeLegend)
}

const sizeLegend = `
bytes            of the library's file
load ms          from loading it until FLBPluginRegister has returned; half of 51 loads are as fast
first ms         of the first FLBPluginInit, which waits until Go, too, is up
host MB          resident memory of the host without the library
one instance MB  the same with one instance that has sent a chunk and has been idle for 3 s
each further MB  what each of ten more adds to it
`
