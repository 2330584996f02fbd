package main

import (
	"errors"
	"maps"
	"sync"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// A limitSetting is a row of the table of a stream at its limit: its own, of
// limitShards shards, is offered records as fast as it goes, and a chunk that is
// handed back once more, as Fluent Bit does unless it is told otherwise.
type limitSetting struct {
	name        string
	options     map[string]string
	processes   int // 0 is one
	workers     int // of each
	perChunk    int // records in a chunk; 0: as many as go into chunkSize
	keyed       bool
	hot         bool // every other chunk is of one key
	withoutHot  bool // the same without these chunks
	reshardTo   int  // shards from the third part of the records on; 0: as before
	mostRefused float64
}

const (
	limitShards  = 4
	limitBackoff = time.Second // before a chunk is offered again
)

// limitRecords is what a setting is offered where -records is the usual.
const limitRecords = 60_000

var byContainer = map[string]string{"partition_key": "container_id"}

var limitSettings = []limitSetting{
	{name: "1 worker", workers: 1, mostRefused: 0.10},
	{name: "8 workers", workers: 8, mostRefused: 0.10},
	{name: "8 workers partition_key", workers: 8, options: byContainer, keyed: true, mostRefused: 0.25},
	{name: "4 workers aggregated", workers: 4, options: map[string]string{"aggregation": "true"}, mostRefused: 0.25},
	{name: "2 processes of 4 workers", processes: 2, workers: 4, mostRefused: 0.25},
	{name: "8 workers small chunks", workers: 8, perChunk: small.perChunk, mostRefused: 0.10},
	{name: "half on one key", workers: 8, options: byContainer, keyed: true, hot: true},
	{name: "4 shards become 8", workers: 8, reshardTo: 8},
}

// A limitResult is what became of the records of a setting.
type limitResult struct {
	Name       string
	Offered    int
	Landed     int     // log records that are there
	Twice      int     // that are there once more, each time
	Refused    float64 // records of requests for each that was accepted
	Pace       float64 // of the best possible; 0 where it was too short to tell
	Chunks     int
	HandedBack int     // answers with which a chunk went back
	GivenUp    int     // chunks that Fluent Bit would have dropped
	Seconds    float64 // until all had their last answer
	PerSecond  float64 // log records, as seen by whom they come from
	Compared   float64 `json:",omitempty"` // see limitSetting.comparison

	setting limitSetting
}

// comparison says what Compared is; empty where there is none.
func (s limitSetting) comparison() string {
	switch {
	case s.processes > 1:
		return "slower/faster"
	case s.hot:
		return "others with/without"
	case s.reshardTo > 0:
		return "of the new limit in 5 s"
	}
	return ""
}

// measureLimit runs a setting, and where it has half of its traffic on one key
// the others alone for comparison.
func (b *bench) measureLimit(s limitSetting) (r limitResult, err error) {
	n := limitRecords * b.records / usualRecords
	run, err := s.run(n)
	if err != nil {
		return r, err
	}
	r = run.result()
	if !s.hot {
		return r, nil
	}
	s.withoutHot = true
	alone, err := s.run(n)
	if err != nil {
		return r, err
	}
	if rate := alone.seen.rate(0); rate > 0 {
		r.Compared = run.seen.rate(0) / rate
	}
	return r, nil
}

// A limitRun is what is known of one run of a setting.
type limitRun struct {
	setting limitSetting
	records int
	totals  []flbhost.Totals // by process
	seen    seen
}

func (s limitSetting) run(records int) (run limitRun, err error) {
	spec := limitSpec{Shards: limitShards, Records: records, Groups: s.groups()}
	if s.reshardTo > 0 {
		spec.ReshardAt, spec.ReshardTo = records/3, s.reshardTo
	}
	server, err := startLimitStream(spec)
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	run = limitRun{setting: s, records: records}
	var hosts []*flbhost.Host
	var loaded [][]flbhost.Loaded
	for part := range max(1, s.processes) {
		host, chunks, err := s.startHost(server.ready, s.chunks(records, part))
		if err != nil {
			return run, err
		}
		defer host.Kill() // what has ended well by then is not touched
		hosts, loaded = append(hosts, host), append(loaded, chunks)
	}
	if run.totals, err = offerAtOnce(hosts, loaded); err != nil {
		return run, err
	}
	if run.seen, err = server.seen(); err != nil {
		return run, err
	}
	for _, host := range hosts {
		err = errors.Join(err, host.Exit())
	}
	return run, err
}

// groups is how many senders' records are told apart by their numbers.
func (s limitSetting) groups() int {
	if s.hot {
		return 2
	}
	return max(1, s.processes)
}

func (s limitSetting) startHost(server ready, chunks [][]byte) (*flbhost.Host, []flbhost.Loaded, error) {
	options := map[string]string{"region": "us-east-1", "stream": streamName, "endpoint": server.URL}
	maps.Copy(options, s.options)
	host, err := flbhost.Start(flbhost.Config{
		Instances: []map[string]string{options}, Workers: s.workers, Env: server.Env,
		RetryLimit: 1, Backoff: limitBackoff, ShareChunks: true,
		Timeout: 10 * time.Minute, // a pass is one answer
	})
	if err != nil {
		return nil, nil, err
	}
	loaded, err := load(host, chunks)
	if err != nil {
		host.Kill()
	}
	return host, loaded, err
}

// offerAtOnce has each of the hosts offer its chunks.
func offerAtOnce(hosts []*flbhost.Host, loaded [][]flbhost.Loaded) ([]flbhost.Totals, error) {
	totals, errs := make([]flbhost.Totals, len(hosts)), make([]error, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() { totals[i], errs[i] = host.Repeat(0, 1, loaded[i]...) })
	}
	all.Wait()
	return totals, errors.Join(errs...)
}

// result is the row.
func (run limitRun) result() limitResult {
	s, v := run.setting, run.seen
	r := limitResult{
		Name: s.name, Offered: run.records, Landed: v.Distinct, Twice: v.Twice,
		Pace: v.pace(), setting: s,
	}
	if s.keyed {
		r.Pace = v.paceOfFullest()
	}
	if v.Stats.Landed > 0 {
		r.Refused = float64(v.Stats.Throttled) / float64(v.Stats.Landed)
	}
	for _, t := range run.totals {
		r.Chunks += t.Chunks()
		r.HandedBack += t.Offers - t.OK - t.Error
		r.GivenUp += t.Chunks() - t.OK
		r.Seconds = max(r.Seconds, t.Wall.Seconds())
	}
	r.PerSecond = float64(r.Landed) / r.Seconds
	switch {
	case s.processes > 1:
		r.Compared = v.slowerOfFaster()
	case s.reshardTo > 0:
		r.Compared = v.newShare()
	}
	return r
}
