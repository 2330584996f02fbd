package main

import (
	"strings"
	"time"
)

// A setting is a row of the table.
type setting struct {
	name    string
	options map[string]string
	workers int
	delay   time.Duration // of the stream's answers
	parts   bool          // measure the encoding and the bare client beside it
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
	{name: "aggregation_compression zstd", options: map[string]string{"aggregation": "true", "aggregation_compression": "zstd"}},
	{name: "partition_key", options: map[string]string{"partition_key": "container_id"}},
	{name: "aggregation partition_key", options: map[string]string{"aggregation": "true", "partition_key": "container_id"}},
	{name: "record options", parts: true, options: map[string]string{
		"data_keys": "log,stream,container_id,container_name,kubernetes", "time_key": "time",
		"partition_key": "container_id", "replace_dots": "_",
	}},
	{name: "4 workers", workers: 4},
	{name: "25 ms", delay: latency},
	{name: "25 ms / 1 in flight", delay: latency, options: map[string]string{"requests_in_flight": "1"}},
	{name: "25 ms / 8 in flight", delay: latency, options: map[string]string{"requests_in_flight": "8"}},
	{name: "25 ms / 4 workers", delay: latency, workers: 4},
	{name: "25 ms / 4 workers / 40 in flight", delay: latency, workers: 4, options: map[string]string{"requests_in_flight": "40"}},
}

// latency is about what the service takes to answer.
const latency = 25 * time.Millisecond

func settingNamed(name string) (setting, bool) {
	for _, s := range settings {
		if s.name == name {
			return s, true
		}
	}
	return setting{}, false
}

func settingNames() string {
	var names []string
	for _, s := range settings {
		names = append(names, s.name)
	}
	return strings.Join(names, ", ")
}
