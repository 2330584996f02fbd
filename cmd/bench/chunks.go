package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// chunkSize is about what Fluent Bit closes a chunk at.
const chunkSize = 2_000_000

// usualPasses is how many passes are measured unless -passes says otherwise.
const usualPasses = 3

// usualRecords is what a pass has unless -records says otherwise.
const usualRecords = 100_000

// An input says what a pass offers. The zero value is usualRecords log lines in
// chunks as large as Fluent Bit makes them.
type input struct {
	records  int // of a pass of usualRecords
	perChunk int // records in a chunk; 0: as many as go into chunkSize
	line     int // bytes of a log line; 0: that of an access log
}

// scaled is the number of records of a pass, of which the bench was asked for n.
func (in input) scaled(n int) int {
	if in.records == 0 {
		return n
	}
	return max(1, int(int64(in.records)*int64(n)/usualRecords))
}

// full tells whether a chunk takes no more.
func (in input) full(chunk *flbhost.Chunk) bool {
	if in.perChunk > 0 {
		return chunk.Len() >= in.perChunk
	}
	return chunk.Size() >= chunkSize
}

// containers is how many write the lines, at random.
const containers = 40

// A batchOfChunks is what a pass offers.
type batchOfChunks struct {
	chunks  [][]byte
	records int
	bytes   int // of msgpack
}

// makeChunks makes records as a node's log files give them: 40 containers that
// write at random, access log lines with quotes in them, and the metadata of
// Kubernetes; about 450 bytes of JSON each. They are the same each time.
func makeChunks(in input, records int) batchOfChunks {
	b := batchOfChunks{records: records}
	var chunk flbhost.Chunk
	at := time.Unix(1_790_000_000, 0)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range records {
		at = at.Add(137 * time.Microsecond)
		line := accessLine(i)
		if in.line > 0 {
			line = strings.Repeat(line, 1+in.line/len(line))[:in.line]
		}
		chunk.Append(flbhost.WithMetadata(at), fields(line, random.IntN(containers))...)
		if in.full(&chunk) || i == records-1 {
			b.chunks = append(b.chunks, append([]byte(nil), chunk.Bytes()...))
			b.bytes += chunk.Size()
			chunk.Reset()
		}
	}
	return b
}

var paths = [...]string{"/api/v1/items", "/api/v1/carts", "/static/app.js", "/healthz", "/api/v2/search?q=blue+shoes&page=3"}

func accessLine(i int) string {
	return fmt.Sprintf(`10.%d.%d.%d - - [23/Nov/2026:20:18:%02d +0000] "GET %s/%d HTTP/1.1" %d %d "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
		i%7, i%251, i%13, i%60, paths[i%len(paths)], i, 200+i%3, i%65536)
}

func containerID(container int) string {
	return fmt.Sprintf("%064x", 0x9e3779b97f4a7c15*uint64(container+1))
}

func fields(line string, container int) []flbhost.Field {
	return []flbhost.Field{
		flbhost.F("log", line),
		flbhost.F("stream", "stdout"),
		flbhost.F("container_id", containerID(container)),
		flbhost.F("container_name", "/ecs-frontend-3-nginx-e4b2c5"),
		flbhost.F("kubernetes", []flbhost.Field{
			flbhost.F("pod_name", fmt.Sprintf("frontend-7d9c5b6f8-x2x%02d", container)),
			flbhost.F("namespace_name", "default"),
			flbhost.F("host", "ip-10-0-12-34.eu-west-1.compute.internal"),
		}),
	}
}
