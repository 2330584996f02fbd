package main

import "time"

// A setting is a row of the table.
type setting struct {
	name    string
	options map[string]string
	workers int
	delay   time.Duration // of the stream's answers
	bare    bool          // measure a bare client with the same requests beside it
}

var settings = []setting{
	{name: "default", bare: true},
	{name: "cbor", options: map[string]string{"wire_format": "cbor"}, bare: true},
	{name: "aggregation", options: map[string]string{"aggregation": "true"}, bare: true},
	{name: "gzip", options: map[string]string{"compression": "gzip"}},
	{name: "zlib", options: map[string]string{"compression": "zlib"}},
	{name: "zstd", options: map[string]string{"compression": "zstd"}},
	{name: "snappy", options: map[string]string{"compression": "snappy"}},
	{name: "aggregation gzip", options: map[string]string{"aggregation": "true", "compression": "gzip"}},
	{name: "aggregation_compression zstd", options: map[string]string{"aggregation": "true", "aggregation_compression": "zstd"}},
	{name: "aggregation cbor", options: map[string]string{"aggregation": "true", "wire_format": "cbor"}},
	{name: "partition_key", options: map[string]string{"partition_key": "container_id"}},
	{name: "aggregation partition_key", options: map[string]string{"aggregation": "true", "partition_key": "container_id"}},
	{name: "record options", options: map[string]string{
		"data_keys": "log,stream,container_id,container_name,kubernetes", "time_key": "time",
		"partition_key": "container_id", "replace_dots": "_",
	}},
	{name: "25 ms", delay: 25 * time.Millisecond},
	{name: "25 ms, one request in flight", delay: 25 * time.Millisecond, options: map[string]string{"requests_in_flight": "1"}},
	{name: "25 ms, 4 workers", delay: 25 * time.Millisecond, workers: 4, options: map[string]string{"requests_in_flight": "40"}},
	{name: "4 workers", workers: 4},
}
