package main

import (
	"fmt"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
)

// chunkSize is about what Fluent Bit closes a chunk at.
const chunkSize = 2_000_000

// A batchOfChunks is the input of a pass.
type batchOfChunks struct {
	chunks  [][]byte
	records int
	bytes   int // of msgpack
}

// makeChunks makes records as a node's log files give them: 40 containers,
// access log lines with quotes in them, and the metadata of Kubernetes; about
// 450 bytes of JSON each.
func makeChunks(records int) batchOfChunks {
	b := batchOfChunks{records: records}
	var chunk flbhost.Chunk
	at := time.Unix(1_790_000_000, 0)
	for i := range records {
		at = at.Add(137 * time.Microsecond)
		chunk.Append(flbhost.WithMetadata(at), fields(i)...)
		if chunk.Size() >= chunkSize || i == records-1 {
			b.chunks = append(b.chunks, append([]byte(nil), chunk.Bytes()...))
			b.bytes += chunk.Size()
			chunk.Reset()
		}
	}
	return b
}

var paths = [...]string{"/api/v1/items", "/api/v1/carts", "/static/app.js", "/healthz", "/api/v2/search?q=blue+shoes&page=3"}

func fields(i int) []flbhost.Field {
	container := i * 7919 % 40
	line := fmt.Sprintf(`10.%d.%d.%d - - [23/Nov/2026:20:18:%02d +0000] "GET %s/%d HTTP/1.1" %d %d "-" "Mozilla/5.0 (X11; Linux x86_64)"`,
		i%7, i%251, i%13, i%60, paths[i%len(paths)], i, 200+i%3, i%65536)
	return []flbhost.Field{
		flbhost.F("log", line),
		flbhost.F("stream", "stdout"),
		flbhost.F("container_id", fmt.Sprintf("%064x", 0x9e3779b97f4a7c15*uint64(container+1))),
		flbhost.F("container_name", "/ecs-frontend-3-nginx-e4b2c5"),
		flbhost.F("kubernetes", []flbhost.Field{
			flbhost.F("pod_name", fmt.Sprintf("frontend-7d9c5b6f8-x2x%02d", container)),
			flbhost.F("namespace_name", "default"),
			flbhost.F("host", "ip-10-0-12-34.eu-west-1.compute.internal"),
		}),
	}
}
