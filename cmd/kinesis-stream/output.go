package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"fluent-bit-kinesis/internal/kinesistest"
)

// printer writes lines. Streams print side by side.
type printer struct {
	mu  sync.Mutex
	w   io.Writer // guarded by mu
	err error     // the first of writing; guarded by mu
}

func (p *printer) linef(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(p.w, format+"\n", args...); err != nil && p.err == nil {
		p.err = fmt.Errorf("standard output: %w", err)
	}
}

// line is a landed record as -print shows it.
type line struct {
	Time           string `json:"time"`
	Stream         string `json:"stream"`
	Shard          string `json:"shard"`
	SequenceNumber string `json:"sequence_number"`
	PartitionKey   string `json:"partition_key"`
	HashKey        string `json:"explicit_hash_key,omitempty"`
	Data           string `json:"data,omitempty"`
	Binary         []byte `json:"binary,omitempty"` // in place of Data where that is not UTF-8
}

// record prints a record.
func (p *printer) record(r kinesistest.Record) {
	l := line{
		Time:           r.Arrived.UTC().Format(time.RFC3339Nano),
		Stream:         r.Stream,
		Shard:          r.ShardID,
		SequenceNumber: r.SequenceNumber(),
		PartitionKey:   r.PartitionKey,
		HashKey:        r.ExplicitHashKey,
	}
	if utf8.Valid(r.Data) {
		l.Data = string(r.Data)
	} else {
		l.Binary = r.Data
	}
	text, _ := json.Marshal(l) // strings and bytes cannot fail
	p.linef("%s", text)
}

// summary is what the program prints at its end.
type summary struct {
	Seed    uint64                   `json:"seed"`
	Stats   kinesistest.Stats        `json:"stats"`
	Streams map[string]streamSummary `json:"streams"`
}

type streamSummary struct {
	Records int64          `json:"records"`
	Bytes   int64          `json:"bytes"` // data plus partition keys
	Shards  []shardSummary `json:"shards"`
}

type shardSummary struct {
	ID      string `json:"id"`
	Closed  bool   `json:"closed,omitempty"`
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
}

func summarize(server *kinesistest.Server, o kinesistest.Options) summary {
	s := summary{Seed: o.Seed, Stats: server.Stats(), Streams: make(map[string]streamSummary)}
	for _, name := range server.StreamNames() {
		var one streamSummary
		one.Records, one.Bytes = server.Count(name)
		for _, shard := range server.Shards(name) {
			one.Shards = append(one.Shards, shardSummary{shard.ID, shard.Closed, shard.Records, shard.Bytes})
		}
		s.Streams[name] = one
	}
	return s
}
