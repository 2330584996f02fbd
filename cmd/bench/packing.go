package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kpl"
	"fluent-bit-kinesis/plugins/events"
	"fluent-bit-kinesis/plugins/msgjson"
)

// What Kinesis records cost, beside what those of the Kinesis Producer Library
// would: a node whose containers write at random, and a stream of limitShards
// shards that refuses nothing.
const (
	nodeInterval  = 2500 * time.Microsecond // between two lines: of each container, 10 a second
	packedSeconds = 100                     // where -records is the usual
)

// A packingSetting is a row of the table: the chunks that Fluent Bit makes of the
// node's lines, and how they are packed.
type packingSetting struct {
	name    string
	flush   time.Duration // Fluent Bit's, with a tag for each container; 0: a backlog, in chunks as large as they get
	options map[string]string
	theirs  producer
}

// A producer is how the KPL is used.
type producer struct {
	aggregation bool
	compression compress.Format // of each line, by who calls the library: it has none
}

// packings are the ways to pack, each for every kind of chunk.
var packings = []struct {
	name    string
	options map[string]string
	theirs  producer
}{
	{name: "plain"},
	{"aggregated", map[string]string{"aggregation": "true"}, producer{aggregation: true}},
	{"aggregated gzip", map[string]string{"aggregation": "true", "aggregation_compression": "gzip"}, producer{true, compress.Gzip}},
	{"aggregated zstd", map[string]string{"aggregation": "true", "aggregation_compression": "zstd"}, producer{true, compress.Zstd}},
}

var packingSettings = func() (list []packingSetting) {
	for _, chunks := range []struct {
		name  string
		flush time.Duration
	}{{"2 MB chunks", 0}, {"Flush 1", time.Second}, {"Flush 5", 5 * time.Second}, {"Flush 20", 20 * time.Second}} {
		for _, p := range packings {
			list = append(list, packingSetting{chunks.name + " " + p.name, chunks.flush, p.options, p.theirs})
		}
	}
	return list
}()

// A packed is what 10,000 log lines come to.
type packed struct {
	Records float64 // Kinesis records
	Units   float64 // PUT payload units
	KB      float64 // that an on-demand stream bills
}

// A packingResult is a row.
type packingResult struct {
	Name         string
	Ours, Theirs packed
	// AtOnce is the KPL's where it is given the lines when Fluent Bit would hand
	// them over, and not as they are written.
	AtOnce packed

	LineBytes float64 // of JSON in a line, on average
}

const (
	payloadUnit = 25 << 10 // a record is so many, or a part of one that counts as one
	billedKB    = 1 << 10  // the same of an on-demand stream
)

// add adds a Kinesis record of this size, its partition key included.
func (p *packed) add(size int) {
	p.Records++
	p.Units += float64((size + payloadUnit - 1) / payloadUnit)
	p.KB += float64((size + billedKB - 1) / billedKB)
}

// per10k is the same for 10,000 of so many lines.
func (p packed) per10k(lines int) packed {
	each := 1e4 / float64(lines)
	return packed{p.Records * each, p.Units * each, p.KB * each}
}

// measurePacking has the plugin and the KPL pack the lines of so many seconds.
func measurePacking(s packingSetting, seconds int) (r packingResult, err error) {
	lines := nodeLines(seconds)
	r.Name = s.name
	if r.Ours, err = s.ours(lines); err != nil {
		return r, err
	}
	if r.LineBytes, err = meanLineBytes(lines); err != nil {
		return r, err
	}
	records, err := userRecords(lines, s.theirs.compression)
	r.Theirs, r.AtOnce = s.simulated(records)
	return r, err
}

// simulated is what the KPL makes of lines as they are written, of those of a
// backlog as fast as it takes them; and of lines that it is handed in turns.
func (s packingSetting) simulated(records []kpl.UserRecord) (asWritten, atOnce packed) {
	asWritten = s.theirs.pack(records)
	inTurns := slices.Clone(records)
	for i := range inTurns {
		inTurns[i].At = s.turn(inTurns[i].At)
	}
	atOnce = s.theirs.pack(inTurns)
	if s.flush == 0 {
		asWritten = atOnce
	}
	return asWritten, atOnce
}

func (p producer) pack(records []kpl.UserRecord) (all packed) {
	for _, r := range kpl.Pack(records, limitShards, p.aggregation) {
		all.add(r.Size)
	}
	return all.per10k(len(records))
}

// turn is when Fluent Bit hands over what was written at that time. A backlog it
// hands over at once.
func (s packingSetting) turn(at time.Duration) time.Duration {
	if s.flush == 0 {
		return 0
	}
	return (at/s.flush + 1) * s.flush
}

// userRecords are the lines as the KPL's caller would have them: the JSON that the
// plugin makes, compressed if that is asked for, under keys like the plugin's.
func userRecords(lines []nodeLine, compression compress.Format) (records []kpl.UserRecord, err error) {
	compressor, err := compress.New(compression, compress.DefaultLevel)
	if err != nil {
		return nil, err
	}
	encoder := msgjson.NewEncoder(msgjson.Options{})
	random := rand.New(rand.NewPCG(3, 4))
	var text []byte
	for _, line := range lines {
		var chunk flbhost.Chunk
		line.appendTo(&chunk)
		event := events.NewReader(chunk.Bytes())
		event.Next()
		if text, _, err = encoder.AppendRecord(text[:0], event.Body()); err != nil {
			return nil, err
		}
		data, err := compressor.Append(nil, text)
		if err != nil {
			return nil, err
		}
		records = append(records, kpl.UserRecord{At: line.at, Key: fmt.Sprintf("%08x", random.Uint32()), Data: data})
	}
	return records, nil
}

// packingSecondsOf is how many seconds of lines there are where the bench was
// asked for n records: the longest Flush at least.
func packingSecondsOf(n int) int { return max(20, 20*(packedSeconds*n/usualRecords/20)) }
