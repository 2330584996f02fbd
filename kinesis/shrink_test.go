package kinesis

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/compress"
	"fluent-bit-kinesis/kinesis/service"
)

// noise makes a chunk of n events of about so many bytes that do not compress well,
// with numbers from first on.
func noise(first, n, size int) []byte {
	return chunkOf(n, func(i int) fields {
		var room strings.Builder
		for j := 0; room.Len() < size; j++ {
			fmt.Fprintf(&room, "%x", aggregate.HashOf(fmt.Append(nil, first+i, j)).Hi)
		}
		return fields{kv("n", first+i), kv("room", room.String())}
	})
}

// Large aggregates that are refused, or are ready when throttling begins, go as
// several: with each record once, whosever it is.
func TestLargeAggregatesGoAsSmallOnesWhileTheStreamIsAtItsLimit(t *testing.T) {
	for name, test := range map[string]struct {
		options []string
		packed  compress.Format
		journal bool
	}{
		"as they are":             {},
		"gzipped":                 {options: []string{"aggregation_compression", "gzip"}, packed: compress.Gzip},
		"zstd, in CBOR":           {options: []string{"aggregation_compression", "zstd", "wire_format", "cbor"}, packed: compress.Zstd},
		"with one in flight":      {options: []string{"requests_in_flight", "1"}},
		"of 100 KB":               {options: []string{"aggregation_maximum_record_size", "100k"}},
		"with a ledger in a file": {journal: true},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ledger")
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, latency: 10 * time.Millisecond, packed: test.packed}
				var requests atomic.Int64
				s.fail = func(context.Context, []putRecord) error {
					if requests.Add(1) == 1 {
						return failed(service.Throttled)
					}
					return nil
				}
				refused := 0
				s.refuse = func(r putRecord) string {
					if len(r.Data) > 3*throttledAggregate || refused%3 == 0 {
						refused++
						return throttledCode
					}
					return ""
				}
				options := append(test.options, "aggregation", "on")
				if test.journal {
					options = append(options, "ledger_file", file)
				}
				o := outputOf(t, s, options...)
				codes, _ := o.together(noise(0, 300, 700), noise(300, 500, 300), noise(800, 20, 10))
				require.Equal(t, allOK(3), codes)
				requireIdle(t, o)
				require.Equal(t, upTo(820), s.userNumbers())
				bytes, keys := 0, map[string]bool{}
				for _, r := range s.landed {
					require.LessOrEqual(t, len(r.Data), 3*throttledAggregate)
					bytes += len(r.Data) + len(r.PartitionKey)
					keys[r.PartitionKey] = true
				}
				require.Len(t, keys, len(s.landed), "each under a key of its own")
				require.EqualValues(t, bytes, o.Counts().Bytes)
				require.EqualValues(t, 820, o.Counts().Accepted)
			})
		})
	}
}

// A panic while aggregates are made anew loses none of their records, nor those
// that the same answer has accepted.
func TestAPanicWhileAggregatesAreMadeAnewHandsTheirRecordsBack(t *testing.T) {
	for name, test := range map[string]struct {
		refuse  bool // some of the request; else it is throttled as a whole
		options []string
	}{
		"after some were refused":    {true, []string{"aggregation_maximum_record_size", "2k"}},
		"when all were refused":      {false, nil},
		"with a ledger that is kept": {true, []string{"aggregation_maximum_record_size", "2k", "ledger_file", "in the test's folder"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ledger")
			for i, option := range test.options {
				if option == "in the test's folder" {
					test.options[i] = file
				}
			}
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, packed: compress.Gzip, latency: time.Millisecond}
				o := outputOf(t, s, append(test.options, "aggregation", "on", "aggregation_compression", "gzip")...)
				o.widen() // the stream has taken something: there is a rate to begin with
				chunk := noise(0, 120, 1000)
				s.fail = func(context.Context, []putRecord) error {
					s.fail = nil
					broken := &brokenCompressor{good: 2}
					broken.then = func() { broken.good = -1 } // once
					o.compressors.aggregates.Put(broken)
					if !test.refuse {
						return failed(service.Throttled)
					}
					return nil
				}
				n := 0
				s.refuse = func(putRecord) string {
					if n++; test.refuse && n%2 == 0 && n < 100 {
						return throttledCode
					}
					return ""
				}
				require.Equal(t, Retry, o.Flush(chunk, "tag"))
				requireIdle(t, o)
				landed := s.userNumbers()
				require.Equal(t, test.refuse, len(landed) > 0)
				require.EqualValues(t, 120-len(landed), o.Counts().HandedBack)
				s.refuse = nil
				require.Equal(t, OK, o.Flush(chunk, "tag"))
				require.Equal(t, upTo(120), s.userNumbers(), "each once")
			})
		})
	}
}

// What a record of the user's looks like does not matter: it goes as it is.
func TestARecordThatLooksLikeAnAggregateIsLeftAlone(t *testing.T) {
	var w aggregate.Writer
	w.Add([]byte("key of the user's"), []byte(strings.Repeat("x", 3000)))
	packed := string(slices.Clone(w.Close()))
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t}
		requests := 0
		s.refuse = func(putRecord) string {
			if requests++; requests < 3 {
				return throttledCode
			}
			return ""
		}
		o := outputOf(t, s, "aggregation", "on", "skip_aggregation_record_size", "1k", "log_key", "log")
		require.Equal(t, OK, o.Flush(chunkOf(1, func(int) fields { return fields{kv("log", []byte(packed))} }), "tag"))
		require.Equal(t, []string{packed}, s.data())
	})
}
