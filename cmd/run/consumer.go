package main

import (
	"sync"
	"time"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/plugins"
)

// A consumer reads what lands as the reader of the stream would: aggregates taken apart, data decompressed. Records of
// the stream come to it one at a time.
type consumer struct {
	view   kinesistest.View
	counts *tally
	out    *screen

	mu     sync.Mutex // guards the following
	totals kinesistest.Totals
	first  time.Time // that a record landed
	last   time.Time
}

// newConsumer makes the consumer that the plugin's options call for. What the plugin would refuse is left to it.
func newConsumer(options map[string]string, counts *tally, out *screen) *consumer {
	c := &consumer{counts: counts, out: out}
	for key, format := range map[string]*compress.Format{
		"compression":             &c.view.Compression,
		"aggregation_compression": &c.view.AggregationCompression,
	} {
		if name := options[key]; name != "" {
			*format, _ = compress.Parse(name)
		}
	}
	_ = plugins.Bool(&c.view.Lines).Set(options["simple_aggregation"])
	return c
}

// read takes a record that has just landed, counts the log records in it and shows them.
func (c *consumer) read(r kinesistest.Record) {
	users, err := c.view.AppendUserRecords(nil, r)
	if err != nil {
		c.out.note("run: " + err.Error())
		users = []kinesistest.UserRecord{{PartitionKey: r.PartitionKey, Data: r.Data, In: r}}
	}
	c.mu.Lock()
	if c.totals.Records == 0 {
		c.first = r.Arrived
	}
	c.totals.Add(r, users)
	c.last = r.Arrived
	c.mu.Unlock()
	for _, user := range users {
		c.counts.land(user.Data)
		c.out.record(user)
	}
}

// took is the time from the first record to the last.
func (c *consumer) took() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last.Sub(c.first)
}

// packing is what packing and compressing saved, in a line; empty where there was neither.
func (c *consumer) packing() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.totals.Packed == 0 && c.view == (kinesistest.View{}) {
		return ""
	}
	return c.totals.String()
}
