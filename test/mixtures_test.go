package test

import (
	"bytes"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
)

var (
	mixtures     = flag.Int("mixtures", 8, "how many mixtures of options are drawn and tried")
	firstMixture = flag.Uint64("first-mixture", 1, "the seed of the first of them")
)

// Options that do not know of each other, drawn by chance, on streams that refuse,
// fail and cut: each record is on its stream once, where it should be and in order,
// or counted as dropped.
func TestOptionsInAnyCombination(t *testing.T) {
	for i := range uint64(*mixtures) {
		c := drawMixture(*firstMixture + i)
		t.Run(fmt.Sprint(c.seed), func(t *testing.T) {
			t.Parallel()
			c.try(t)
		})
	}
}

// A mixture is options, and events for them.
type mixture struct {
	seed    uint64
	random  *rand.Rand
	options options
	workers int
	view    kinesistest.View
	chunks  [][]byte
	events  []drawnEvent
	chunk   []int // of each event
	faults  kinesistest.Faults

	templated, background, ordered bool

	fallsBack bool // what is at AWS's own address does not read CBOR
}

// A drawnEvent is what must become of an event.
type drawnEvent struct {
	stream string   // empty where it is to be on none
	pod    string   // its partition key, where that is asked for
	place  *big.Int // its hash key, where that is asked for
	reason string   // for which it is dropped, or left out
	large  bool     // its stream may be one that does not take it
}

// The streams, by shards. One takes large records, and of two nothing is there, or
// taken, in the beginning.
var drawnStreams = map[string]int{"app-a": 4, "app-b": 1, "app-c": 3, "app-slow": 2, "app-others": 2}

const (
	slowStream  = "app-slow"
	goneStream  = "app-gone"
	largeStream = "app-a"
)

func drawMixture(seed uint64) *mixture {
	c := &mixture{seed: seed, random: rand.New(rand.NewPCG(seed, 13)), options: options{"stream": "app-a"}}
	c.workers = pick(c, 1, 8, 16)
	c.set("partition_key", "", "pod")
	c.set("compression", "", "", "gzip", "snappy", "zstd")
	c.set("wire_format", "", "json", "cbor")
	c.set("delivery_timeout", "0", "100ms", "1s")
	c.set("maximum_record_size", "", "4M")
	c.set("explicit_hash_key", "", "hash", "meta->hash")
	c.set("tag_key", "", "tag")
	c.set("metadata_key", "", "meta")
	c.set("group_key", "", "group")
	c.set("time_key", "", "time")
	c.set("replace_dots", "", "_")
	c.set("requests_in_flight", "", "1", "64")
	c.set(pick(c, "data_keys", "log_key", "stream_default"), "log")
	if c.options["explicit_hash_key"] == "meta->hash" {
		c.options["metadata_key"] = "meta"
	}
	if c.options["data_keys"] != "" || c.options["log_key"] != "" {
		c.set("skip_empty", "", "true")
	}
	delete(c.options, "stream_default")
	switch c.random.IntN(3) {
	case 0:
		c.options["aggregation"] = "true"
		c.set("aggregation_compression", "", "", "gzip", "zstd")
		c.set("aggregation_shard_map", "", "true")
	case 1:
		c.options["simple_aggregation"] = "true"
	}
	if c.options["aggregation"]+c.options["simple_aggregation"] != "" {
		c.set("aggregation_maximum_record_size", "", "4k", "50k")
		c.set("skip_aggregation_record_size", "", "200")
	}
	if c.random.IntN(2) == 0 {
		c.templated = true
		c.options["stream"] = pick(c, "app-$team", "app-$team", "$TAG[1]-$team")
		c.set("stream_default", "", "app-others")
		c.set("streams_maximum", "", "", "1", "2")
	}
	c.fallsBack = c.options["wire_format"] == "" && c.random.IntN(2) == 0
	c.ordered = c.options["partition_key"] != ""
	c.faults = kinesistest.Faults{
		ThrottleRecords: pick(c, 0, 0.02, 0.2), FailRecords: pick(c, 0, 0.02),
		FailRequests: pick(c, 0, 0.05), ThrottleRequests: pick(c, 0, 0.05),
		BadGateway: pick(c, 0, 0.03), CutBefore: pick(c, 0, 0.05), CutAfter: pick(c, 0, 0.03), CutWithin: pick(c, 0, 0.03),
		DelayJitter: pick(c, 0, 3*time.Millisecond),
	}
	if c.random.IntN(5) == 0 {
		c.background = true
		c.options["experimental_concurrency"] = pick(c, "2", "10")
		c.options["experimental_concurrency_retries"] = "10000"
		delete(c.options, "streams_maximum") // what has no room is lost
	}
	c.view = kinesistest.View{Lines: c.options["simple_aggregation"] != ""}
	c.view.Compression, _ = compress.Parse(c.options["compression"])
	c.view.AggregationCompression, _ = compress.Parse(c.options["aggregation_compression"])
	c.drawEvents()
	return c
}

func pick[T any](c *mixture, of ...T) T { return of[c.random.IntN(len(of))] }

// set sets an option to one of the values, or leaves it unset.
func (c *mixture) set(name string, of ...string) {
	if value := pick(c, of...); value != "" {
		c.options[name] = value
	}
}

func (c *mixture) drawEvents() {
	n, perChunk := 500, 10
	if c.random.IntN(2) == 0 {
		n, perChunk = 3000, 100_000
	}
	var chunk flbhost.Chunk
	for i := range n {
		header, body, e := c.drawEvent(i)
		chunk.Append(header, body...)
		c.events, c.chunk = append(c.events, e), append(c.chunk, len(c.chunks))
		if chunk.Len() == perChunk || chunk.Size() > 2_000_000 || i == n-1 {
			c.chunks = append(c.chunks, append([]byte(nil), chunk.Bytes()...))
			chunk.Reset()
		}
	}
}

var poison = []byte("POISON")

// drawEvent draws an event, and tells what the options make of it.
func (c *mixture) drawEvent(i int) (flbhost.Header, []flbhost.Field, drawnEvent) {
	e := drawnEvent{stream: c.options["stream"]}
	chance := c.random.IntN(1000)
	text := fmt.Sprintf("#%d# %s", i, c.text(c.random.IntN(150)))
	switch {
	case chance < 3 && c.options["maximum_record_size"] != "":
		e.large = true
		text += c.text(2 * mebibyte)
	case chance < 10:
		text += c.text(30_000)
	case chance < 11:
		text, e.reason = text+string(poison), "refused as invalid"
	}
	body := fields(F("log", text))
	if chance > 980 && c.options["skip_empty"] != "" {
		body, e.reason = nil, "left out as empty"
	}
	if c.random.IntN(20) > 0 {
		e.pod = fmt.Sprint("pod.", c.random.IntN(9))
		body = append(body, F("pod", e.pod))
	}
	metadata := c.drawPlace(&e, &body)
	if c.templated {
		c.drawStream(&e, &body)
	}
	if e.reason == "left out as empty" && c.options["log_key"] != "" && len(body) > 0 {
		e.reason = "without log_key"
	}
	return flbhost.WithMetadata(when, metadata...), body, e
}

// text is letters without a pattern.
func (c *mixture) text(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[c.random.IntN(len(letters))]
	}
	return string(b)
}

func (c *mixture) drawPlace(e *drawnEvent, body *[]flbhost.Field) (metadata []flbhost.Field) {
	place := new(big.Int).SetUint64(c.random.Uint64() % 11)
	place.Lsh(place, uint(c.random.IntN(125)))
	var value any = place.String()
	switch c.random.IntN(20) {
	case 0:
		place, value = nil, pick[any](c, "", "-1", "0x1", -5, nil, fields(F("a", 1)), strings.Repeat("9", 40))
	case 1:
		place, value = big.NewInt(7), 7
	}
	metadata = fields(F("otlp", fields(F("severity", "x"))))
	if c.random.IntN(500) == 0 {
		metadata = append(metadata, F("huge", c.text(20_000)))
	}
	switch c.options["explicit_hash_key"] {
	case "hash":
		e.place = place
		*body = append(*body, F("hash", value))
	case "meta->hash":
		e.place = place
		metadata = append(metadata, F("hash", value))
	}
	return metadata
}

func (c *mixture) drawStream(e *drawnEvent, body *[]flbhost.Field) {
	switch team := pick(c, "a", "a", "a", "b", "b", "c", "c", "slow", "gone", "no/name", ""); team {
	case "no/name", "":
		if team != "" {
			*body = append(*body, F("team", team))
		}
		e.stream = c.options["stream_default"]
		if e.stream != "" {
			return
		}
		if e.reason != "left out as empty" {
			e.reason = map[bool]string{true: "without a stream", false: "for a name that no stream can have"}[team == ""]
		}
	default:
		*body = append(*body, F("team", team))
		e.stream = "app-" + team
	}
}

func (c *mixture) try(t *testing.T) {
	t.Logf("%d workers, %d chunks, %v, %+v", c.workers, len(c.chunks), c.options, c.faults)
	if !c.background && c.random.IntN(3) == 0 {
		c.options["ledger_file"] = ledgerPath(t)
	}
	stream := kinesistest.Options{Streams: drawnStreams, Seed: c.seed, Faults: c.faults, UserKeys: c.view.UserKeys}
	host := flbhost.Config{Workers: c.workers}
	if c.fallsBack {
		stream.Hosts, stream.WithoutCBOR = []string{awsHost}, kinesistest.Error{Status: 400, Code: "SerializationException"}
	}
	s := runStream(t, stream)
	if c.fallsBack {
		p := runTunneler(t, map[string]string{awsHost + ":443": addressOf(t, s.URL())})
		host.Env = append(host.Env, "HTTPS_PROXY="+p.URL)
		c.options["endpoint"] = ""
	}
	require.NoError(t, s.SetMaxRecordSize(largeStream, 5*mebibyte))
	require.NoError(t, s.SetFaultsOf(slowStream, kinesistest.Faults{ThrottleAll: true}))
	s.SetPoison(func(_ string, e kinesistest.Entry) bool {
		users, err := c.view.AppendUserRecords(nil, kinesistest.Record{Entry: e})
		for _, u := range users {
			if len(u.Data) < mebibyte && bytes.Contains(u.Data, poison) {
				return true
			}
		}
		return err != nil
	})
	h := runHost(t, s, host, c.options)
	var counted exitCounts
	left := c.offer(t, h, c.offer(t, h, c.chunks))
	if c.options["ledger_file"] != "" {
		counted.add(exitLog(t, h))
		h = runHost(t, s, host, c.options)
		left = c.offer(t, h, left)
	}
	s.Heal()
	require.NoError(t, s.CreateStream(goneStream, 2))
	for deadline := time.Now().Add(patience); len(left) > 0; left = c.offer(t, h, left) {
		require.True(t, time.Now().Before(deadline), "%d chunks do not get through", len(left))
		time.Sleep(10 * time.Millisecond)
	}
	log := exitLog(t, h)
	counted.add(log)
	c.requireLanded(t, s, &counted)
	if c.ordered {
		require.Zero(t, s.Stats().Overlaps)
	}
}

// offer offers chunks at once, once each, and returns those that were not taken.
func (c *mixture) offer(t *testing.T, h *flbhost.Host, chunks [][]byte) (left [][]byte) {
	t.Helper()
	var jobs []*flbhost.Job
	for _, chunk := range chunks {
		jobs = append(jobs, h.Go(0, "x.app.y", chunk))
	}
	results, err := flbhost.WaitAll(jobs...)
	require.NoError(t, err)
	for i, r := range results {
		require.NotEqual(t, flbhost.Error, r.Code)
		if r.Code != flbhost.OK {
			left = append(left, chunks[i])
		}
	}
	return left
}

// exitCounts is what the plugin says at exit, of all instances together.
type exitCounts struct{ text string }

func (e *exitCounts) add(log logLines) {
	for _, line := range log.with("info", "at exit: records ") {
		_, counts, _ := strings.Cut(line.text, "at exit: ")
		counts, _, _ = strings.Cut(counts, "; requests: ")
		e.text += counts + "\n"
	}
}

// of is a count by its name, which stands before it.
func (e *exitCounts) of(name string) (n int) {
	for _, m := range regexp.MustCompile(`(?m)(?:^|[,:] )`+name+` (\d+)`).FindAllStringSubmatch(e.text, -1) {
		one, _ := strconv.Atoi(m[1])
		n += one
	}
	return n
}

var eventNumber = regexp.MustCompile(`#(\d+)#`)

// requireLanded requires that each event is where it must be, and that what the
// plugin counted says so.
func (c *mixture) requireLanded(t *testing.T, s *kinesistest.Server, counted *exitCounts) {
	t.Helper()
	times := make([]int, len(c.events))
	var wrong mistakes
	inOrder := c.ordered && c.faults.ThrottleRecords+c.faults.FailRecords == 0 && counted.of("handed back") == 0
	for _, stream := range s.StreamNames() {
		c.findOn(t, s, stream, inOrder, times, &wrong)
	}
	reasons := map[string]int{"larger than the stream takes": 0}
	for i, e := range c.events {
		switch {
		case e.reason != "":
			reasons[e.reason]++
			if times[i] != 0 {
				wrong.add(fmt.Sprintf("event %d is %s, and landed", i, e.reason))
			}
		case times[i] == 0 && e.large && (e.stream != largeStream || c.crowded()):
			reasons["larger than the stream takes"]++
		case times[i] != 1:
			wrong.add(fmt.Sprintf("event %d landed %d times %+v", i, times[i], e))
		}
	}
	require.Zero(t, wrong.n, "%s\n%s", &wrong, counted.text)
	dropped, landed := 0, len(c.events)
	for reason, n := range reasons {
		counts := counted.of(reason)
		if c.options["ledger_file"] == "" {
			require.Equal(t, n, counts, "%s: %s", reason, counted.text)
		} else { // which knows what a stream has, and so what is on none is met again after a restart
			require.GreaterOrEqual(t, counts, n, "%s: %s", reason, counted.text)
		}
		dropped, landed = dropped+counts, landed-n
	}
	require.Zero(t, counted.of("lost in the background"), counted.text)
	require.Equal(t, counted.of("records"), counted.of("accepted")+dropped+counted.of("handed back"), counted.text)
	require.Equal(t, landed, counted.of("accepted"), counted.text)
}

// crowded tells whether a record may go to stream_default for want of room for its
// own stream. That one does not take large records.
func (c *mixture) crowded() bool {
	return c.options["streams_maximum"] != "" && c.options["stream_default"] != ""
}

// findOn counts what is on a stream, and looks at where and in what order it is.
func (c *mixture) findOn(t *testing.T, s *kinesistest.Server, stream string, inOrder bool, times []int, wrong *mistakes) {
	t.Helper()
	users, _ := read(t, s, stream, c.view)
	ranges := rangesOf(s, stream)
	last := map[string]int{}
	for _, u := range users {
		m := eventNumber.FindSubmatch(u.Data)
		if m == nil {
			wrong.add(fmt.Sprintf("on %s: %.100q", stream, u.Data))
			continue
		}
		n, _ := strconv.Atoi(string(m[1]))
		e := &c.events[n]
		if !u.In.Unanswered {
			times[n]++
		}
		if want := e.stream; want != stream && !(c.crowded() && stream == c.options["stream_default"]) {
			wrong.add(fmt.Sprintf("event %d for %s is on %s", n, want, stream))
		}
		c.lookAt(n, u, ranges, wrong)
		if !inOrder || e.pod == "" || u.In.Unanswered {
			continue
		}
		train := fmt.Sprint(e.pod, " ", c.chunk[n])
		if c.view.Lines && e.place != nil {
			train += " " + e.place.String()
		}
		if before, ok := last[train]; ok && n < before {
			wrong.add(fmt.Sprintf("event %d of %s on %s is behind %d", n, train, stream, before))
		}
		last[train] = n
	}
	if c.options["aggregation_compression"] == "" && c.options["simple_aggregation"] == "" {
		require.Empty(t, kclReads(t, s, stream).thrown)
	}
}

// lookAt looks at the keys of what landed of an event.
func (c *mixture) lookAt(n int, u kinesistest.UserRecord, ranges map[string]hashRange, wrong *mistakes) {
	e := &c.events[n]
	if c.ordered && e.pod != "" && u.PartitionKey != e.pod {
		wrong.add(fmt.Sprintf("event %d of %s has the key %s", n, e.pod, u.PartitionKey))
	}
	if u.Packed && c.options["aggregation"] != "" {
		if c.options["aggregation_shard_map"] != "" && e.place != nil && !c.templated && !ranges[u.In.ShardID].has(e.place) {
			wrong.add(fmt.Sprintf("event %d for %v is in an aggregate on %s", n, e.place, u.In.ShardID))
		}
		return
	}
	want := ""
	if e.place != nil {
		want = e.place.String()
	}
	if u.ExplicitHashKey != want {
		wrong.add(fmt.Sprintf("event %d for %q has the hash key %q", n, want, u.ExplicitHashKey))
	}
}
