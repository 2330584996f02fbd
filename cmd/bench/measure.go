package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// A result is a row of the table, by record unless it says otherwise.
type result struct {
	Name        string
	CPU         float64 // us
	Floor       float64 // us for the SHA-256 of the record's part of the bodies
	Bare        float64 `json:",omitempty"` // us of a client that hashes and posts the same bodies and no more
	PerSecond   float64
	BodyBytes   float64
	Requests    float64 // for 10,000 records
	Records     float64 // Kinesis records for 10,000 log records
	PeakRSS     float64 // MB, of the host's process
	MaxInFlight int
}

// Multiple is the CPU as a multiple of the floor.
func (r result) Multiple() float64 { return r.CPU / r.Floor }

// measure runs the passes of one setting.
func measure(s setting, input batchOfChunks, passes int) (r result, err error) {
	server, err := startStream(s.delay)
	if err != nil {
		return r, err
	}
	defer func() {
		if e := server.close(); err == nil {
			err = e
		}
	}()
	host, loaded, err := startHost(s, server, input)
	if err != nil {
		return r, err
	}
	if _, err := host.Repeat(0, 1, loaded...); err != nil {
		return r, err
	}
	before, err := server.stats()
	if err != nil {
		return r, err
	}
	totals, err := host.Repeat(0, passes, loaded...)
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
	if totals.OK != passes*len(loaded) {
		return r, fmt.Errorf("%d of %d chunks were delivered:\n%s", totals.OK, passes*len(loaded), host.Log())
	}
	n := float64(passes * input.records)
	requests := after.Requests - before.Requests
	body := float64(after.BodyBytes - before.BodyBytes)
	r = result{
		Name: s.name, CPU: micros(totals.CPU) / n, PerSecond: n / totals.Wall.Seconds(),
		BodyBytes: body / n, Requests: 1e4 * float64(requests) / n,
		Records: 1e4 * float64(after.Landed-before.Landed) / n,
		PeakRSS: float64(used.PeakRSS-int64(input.bytes)) / 1e6, MaxInFlight: after.MaxInFlight,
	}
	r.Floor = hashing(int(body)/int(requests)) * r.BodyBytes
	if s.bare {
		r.Bare, err = measureBare(server, int(requests), int(body)/int(requests), after.MaxInFlight)
		r.Bare /= n
	}
	if e := host.Exit(); err == nil {
		err = e
	}
	return r, err
}

func startHost(s setting, server *stream, input batchOfChunks) (*flbhost.Host, []flbhost.Loaded, error) {
	options := map[string]string{"region": "us-east-1", "stream": streamName, "endpoint": server.URL}
	maps.Copy(options, s.options)
	host, err := flbhost.Start(flbhost.Config{
		Instances: []map[string]string{options}, Workers: s.workers, Env: server.Env,
		RetryLimit: flbhost.NoLimit, Backoff: 10 * time.Millisecond, ShareChunks: true,
	})
	if err != nil {
		return nil, nil, err
	}
	var loaded []flbhost.Loaded
	for _, chunk := range input.chunks {
		l, err := host.Load("bench", chunk)
		if err != nil {
			return nil, nil, err
		}
		loaded = append(loaded, l)
	}
	return host, loaded, nil
}

// hashing is the time that SHA-256 takes for a byte of bodies of this size, in
// us: the least of several runs, for the floor is what it takes undisturbed.
func hashing(size int) float64 {
	body := make([]byte, size)
	least := time.Duration(1<<63 - 1)
	for range 20 {
		begin := time.Now()
		sha256.Sum256(body)
		least = min(least, time.Since(begin))
	}
	return micros(least) / float64(size)
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
