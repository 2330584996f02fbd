package kinesis

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/wire"
)

func TestEachLineEndsInANewlineOnce(t *testing.T) {
	for name, test := range map[string]struct {
		options []string
		chunk   []byte
		want    []string
	}{
		"records":                       {nil, numbered(3), []string{"{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n"}},
		"append_newline adds no second": {[]string{"append_newline", "on"}, numbered(2), []string{"{\"n\":0}\n{\"n\":1}\n"}},
		"append_newline takes none off": {[]string{"append_newline", "off"}, numbered(2), []string{"{\"n\":0}\n{\"n\":1}\n"}},
		"a newline in a text is escaped": {nil, chunkOf(2, func(int) fields { return fields{kv("a", "b\nc")} }),
			[]string{"{\"a\":\"b\\nc\"}\n{\"a\":\"b\\nc\"}\n"}},
		"values of log_key": {[]string{"log_key", "log"}, logs("a", "ends in one\n", "", "two\nlines", "\n", "ends in two\n\n"),
			[]string{"a\nends in one\n\ntwo\nlines\n\nends in two\n\n"}},
		"one that travels alone": {[]string{"log_key", "log", "skip_aggregation_record_size", "6"}, logs("a", "longer", "b", "newline\n"),
			[]string{"longer\n", "newline\n", "a\nb\n"}},
		"all travel alone": {[]string{"log_key", "log", "skip_aggregation_record_size", "0"}, logs("a", "b\n"), []string{"a\n", "b\n"}},
		"one record":       {nil, numbered(1), []string{"{\"n\":0}\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{t: t}
			o := outputOf(t, s, append(test.options, "simple_aggregation", "on")...)
			require.Equal(t, OK, o.Flush(test.chunk, "tag"))
			require.Equal(t, test.want, s.data())
			for _, r := range s.landed {
				require.Regexp(t, "^[A-Za-z0-9]{8}$", r.PartitionKey)
			}
		})
	}
}

// logs makes a chunk of events with these texts under log.
func logs(texts ...string) []byte {
	return chunkOf(len(texts), func(i int) fields { return fields{kv("log", texts[i])} })
}

// What a record is cut to has room for the newline.
func TestALineThatIsCutEndsInANewline(t *testing.T) {
	for name, options := range map[string][]string{"as it is": nil, "gzipped": {"compression", "gzip"}} {
		t.Run(name, func(t *testing.T) {
			format := compress.None
			if options != nil {
				format = compress.Gzip
			}
			s := &fakeStream{t: t, packed: format}
			o := outputOf(t, s, append(options, "simple_aggregation", "on", "log_key", "log")...)
			exact := strings.Repeat("x", wire.MaxRecordBytes-9) + "\n"
			require.Equal(t, OK, o.Flush(logs(exact, string(randomText(3<<20)), "short"), "tag"))
			require.Len(t, s.landed, 3)
			require.EqualValues(t, 1, o.Counts().Truncated)
			require.Equal(t, exact, string(s.unpacked(s.landed[0].Data)))
			cut := string(s.unpacked(s.landed[1].Data))
			require.True(t, strings.HasSuffix(cut, "[Truncated...]\n"), "%q", cut[len(cut)-30:])
			size := len(s.landed[1].Data) + len(s.landed[1].PartitionKey)
			require.LessOrEqual(t, size, wire.MaxRecordBytes)
			require.Greater(t, size, wire.MaxRecordBytes*9/10)
		})
	}
}

// randomText is n letters and digits without a pattern.
func randomText(n int) []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	random := rand.New(rand.NewPCG(3, uint64(n)))
	text := make([]byte, n)
	for i := range text {
		text[i] = letters[random.IntN(len(letters))]
	}
	return text
}

// However well lines compress, and though that changes from chunk to chunk: no
// record is above its size, each line is there once and in order, and the records
// are few.
func TestJoinedRecordsKeepTheirSizeAndAreFew(t *testing.T) {
	for _, most := range []int{1 << 10, 20 << 10, 1 << 20} {
		for _, format := range []compress.Format{compress.None, compress.Gzip, compress.Zstd} {
			for _, keys := range []int{0, 20} {
				t.Run(fmt.Sprint(most, " bytes, ", format, ", keys: ", keys), func(t *testing.T) {
					s := &fakeStream{t: t, packed: format}
					options := []string{"simple_aggregation", "on", "aggregation_maximum_record_size", fmt.Sprint(most),
						"skip_aggregation_record_size", fmt.Sprint(most), "compression", format.String()}
					if keys > 0 {
						options = append(options, "partition_key", "key")
					}
					o := outputOf(t, s, options...)
					n := 0
					for round := range 6 {
						texts := []func(int) string{repetitive, repetitive, noisy, noisy, repetitive, repetitive}[round]
						landed := len(s.landed)
						require.Equal(t, OK, o.Flush(chunkOf(400, func(i int) fields {
							return fields{kv("n", n+i), kv("key", fmt.Sprint("k", i%max(1, keys))), kv("text", texts(n+i))}
						}), "tag"))
						n += 400
						bytes := 0
						for _, r := range s.landed[landed:] {
							require.LessOrEqual(t, len(r.Data)+len(r.PartitionKey), most)
							bytes += len(r.Data)
						}
						if learned := round%2 == 1; learned && keys == 0 {
							require.LessOrEqual(t, len(s.landed)-landed, 3+bytes*3/2/most, "records for %d bytes", bytes)
						}
					}
					require.Equal(t, upTo(n), s.userNumbers())
					for key, numbers := range s.userNumbersByKey() {
						if keys > 0 {
							require.IsIncreasing(t, numbers, key)
						}
					}
				})
			}
		}
	}
}

func repetitive(int) string { return "GET /healthz HTTP/1.1 200 from the same place as ever, " }

// noise60k has no pattern that the texts cut from it would share.
var noise60k = string(randomText(60_000))

func noisy(i int) string {
	start := i * 7919 % 59_000
	return noise60k[start : start+200+i%200]
}

func TestNoFormatMakesALineLongerThanItMayBe(t *testing.T) {
	for _, format := range compress.Formats() {
		o := outputOf(t, instantStream, "simple_aggregation", "on", "compression", format.String())
		c, err := compress.New(format, compress.DefaultLevel)
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(1, 1))
		for n := 1; n <= 1<<20; n = n*5/4 + 1 {
			line := make([]byte, n)
			for i := range line {
				line[i] = byte(random.Uint32())
			}
			packed, err := c.Append(nil, line)
			require.NoError(t, err)
			require.LessOrEqual(t, len(packed), o.d.atMost(n), "%v of %d", format, n)
		}
	}
}

// With partition_key only lines of one key are in a record; those without a key
// share one.
func TestLinesAreJoinedByTheirKeys(t *testing.T) {
	s := &fakeStream{t: t}
	o := outputOf(t, s, "simple_aggregation", "on", "partition_key", "key", "data_keys", "n")
	require.Equal(t, OK, o.Flush(chunkOf(90, func(i int) fields {
		body := fields{kv("n", i)}
		if i%3 > 0 {
			body = append(body, kv("key", fmt.Sprint("k", i%3)))
		}
		return body
	}), "tag"))
	require.Len(t, s.landed, 3)
	byKey := s.userNumbersByKey()
	for i := range 30 {
		require.Equal(t, 3*i+1, byKey["k1"][i])
		require.Equal(t, 3*i+2, byKey["k2"][i])
	}
	require.EqualValues(t, 3, o.Counts().Aggregates)
	require.EqualValues(t, 90, o.Counts().Aggregated)
	require.EqualValues(t, 30, o.Counts().RandomKeys)
}

// More keys than may be open at a time cost records, and no order.
func TestLinesAreJoinedByTheirPlaces(t *testing.T) {
	chunk := chunkOf(12, func(i int) fields {
		body := fields{kv("n", i), kv("k", i%2)}
		if i%3 > 0 {
			body = append(body, kv("h", i%3))
		}
		return body
	})
	for name, test := range map[string]struct {
		options []string
		records int
	}{
		"under random keys":    {nil, 3},
		"under keys as well":   {[]string{"partition_key", "k"}, 6},
		"and those compressed": {[]string{"compression", "gzip"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fakeStream{t: t}
			if len(test.options) > 0 && test.options[0] == "compression" {
				s.packed = compress.Gzip
			}
			o := outputOf(t, s, append(test.options, "simple_aggregation", "on", "explicit_hash_key", "h")...)
			require.Equal(t, OK, o.Flush(chunk, "tag"))
			require.Len(t, s.landed, test.records)
			for _, r := range s.landed {
				for _, line := range s.users(r) {
					var n int
					_, err := fmt.Sscanf(string(line.Data), `{"n":%d,`, &n)
					require.NoError(t, err)
					want := ""
					if n%3 > 0 {
						want = fmt.Sprint(n % 3)
					}
					require.Equal(t, want, line.ExplicitHashKey, string(line.Data))
				}
			}
		})
	}
}

func TestLinesOfMoreKeysThanMayBeOpen(t *testing.T) {
	s := &fakeStream{t: t}
	o := outputOf(t, s, "simple_aggregation", "on", "partition_key", "key", "data_keys", "n")
	const runs, n = 2 * mostLineKeys, 4
	require.Equal(t, OK, o.Flush(chunkOf(runs*n, func(i int) fields { return fields{kv("n", i), kv("key", fmt.Sprint("run ", i/n))} }), "tag"))
	require.Len(t, s.landed, runs, "one for each run of a key")
	require.Equal(t, OK, o.Flush(chunkOf(3000, func(i int) fields { return fields{kv("n", runs*n+i), kv("key", fmt.Sprint("k", i*i%1009))} }), "tag"))
	require.Equal(t, upTo(runs*n+3000), s.userNumbers())
	for key, numbers := range s.userNumbersByKey() {
		require.IsIncreasing(t, numbers, key)
	}
}

// Lines turn out to make many more records than fit into the request that they
// gathered for.
func TestMoreRecordsThanForeseenGoInRequestsOfTheirOwn(t *testing.T) {
	for name, key := range map[string]string{"random keys": "", "by key": "key"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, packed: compress.Gzip, latency: 10 * time.Millisecond}
				o := outputOf(t, s, "simple_aggregation", "on", "compression", "gzip", "partition_key", key,
					"aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", "1k")
				o.d.squeeze.part.Store(1)
				const n = 3000
				require.Equal(t, OK, o.Flush(chunkOf(n, func(i int) fields {
					return fields{kv("n", i), kv("key", fmt.Sprint("k", i%200)), kv("text", noisy(i))}
				}), "tag"))
				requireIdle(t, o)
				require.Greater(t, len(s.landed), wire.MaxRecords*3/2)
				require.Equal(t, upTo(n), s.userNumbers())
				require.Zero(t, s.overlaps)
				if key != "" {
					for key, numbers := range s.userNumbersByKey() {
						require.IsIncreasing(t, numbers, key)
					}
				}
			})
		})
	}
}

// Of one flush or of several: the records at fault are found, and only those are
// dropped, though there are newlines within them.
func TestALineAtFaultIsFoundAmongThoseThatItIsJoinedTo(t *testing.T) {
	for name, options := range map[string][]string{
		"as they are": nil,
		"gzipped":     {"compression", "gzip"},
		"snappy":      {"compression", "snappy", "wire_format", "cbor"},
		"by key":      {"partition_key", "key"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := configOf(t, append(options, "simple_aggregation", "on", "log_key", "log")...)
				s := &fakeStream{t: t, packed: config.Compression}
				s.fail = unpackedPoison(s)
				o := outputLogging(t, new(logText), s, config)
				var want []string
				chunks := make([][]byte, 3)
				for c := range chunks {
					chunks[c] = chunkOf(40, func(i int) fields {
						text := fmt.Sprintf("chunk %d, record %d\nof two lines", c, i)
						if i == 10*c {
							text = "some\npoison\n"
						} else {
							want = append(want, strings.Split(text, "\n")...)
						}
						return fields{kv("log", text), kv("key", i%2)}
					})
				}
				codes, _ := o.together(chunks...)
				require.Equal(t, allOK(3), codes)
				requireIdle(t, o)
				var got []string
				for _, r := range s.landed {
					for _, line := range s.users(r) {
						got = append(got, string(line.Data))
					}
				}
				require.ElementsMatch(t, want, got)
				require.EqualValues(t, 3, o.Counts().Dropped[dropInvalid])
				require.EqualValues(t, 117, o.Counts().Accepted)
			})
		})
	}
}

// While the stream throttles, records are small after their compression, and large
// ones that are refused go as several.
func TestJoinedRecordsAreSmallWhileTheStreamIsAtItsLimit(t *testing.T) {
	for _, format := range []string{"none", "gzip", "snappy"} {
		t.Run(format, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ledger")
			synctest.Test(t, func(t *testing.T) {
				config := configOf(t, "simple_aggregation", "on", "compression", format, "ledger_file", file)
				s := &fakeStream{t: t, latency: 10 * time.Millisecond, packed: config.Compression}
				refused := 0
				s.refuse = func(r putRecord) string {
					if len(r.Data) > 3*throttledAggregate || refused%3 == 0 {
						refused++
						return throttledCode
					}
					return ""
				}
				o := outputLogging(t, new(logText), s, config)
				codes, _ := o.together(noise(0, 300, 1700), noise(300, 500, 1300), noise(800, 20, 10))
				require.Equal(t, allOK(3), codes)
				requireIdle(t, o)
				require.Equal(t, upTo(820), s.userNumbers())
				keys := map[string]bool{}
				for _, r := range s.landed {
					require.LessOrEqual(t, len(r.Data), 3*throttledAggregate)
					keys[r.PartitionKey] = true
				}
				require.Len(t, keys, len(s.landed), "each under a key of its own")
				require.Greater(t, len(keys), 10)
				require.EqualValues(t, 820, o.Counts().Accepted)
			})
		})
	}
}

// A record that is refused goes under another random key, as it stands.
func TestJoinedRecordsThatAreRefusedGoUnderAnotherKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, packed: compress.Gzip}
		var first putRecord
		s.refuse = func(r putRecord) string {
			if first.Data == nil {
				first = r
				return throttledCode
			}
			return ""
		}
		o := outputOf(t, s, "simple_aggregation", "on", "compression", "gzip")
		require.Equal(t, OK, o.Flush(numbered(100), "tag"))
		require.Len(t, s.landed, 1)
		require.Equal(t, first.Data, s.landed[0].Data)
		require.NotEqual(t, first.PartitionKey, s.landed[0].PartitionKey)
	})
}

// Chunks that are flushed together share records.
func TestLinesOfSeveralFlushesAreJoined(t *testing.T) {
	for name, test := range map[string]struct {
		options []string
		records int
	}{
		"under one key":  {nil, 1},
		"gzipped":        {[]string{"compression", "gzip"}, 1},
		"by key":         {[]string{"partition_key", "key"}, 40},
		"by a lost key":  {[]string{"partition_key", "lost"}, 1},
		"by key in CBOR": {[]string{"partition_key", "key", "wire_format", "cbor"}, 40},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := configOf(t, append(test.options, "simple_aggregation", "on", "data_keys", "n")...)
				s := &fakeStream{t: t, packed: config.Compression}
				o := outputLogging(t, new(logText), s, config)
				codes, _ := o.together(keyed(60, 40), keyed(40, 40), keyed(80, 40))
				require.Equal(t, allOK(3), codes)
				require.Equal(t, []int{test.records}, s.requests)
				require.Len(t, s.userNumbers(), 180)
				require.EqualValues(t, 180, o.Counts().Aggregated)
			})
		})
	}
}

// Eight workers with a ledger in a file, where the stream refuses some, and now and
// then nothing comes back: all lands once.
func TestJoinedRecordsOfManyWorkersLandOnce(t *testing.T) {
	for name, options := range map[string][]string{
		"random keys":        nil,
		"by key, in CBOR":    {"partition_key", "key", "wire_format", "cbor"},
		"gzipped":            {"compression", "gzip"},
		"by key, and snappy": {"partition_key", "key", "compression", "snappy", "aggregation_maximum_record_size", "2k"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ledger")
			synctest.Test(t, func(t *testing.T) {
				config := configOf(t, append(options, "simple_aggregation", "on", "ledger_file", file, "delivery_timeout", "1")...)
				s := &fakeStream{t: t, packed: config.Compression, latency: 5 * time.Millisecond}
				n := 0
				s.refuse = func(putRecord) string {
					if n++; n%3 == 0 {
						return throttledCode
					}
					return ""
				}
				o := outputLogging(t, new(logText), s, config)
				var workers sync.WaitGroup
				const chunks, each = 6, 150
				for worker := range 8 {
					workers.Go(func() {
						for c := range chunks {
							first := (worker*chunks + c) * each
							chunk := chunkOf(each, func(i int) fields {
								return fields{kv("n", first+i), kv("key", fmt.Sprint("k", i%7)), kv("text", repetitive(i))}
							})
							for o.Flush(bytes.Clone(chunk), fmt.Sprint("tag ", first)) != OK {
								time.Sleep(time.Second)
							}
						}
					})
				}
				workers.Wait()
				requireIdle(t, o)
				require.Equal(t, upTo(8*chunks*each), s.userNumbers())
				require.True(t, o.ledger.Empty())
			})
		})
	}
}

func TestASqueezeIsLearnedOfFullRecordsAlone(t *testing.T) {
	const most = 100_000
	var s squeeze
	first := s.lines(most)
	require.InDelta(t, 4*most, first, most/2)
	s.learn(1000, 900, most)
	require.Equal(t, first, s.lines(most), "a few lines tell nothing")
	s.learn(first, first, most)
	require.InDelta(t, most, s.lines(most), most/10, "at once")
	for range 100 {
		s.learn(s.lines(most), s.lines(most)/20, most)
	}
	require.InDelta(t, 20*most, s.lines(most), 3*most, "by and by")
	for range 100 {
		s.learn(s.lines(most), 1, most)
	}
	require.Equal(t, mostLines, s.lines(most))
}
