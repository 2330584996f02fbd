package main

import "time"

// A setting is a row of a table.
type setting struct {
	name    string
	options map[string]string
	workers int
	delay   time.Duration // of the stream's answers
	input   input
	parts   bool // measure the encoding and the bare client beside it
	lone    bool // offer a chunk when the one before is done, and a pause is over
	metrics bool // the host takes them

	addition *addition // measured with it, and compared with what it costs without; nil: there is none
}

var settings = []setting{
	{name: "default", parts: true},
	{name: "cbor", options: map[string]string{"wire_format": "cbor"}, parts: true},
	{name: "aggregation", options: map[string]string{"aggregation": "true"}, parts: true},
	{name: "aggregation cbor", options: map[string]string{"aggregation": "true", "wire_format": "cbor"}, parts: true},
	{name: "gzip", options: map[string]string{"compression": "gzip"}, parts: true},
	{name: "zlib", options: map[string]string{"compression": "zlib"}},
	{name: "zstd", options: map[string]string{"compression": "zstd"}, parts: true},
	{name: "snappy", options: map[string]string{"compression": "snappy"}},
	{name: "aggregation gzip", options: map[string]string{"aggregation": "true", "compression": "gzip"}},
	{name: "aggregation_compression gzip", options: map[string]string{"aggregation": "true", "aggregation_compression": "gzip"}},
	{name: "aggregation_compression zstd", options: map[string]string{"aggregation": "true", "aggregation_compression": "zstd"}},
	{name: "simple_aggregation", options: map[string]string{"simple_aggregation": "true"}, parts: true},
	{name: "simple_aggregation gzip", options: map[string]string{"simple_aggregation": "true", "compression": "gzip"}},
	{name: "simple_aggregation zstd", options: map[string]string{"simple_aggregation": "true", "compression": "zstd"}},
	{name: "simple_aggregation partition_key", options: map[string]string{"simple_aggregation": "true", "partition_key": "container_id"}},
	{name: "partition_key", options: map[string]string{"partition_key": "container_id"}},
	{name: "aggregation partition_key", options: map[string]string{"aggregation": "true", "partition_key": "container_id"}},
	{name: "record options", parts: true, options: map[string]string{
		"data_keys": "log,stream,container_id,container_name,kubernetes", "time_key": "time",
		"partition_key": "container_id", "replace_dots": "_",
	}},
	{name: "4 workers", workers: 4},
	{name: "ledger_file", addition: ledgerFile},
	{name: "ledger_file aggregation", addition: ledgerFile, options: map[string]string{"aggregation": "true"}},
	{name: "metrics", addition: fluentBitMetrics},
	{name: "25 ms", delay: latency},
	{name: "25 ms / 1 in flight", delay: latency, options: map[string]string{"requests_in_flight": "1"}},
	{name: "25 ms / 8 in flight", delay: latency, options: map[string]string{"requests_in_flight": "8"}},
	{name: "25 ms / 4 workers", delay: latency, workers: 4},
	{name: "1 MiB records", workers: 4, input: largest},
	{name: "small chunks", delay: latency, workers: 16, input: small},
	{name: "small chunks ledger_file", workers: 16, input: small, addition: ledgerFile},
	{name: "small chunks metrics", workers: 16, input: small, addition: fluentBitMetrics},
	{name: "small chunks aggregated", delay: latency, workers: 16, input: small,
		options: map[string]string{"aggregation": "true"}},
	{name: "small chunks partition_key", delay: latency, workers: 16, input: keyed,
		options: map[string]string{"partition_key": "container_id"}},
	{name: "small chunks aggregated partition_key", delay: latency, workers: 16, input: keyed,
		options: map[string]string{"aggregation": "true", "partition_key": "container_id"}},
	{name: "small chunks / 1 worker", delay: latency, workers: 1, input: fewSmall},
	{name: "small chunks / a lone flush", delay: latency, workers: 16, input: fewSmall, lone: true},
}

// latency is about what the service takes to answer.
const latency = 25 * time.Millisecond

// Small chunks are what a Fluent Bit with many quiet inputs hands over. A worker
// has no more than one on its way, so that a pass of few records takes seconds;
// longer with keys, whose records wait for one another.
var (
	small    = input{records: 20_000, perChunk: 11}
	keyed    = input{records: 5_000, perChunk: 11}
	fewSmall = input{records: 1_000, perChunk: 11}
)

// largest fills a Kinesis record with each line, but for what is beside it.
var largest = input{records: 40, line: 1<<20 - 1000}

// most is what a setting can bring a second where each worker has one chunk on
// its way all the time and the stream's delay is all that it takes. 0: there is
// no such bound.
func (s setting) most() float64 {
	if s.delay == 0 || s.input.perChunk == 0 || s.lone {
		return 0
	}
	return float64(s.workers*s.input.perChunk) / s.delay.Seconds()
}

func settingNamed(name string) (setting, bool) {
	for _, s := range settings {
		if s.name == name {
			return s, true
		}
	}
	return setting{}, false
}
