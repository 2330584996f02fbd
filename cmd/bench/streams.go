package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

// Of as many streams one does not exist, one throttles all that comes, and one may
// not be written to. What is measured is how long the records of the others take,
// beside these and alone. There is a worker for each chunk: a flush waits for the
// slowest of its streams, and so holds a worker as long as one throttles.
const (
	streamsOfTemplate = 40
	missingStream     = 7
	throttledStream   = 17
	deniedStream      = 27
	streamsWorkers    = 16
	streamsRecords    = 60_000 // where -records is the usual
)

func inTrouble(stream int) bool {
	return stream == missingStream || stream == throttledStream || stream == deniedStream
}

const tenantPrefix = "app-"

// A streamsSeen is what the process of the streams has seen.
type streamsSeen struct {
	Landed int       // records on the streams that are not in trouble
	Last   time.Time // when the last of these did
}

// serveStreams is the process: for each line of its standard input it answers with
// what it has seen; it ends where that ends.
func serveStreams() error {
	var mu sync.Mutex
	var seen streamsSeen // guarded by mu
	streams := map[string]int{}
	for i := range streamsOfTemplate {
		if i != missingStream {
			streams[tenantPrefix+strconv.Itoa(i)] = 1
		}
	}
	s, err := kinesistest.New(kinesistest.Options{
		Streams: streams, Discard: true, SkipOverlaps: true, SkipSignatures: true,
		OnRecord: func(r kinesistest.Record) {
			mu.Lock()
			defer mu.Unlock()
			seen.Landed++
			seen.Last = r.Arrived
		},
	})
	if err != nil {
		return err
	}
	defer s.Close()
	denied := kinesistest.Faults{AnswerError: 1, Error: kinesistest.ErrorNamed("AccessDeniedException")}
	if err := errors.Join(
		s.SetFaultsOf(tenantPrefix+strconv.Itoa(throttledStream), kinesistest.Faults{ThrottleAll: true}),
		s.SetFaultsOf(tenantPrefix+strconv.Itoa(deniedStream), denied),
	); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(ready{URL: s.URL(), CA: s.CAFile(), Env: s.Env()}); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		mu.Lock()
		err := out.Encode(seen)
		mu.Unlock()
		if err != nil {
			return err
		}
	}
	return in.Err()
}

// streamsChunks are chunks of so many records for all streams in turn, and how many
// are for those that are not in trouble; alone has these only, in as many chunks.
func streamsChunks(records int, alone bool) (chunks [][]byte, good int) {
	var chunk flbhost.Chunk
	size := 0 // with those that are left out
	ship := func() {
		chunks = append(chunks, append([]byte(nil), chunk.Bytes()...))
		chunk.Reset()
		size = 0
	}
	perChunk := max(1, (records+streamsWorkers-1)/streamsWorkers)
	for i := range records {
		stream := i % streamsOfTemplate
		if !inTrouble(stream) {
			good++
		}
		if !alone || !inTrouble(stream) {
			chunk.Append(flbhost.EventTime(time.Unix(1_790_000_000, 0)), append(fields(accessLine(i), stream), flbhost.F("tenant", strconv.Itoa(stream)))...)
		}
		if size++; size == perChunk {
			ship()
		}
	}
	if size > 0 {
		ship()
	}
	return chunks, good
}

// runStreams offers the chunks once, and tells how long it was until the last of the
// good streams' records was there.
func runStreams(records int, alone bool) (took time.Duration, err error) {
	c, err := startChild("-serve-streams")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	var server ready
	if err := c.read(&server); err != nil {
		return 0, err
	}
	host, err := flbhost.Start(flbhost.Config{
		Instances: []map[string]string{{"region": "us-east-1", "endpoint": server.URL, "stream": tenantPrefix + "$tenant", "delivery_timeout": "5"}},
		Workers:   streamsWorkers, Env: server.Env, ShareChunks: true, Timeout: 10 * time.Minute,
	})
	if err != nil {
		return 0, err
	}
	defer host.Kill() // what has ended well by then is not touched
	chunks, good := streamsChunks(records, alone)
	loaded, err := load(host, chunks)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if _, err := host.Repeat(0, 1, loaded...); err != nil {
		return 0, err
	}
	if _, err := fmt.Fprintln(c.in, "seen"); err != nil {
		return 0, err
	}
	var seen streamsSeen
	if err := c.read(&seen); err != nil {
		return 0, err
	}
	if seen.Landed != good {
		return 0, fmt.Errorf("%d records have landed on the streams that are not in trouble, of %d", seen.Landed, good)
	}
	return seen.Last.Sub(begin), host.Exit()
}

// compareStreams measures pass by pass in turn. Where the machine has other work as
// well, the least says more than the median.
func compareStreams(o options, w io.Writer) error {
	defer flbhost.Clean()
	records := streamsRecords * o.records / usualRecords
	var took [2][]time.Duration // beside, alone
	for range o.passes {
		for i, alone := range []bool{false, true} {
			d, err := runStreams(records, alone)
			if err != nil {
				return err
			}
			took[i] = append(took[i], d)
		}
	}
	for i := range took {
		slices.Sort(took[i])
	}
	fmt.Fprintf(w, "%d records to %d streams, of which one does not exist, one throttles all, one is denied; %d passes\n",
		records, streamsOfTemplate, o.passes)
	fmt.Fprintf(w, "until the last record of the other %d was there:\n", streamsOfTemplate-3)
	for _, x := range []struct {
		name string
		at   int
	}{{"least", 0}, {"median", o.passes / 2}} {
		beside, alone := took[0][x.at], took[1][x.at]
		fmt.Fprintf(w, "%-6s  %6.0f ms beside these, %6.0f ms alone: %+.0f%%\n",
			x.name, ms(beside), ms(alone), 100*(beside.Seconds()/alone.Seconds()-1))
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
