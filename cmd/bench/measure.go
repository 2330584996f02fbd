package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A result is a row of the table, by record unless it says otherwise.
type result struct {
	Name        string
	CPU         float64 // us of user and system time in the flushes
	Floor       float64 `json:",omitempty"` // us for the SHA-256 of the record's part of the bodies
	Encode      float64 `json:",omitempty"` // us to make the bodies and not send them
	Bare        float64 `json:",omitempty"` // us of a client that hashes and posts the same bodies and no more
	PerSecond   float64
	BodyBytes   float64
	Requests    float64 // for 10,000 records
	Records     float64 // Kinesis records for 10,000 log records
	FlushMs     float64 // from a call of flush to its answer, on average
	PeakRSS     float64 // MB, of the host's process
	MaxInFlight int
	Added       float64 `json:",omitempty"` // CPU with what the setting adds, as a multiple of that without

	// Of small chunks alone.
	RequestsPer100 float64 `json:",omitempty"` // for 100 chunks
	Share          float64 `json:",omitempty"` // PerSecond, of what the workers can bring at most

	small bool
}

// Multiple is the CPU as a multiple of the floor.
func (r result) Multiple() float64 { return r.CPU / r.Floor }

// Beside is what the CPU beside the encoding comes to as a multiple of the
// bare client's.
func (r result) Beside() float64 { return (r.CPU - r.Encode) / r.Bare }

// Packed is how many log records there are in a Kinesis record.
func (r result) Packed() float64 { return 1e4 / r.Records }

// A bench is one run of the program.
type bench struct {
	records int // of a pass, as asked for
	passes  int
	results []result
	limits  []limitResult
	texts   []textResult
	packing []packingResult
	between *betweenResult // nil where it is not measured
	size    *sizeResult    // the same
	hashes  []float64      // us for the SHA-256 of a byte of bodies, after each setting
}

// measure runs the passes of one setting.
func (b *bench) measure(s setting) (r result, err error) {
	server, err := startStream(s.delay)
	if err != nil {
		return r, err
	}
	defer func() {
		if e := server.close(); err == nil {
			err = e
		}
	}()
	if s.addition != nil {
		var ratio float64
		if ratio, err = b.compare(s, server); err != nil {
			return r, err
		}
		defer func() { r.Added = ratio }()
		var done func()
		if s, done, err = s.addition.added(s); err != nil {
			return r, err
		}
		defer done()
	}
	if r, err = b.measurePlugin(s, server); err != nil {
		return r, err
	}
	if !r.small {
		b.hashed(int(1e4 * r.BodyBytes / r.Requests))
	}
	if !s.parts {
		return r, nil
	}
	task := task{Options: s.options, Records: b.records, Passes: b.passes}
	if r.Encode, err = task.measure(); err != nil {
		return r, err
	}
	task.Post = &target{URL: server.URL, CA: server.CA, InFlight: r.MaxInFlight}
	r.Bare, err = task.measure()
	return r, err
}

// measurePlugin has the host offer the chunks to the library.
func (b *bench) measurePlugin(s setting, server *stream) (r result, err error) {
	chunks := makeChunks(s.input, s.input.scaled(b.records))
	host, loaded, err := startHost(s, server, chunks)
	if err != nil {
		return r, err
	}
	defer host.Kill() // what has ended well by then is not touched
	if _, err := s.offer(host, 1, loaded); err != nil {
		return r, err
	}
	before, err := server.stats()
	if err != nil {
		return r, err
	}
	totals, err := s.offer(host, b.passes, loaded)
	if err != nil {
		return r, err
	}
	after, err := server.stats()
	if err != nil {
		return r, err
	}
	used, err := host.Stats()
	if err != nil {
		return r, err
	}
	if totals.OK != b.passes*len(loaded) {
		return r, fmt.Errorf("%d of %d chunks were delivered:\n%s", totals.OK, b.passes*len(loaded), host.Log())
	}
	r = s.row(b.passes*chunks.records, totals, before, after)
	r.PeakRSS = float64(used.PeakRSS-int64(chunks.bytes)) / 1e6
	return r, host.Exit()
}

// row is what n records came to.
func (s setting) row(n int, totals flbhost.Totals, before, after kinesistest.Stats) result {
	each := 1 / float64(n)
	requests := float64(after.Requests - before.Requests)
	r := result{
		Name: s.name, CPU: micros(totals.CPU) * each, PerSecond: float64(n) / totals.Wall.Seconds(),
		BodyBytes:   float64(after.BodyBytes-before.BodyBytes) * each,
		Requests:    1e4 * requests * each,
		Records:     1e4 * float64(after.Landed-before.Landed) * each,
		FlushMs:     micros(totals.InFlush) / 1e3 / float64(totals.Offers),
		MaxInFlight: after.MaxInFlight,
		small:       s.input.perChunk > 0,
	}
	if r.small {
		r.RequestsPer100 = 100 * requests / float64(totals.Chunks())
	}
	if most := s.most(); most > 0 {
		r.Share = r.PerSecond / most
	}
	return r
}

func startHost(s setting, server *stream, offered batchOfChunks) (*flbhost.Host, []flbhost.Loaded, error) {
	options := server.options()
	maps.Copy(options, s.options)
	host, err := flbhost.Start(flbhost.Config{
		Instances: []map[string]string{options}, Workers: s.workers, Env: server.Env, Metrics: s.metrics,
		RetryLimit: flbhost.NoLimit, Backoff: 10 * time.Millisecond, ShareChunks: true,
		Timeout: 10 * time.Minute, // a pass is one answer
	})
	if err != nil {
		return nil, nil, err
	}
	loaded, err := load(host, offered.chunks)
	if err != nil {
		host.Kill()
	}
	return host, loaded, err
}

// load puts chunks into the host's memory.
func load(host *flbhost.Host, chunks [][]byte) (loaded []flbhost.Loaded, err error) {
	for _, chunk := range chunks {
		l, err := host.Load("bench", chunk)
		if err != nil {
			return nil, err
		}
		loaded = append(loaded, l)
	}
	return loaded, nil
}

// hashed takes the time of SHA-256 over a body of this size: the least of many,
// which is what it takes undisturbed.
func (b *bench) hashed(size int) {
	body := make([]byte, size)
	least := math.Inf(1)
	for range 20 {
		begin := time.Now()
		sha256.Sum256(body)
		least = min(least, micros(time.Since(begin))/float64(size))
	}
	b.hashes = append(b.hashes, least)
}

// setFloors compares all settings with the one floor of the run. It is the
// median of what was taken after each of them, for how fast a shared machine is
// changes meanwhile.
func (b *bench) setFloors() {
	slices.Sort(b.hashes)
	for i := range b.results {
		if b.results[i].small {
			continue // their bodies are another matter than bytes
		}
		b.results[i].Floor = b.hashes[len(b.hashes)/2] * b.results[i].BodyBytes
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
