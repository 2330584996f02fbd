package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// A nodeLine is a log line of one of the node's containers.
type nodeLine struct {
	at        time.Duration // since the first
	number    int
	container int
}

// nodeLines are the lines of so many seconds. They are the same each time.
func nodeLines(seconds int) (lines []nodeLine) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range seconds * int(time.Second/nodeInterval) {
		lines = append(lines, nodeLine{time.Duration(n) * nodeInterval, n, random.IntN(containers)})
	}
	return lines
}

func (l nodeLine) appendTo(chunk *flbhost.Chunk) {
	chunk.Append(flbhost.WithMetadata(time.Unix(1_790_000_000, 0).Add(l.at)), fields(accessLine(l.number), l.container)...)
}

// A chunkOfTag is a chunk and its tag.
type chunkOfTag struct {
	tag   string
	chunk []byte
}

// turns are the chunks that Fluent Bit hands over, by when: at each Flush one for
// each container; of a backlog one after the other.
func (s packingSetting) turns(lines []nodeLine) (turns [][]chunkOfTag) {
	if s.flush == 0 {
		var chunk flbhost.Chunk
		for i, line := range lines {
			line.appendTo(&chunk)
			if (input{}).full(&chunk) || i == len(lines)-1 {
				turns = append(turns, []chunkOfTag{{"bench", append([]byte(nil), chunk.Bytes()...)}})
				chunk.Reset()
			}
		}
		return turns
	}
	for i := 0; i < len(lines); {
		var of [containers]flbhost.Chunk
		for turn := s.turn(lines[i].at); i < len(lines) && s.turn(lines[i].at) == turn; i++ {
			lines[i].appendTo(&of[lines[i].container])
		}
		var chunks []chunkOfTag
		for c := range of {
			if of[c].Len() > 0 {
				chunks = append(chunks, chunkOfTag{fmt.Sprintf("kube.%d", c), of[c].Bytes()})
			}
		}
		turns = append(turns, chunks)
	}
	return turns
}

// packingWorkers is how many threads of Fluent Bit hand over chunks.
const packingWorkers = 16

// ours is what lands of the lines, through the library in the host.
func (s packingSetting) ours(lines []nodeLine) (all packed, err error) {
	var mu sync.Mutex // guards all
	server, err := kinesistest.New(kinesistest.Options{
		Streams: map[string]int{streamName: limitShards}, Discard: true, SkipOverlaps: true, SkipSignatures: true,
		Faults: kinesistest.Faults{Delay: latency},
		OnRecord: func(r kinesistest.Record) {
			mu.Lock()
			defer mu.Unlock()
			all.add(len(r.Data) + len(r.PartitionKey))
		},
	})
	if err != nil {
		return all, err
	}
	defer server.Close()
	options := map[string]string{"region": "us-east-1", "stream": streamName, "endpoint": server.URL()}
	maps.Copy(options, s.options)
	host, err := flbhost.Start(flbhost.Config{
		Instances: []map[string]string{options}, Workers: packingWorkers, Env: server.Env(), RetryLimit: 1,
	})
	if err != nil {
		return all, err
	}
	defer host.Kill() // what has ended well by then is not touched
	for _, chunks := range s.turns(lines) {
		if err := handOver(host, chunks); err != nil {
			return all, err
		}
	}
	err = host.Exit()
	mu.Lock()
	defer mu.Unlock()
	return all.per10k(len(lines)), err
}

// handOver offers chunks at once, and waits for a moment when all are delivered,
// as Fluent Bit does until the next Flush, only shorter.
func handOver(host *flbhost.Host, chunks []chunkOfTag) error {
	var jobs []*flbhost.Job
	for _, c := range chunks {
		jobs = append(jobs, host.Go(0, c.tag, c.chunk))
	}
	results, err := flbhost.WaitAll(jobs...)
	for _, r := range results {
		if r.Code != flbhost.OK {
			err = errors.Join(err, fmt.Errorf("a chunk was not delivered:\n%s", host.Log()))
			break
		}
	}
	time.Sleep(pause)
	return err
}
