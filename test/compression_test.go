package test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/internal/kinesistest"
	"fluent-bit-kinesis/internal/samples"
)

// standardDecoders are those of Go's standard library, for the formats that it
// has.
var standardDecoders = map[compress.Format]func(io.Reader) (io.ReadCloser, error){
	compress.Gzip: func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) },
	compress.Zlib: zlib.NewReader,
}

// standardDecode decompresses with the standard library, and requires that there
// is one stream, with nothing behind it.
func standardDecode(t *testing.T, f compress.Format, data []byte) string {
	t.Helper()
	in := bytes.NewReader(data)
	r, err := standardDecoders[f](in)
	require.NoError(t, err)
	if g, ok := r.(*gzip.Reader); ok {
		g.Multistream(false)
	}
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Zero(t, in.Len(), "bytes behind the end")
	return string(text)
}

// A combination is settings of aggregation, compression and newline, and the
// view that a consumer needs for them.
type combination struct {
	stream  string
	options options
	view    kinesistest.View
}

// combinations is all there are. Every other one writes CBOR requests.
func combinations() (all []combination) {
	for _, packing := range []string{"alone", "none", "gzip", "zstd"} {
		for _, f := range compress.Formats() {
			for _, newline := range []string{"false", "true"} {
				c := combination{
					stream:  strings.Join([]string{packing, f.String(), newline}, "-"),
					options: options{"compression": f.String(), "append_newline": newline, "partition_key": "container_id"},
					view:    kinesistest.View{Compression: f},
				}
				c.options["stream"] = c.stream
				if packing != "alone" {
					c.options["aggregation"] = "on"
					c.options["aggregation_compression"] = packing
					c.view.AggregationCompression, _ = compress.Parse(packing)
				}
				if len(all)%2 == 1 {
					c.options["wire_format"] = "cbor"
				}
				all = append(all, c)
			}
		}
	}
	return all
}

// variedLines are the bundled lines, each with its number, and among them some
// that are too long to be packed.
func (c combination) variedLines(t *testing.T, rounds int) *lot {
	t.Helper()
	l := &lot{keyed: true}
	var chunk flbhost.Chunk
	for round := range rounds {
		for i, event := range samples.Events() {
			body := numberedEvent(event, len(l.want))
			if i%20 == 7 {
				body = append(body, F("noise", noise(uint64(len(l.want)), 40_000)))
			}
			chunk.Append(flbhost.EventTime(event.Time), body...)
			l.want = append(l.want, asked(t, c.options, event.Time, body))
			l.chunk = append(l.chunk, round)
		}
		l.chunks = append(l.chunks, bytes.Clone(chunk.Bytes()))
		chunk.Reset()
	}
	return l
}

// noise is text of letters and digits in which there is nothing to find, so that
// it loses no more than a quarter of its size.
func noise(seed uint64, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	random := rand.New(rand.NewPCG(seed, 1))
	text := make([]byte, n)
	for i := range text {
		text[i] = letters[random.Uint64()%uint64(len(letters))]
	}
	return string(text)
}

func TestEveryCombinationOfAggregationCompressionAndNewlineLandsByteForByte(t *testing.T) {
	all := combinations()
	streams := map[string]int{}
	var sections []options
	for _, c := range all {
		streams[c.stream] = 3
		sections = append(sections, c.options)
	}
	s := runStream(t, kinesistest.Options{Streams: streams})
	h := runHost(t, s, flbhost.Config{Workers: 2}, sections...)
	for i, c := range all {
		t.Run(c.stream, func(t *testing.T) {
			l := c.variedLines(t, 3)
			flushAll(t, h, i, l.chunks...)
			users, totals := read(t, s, c.stream, c.view)
			l.requireTimes(t, 1, landingsOf(users))
			require.Equal(t, c.options["aggregation"] == "on", totals.Aggregates > 0)
			require.Greater(t, totals.Records-totals.Aggregates, int64(0), "records that travelled alone")

			if standardDecoders[c.view.Compression] == nil {
				return
			}
			asPacked, _ := read(t, s, c.stream, kinesistest.View{AggregationCompression: c.view.AggregationCompression})
			var found []landing
			for _, u := range asPacked {
				found = append(found, landing{data: standardDecode(t, c.view.Compression, u.Data), key: u.PartitionKey})
			}
			l.requireTimes(t, 1, found)
		})
	}
	requireNoLine(t, exitLog(t, h), "warning")
}

func TestACompressedAggregateIsOneStreamOfGzip(t *testing.T) {
	s := setStage(t, kinesistest.Options{}, flbhost.Config{}, with(byContainer, "aggregation_compression", "gzip"))
	l := containerLines(1000, 1000, 40)
	flushAll(t, s.host, 0, l.chunks...)
	records := s.stream.Records(streamName)
	require.Len(t, records, 1)
	require.Less(t, len(records[0].Data), 100_000, "of 350 kB")
	k := newKCL(t)
	records[0].Data = []byte(standardDecode(t, compress.Gzip, records[0].Data))
	k.read(records[0], rangesOf(s.stream, streamName)[records[0].ShardID])
	k.requireKept(l)
}

func TestManyCompressedRecordsLandOnceByFourWorkers(t *testing.T) {
	for _, x := range []struct {
		name    string
		options options
		view    kinesistest.View
	}{
		{"gzip", options{"compression": "gzip", "append_newline": "true"}, kinesistest.View{Compression: compress.Gzip}},
		{"aggregated, zstd", options{"compression": "zstd", "aggregation": "on"}, kinesistest.View{Compression: compress.Zstd}},
		{"aggregates in zstd, by shard", options{"aggregation_compression": "zstd", "aggregation": "on", "aggregation_shard_map": "on"},
			kinesistest.View{AggregationCompression: compress.Zstd}},
	} {
		t.Run(x.name, func(t *testing.T) {
			l := sampleLines(t, 20_000, with(x.options, "partition_key", "container_id"))
			s := setStage(t, kinesistest.Options{UserKeys: x.view.UserKeys}, flbhost.Config{Workers: 4}, with(x.options, "partition_key", "container_id"))
			flushAll(t, s.host, 0, l.chunks...)
			users, totals := read(t, s.stream, streamName, x.view)
			l.requireTimes(t, 1, landingsOf(users))
			require.Zero(t, s.stream.Stats().Overlaps)
			require.Less(t, totals.Bytes, totals.UserBytes)
			requireNoLine(t, exitLog(t, s.host), "warning")
		})
	}
}

func TestAHigherLevelMakesLessOfTheSameRecords(t *testing.T) {
	long := strings.Repeat(" "+noise(4, 100)+" of what is said over and over in other words,", 40)
	for _, x := range []struct{ format, lowest, highest string }{{"gzip", "1", "9"}, {"zlib", "1", "9"}, {"zstd", "1", "22"}} {
		t.Run(x.format, func(t *testing.T) {
			s := runStream(t, kinesistest.Options{Streams: map[string]int{"low": 1, "high": 1}})
			h := runHost(t, s, flbhost.Config{},
				options{"stream": "low", "compression": x.format, "compression_level": x.lowest, "log_key": "log"},
				options{"stream": "high", "compression": strings.ToUpper(x.format), "compression_level": x.highest, "log_key": "log"})
			var texts []string
			for i := range 20 {
				texts = append(texts, noise(uint64(i), 50)+long[i*37:])
			}
			format, err := compress.Parse(x.format)
			require.NoError(t, err)
			var sizes []int64
			for i, stream := range []string{"low", "high"} {
				flushAll(t, h, i, lines(texts...).Bytes())
				users, totals := read(t, s, stream, kinesistest.View{Compression: format})
				for j, u := range users {
					requireSame(t, texts[j], string(u.Data))
				}
				sizes = append(sizes, totals.Bytes)
			}
			require.Less(t, sizes[1], sizes[0])
		})
	}
}

func TestBase64ThatFitsCompressedIsDeliveredWhole(t *testing.T) {
	random := make([]byte, 975_000)
	for i, source := 0, rand.New(rand.NewPCG(12, 8)); i < len(random); i++ {
		random[i] = byte(source.Uint32())
	}
	image := base64.StdEncoding.EncodeToString(random) // 1.3 MB, of which codes make a quarter less
	for _, x := range []struct{ format, level string }{{"gzip", "1"}, {"gzip", "6"}, {"zlib", "6"}, {"gzip", "9"}} {
		t.Run(x.format+" "+x.level, func(t *testing.T) {
			s := setStage(t, kinesistest.Options{}, flbhost.Config{},
				options{"compression": x.format, "compression_level": x.level, "log_key": "log"})
			flushAll(t, s.host, 0, lines(image, image[:2300]).Bytes())
			format, err := compress.Parse(x.format)
			require.NoError(t, err)
			records := s.stream.Records(streamName)
			require.Len(t, records, 2)
			slices.SortFunc(records, func(a, b kinesistest.Record) int { return len(b.Data) - len(a.Data) })
			for i, want := range []string{image, image[:2300]} {
				require.Less(t, len(records[i].Data), len(want)*77/100)
				requireSame(t, want, standardDecode(t, format, records[i].Data))
			}
			requireNoLine(t, exitLog(t, s.host), "warning")
		})
	}
}
