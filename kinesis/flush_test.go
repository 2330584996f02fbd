package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/aggregate"
	"fluent-bit-kinesis/internal/flbhost"
	"fluent-bit-kinesis/kinesis/record"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

func TestFlushIsOKOnceEveryRecordIsOnTheStream(t *testing.T) {
	for _, n := range []int{0, 1, 2, 499, 500, 501, 1700} {
		s := &fakeStream{t: t}
		o := outputOf(t, s)
		require.Equal(t, OK, o.Flush(numbered(n), "tag"))
		require.Equal(t, upTo(n), s.numbers())
		require.Len(t, s.requests, (n+499)/500)
		require.EqualValues(t, n, o.Counts().Records)
		require.EqualValues(t, n, o.Counts().Accepted)
	}
}

func TestFlushLetsGoOfTheChunk(t *testing.T) {
	s := &fakeStream{t: t}
	o := outputOf(t, s)
	chunk := numbered(1200)
	require.Equal(t, OK, o.Flush(chunk, "tag"))
	clear(chunk)
	require.Equal(t, OK, o.Flush(numbered(1200), "tag"))
	require.Len(t, s.numbers(), 2400)
}

func TestFlushIsOKWhereRecordsAreDroppedForGood(t *testing.T) {
	log := &logText{}
	s := &fakeStream{t: t}
	o := outputLogging(t, log, s, configOf(t, "log_key", "log"))
	var c flbhost.Chunk
	c.Append(eventsAt, kv("log", "first"))
	c.Append(eventsAt, kv("other", "no log"))
	c.Append(eventsAt, kv("log", flbhost.Raw(append(bytes.Repeat([]byte{0x91}, 200), 0x90))))
	c.Append(eventsAt, kv("log", "last"))
	require.Equal(t, OK, o.Flush(c.Bytes(), "tag"))
	require.Equal(t, []string{"first", "last"}, s.data())
	require.EqualValues(t, 4, o.Counts().Records)
	require.EqualValues(t, 1, o.Counts().Dropped[record.NoLogKey])
	require.EqualValues(t, 1, o.Counts().Dropped[record.TooDeep])
	require.Contains(t, log.String(), `record 1 of a chunk has no \"log\" (log_key) and is skipped`)
	require.Contains(t, log.String(), "record 2 of a chunk is dropped: nested too deep")
}

func TestFlushIsRetryWhereSomethingIsLeft(t *testing.T) {
	for name, fail := range map[string]func(context.Context, []putRecord) error{
		"throttled":  func(context.Context, []putRecord) error { return failed(service.Throttled) },
		"failing":    func(context.Context, []putRecord) error { return failed(service.Failing) },
		"unanswered": func(context.Context, []putRecord) error { return failed(service.Unanswered) },
		"expired":    func(context.Context, []putRecord) error { return failed(service.Expired) },
		"denied":     func(context.Context, []putRecord) error { return failed(service.Denied) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &fakeStream{t: t, fail: fail}
				o := outputOf(t, s)
				require.Equal(t, Retry, o.Flush(numbered(600), "tag"))
				require.EqualValues(t, 600, o.Counts().HandedBack)
				require.True(t, o.ledger.Empty(), "a chunk of which nothing is on the stream needs no entry")

				s.fail = nil
				require.Equal(t, OK, o.Flush(numbered(600), "tag"))
				require.Equal(t, upTo(600), s.numbers())
			})
		})
	}
}

func TestFlushSendsOnlyTheRestOfAChunkThatComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t}
		o := outputOf(t, s, "delivery_timeout", "0")
		refuse := func(digits string) {
			s.requests = nil
			s.refuse = func(r putRecord) string {
				if strings.ContainsRune(digits, rune('0'+r.n(t)%10)) {
					return throttledCode
				}
				return ""
			}
		}
		chunk := numbered(1000)
		refuse("012")
		require.Equal(t, Retry, o.Flush(chunk, "tag"))
		require.Equal(t, []int{500, 500}, s.requests)
		require.EqualValues(t, 300, o.Counts().HandedBack)

		refuse("0")
		require.Equal(t, Retry, o.Flush(chunk, "tag"))
		require.Equal(t, 300, total(s.requests))
		require.EqualValues(t, 700, o.Counts().LedgerHits)
		require.EqualValues(t, 400, o.Counts().HandedBack)

		refuse("")
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		require.Equal(t, 100, total(s.requests))
		require.Equal(t, upTo(1000), s.numbers())
		require.EqualValues(t, 1000, o.Counts().Accepted)
		require.EqualValues(t, 1000+300+100, o.Counts().Records)
		require.True(t, o.ledger.Empty())

		require.Equal(t, OK, o.Flush(chunk, "tag"))
		require.Len(t, s.numbers(), 2000, "a chunk that was taken and comes anew is sent anew")
	})
}

func total(counts []int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// offered offers a chunk as Fluent Bit does, until it is taken.
func (o *Output) offered(t *testing.T, chunk []byte, tag string) (offers int) {
	for offers = 1; ; offers++ {
		require.Less(t, offers, 1000)
		switch code := o.Flush(slices.Clone(chunk), tag); code {
		case OK:
			return offers
		default:
			require.Equal(t, Retry, code)
		}
	}
}

func TestFlushLandsEachRecordOnceOverManyOffers(t *testing.T) {
	for name, options := range map[string][]string{
		"under random keys":       {},
		"under keys of their own": {"partition_key", "key"},
		"packed":                  {"aggregation", "on", "aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", "512"},
		"packed, under keys of their own": {
			"partition_key", "key", "aggregation", "on", "aggregation_maximum_record_size", "1k", "skip_aggregation_record_size", "512",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, 1))
				s := &fakeStream{t: t, latency: time.Millisecond}
				s.refuse = func(putRecord) string {
					if random.IntN(3) == 0 {
						return throttledCode
					}
					return ""
				}
				o := outputOf(t, s, append(options, "delivery_timeout", "0")...)
				require.Greater(t, o.offered(t, keyed(1500, 20), "tag"), 2)
				require.Equal(t, upTo(1500), s.userNumbers())
				require.True(t, o.ledger.Empty())
				require.EqualValues(t, 1500, o.Counts().Accepted)
				require.Zero(t, s.overlaps)
			})
		})
	}
}

func TestFlushOfTheSameChunkTwiceAtOnceCountsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t}
		o := outputOf(t, s, "delivery_timeout", "0")
		chunk := numbered(10)
		refuse := func(n int) func(putRecord) string {
			return func(r putRecord) string {
				if r.n(t) == n {
					return throttledCode
				}
				return ""
			}
		}
		s.refuse = refuse(3)
		require.Equal(t, Retry, o.Flush(chunk, "tag"))
		s.refuse = refuse(7)
		// The other one, just the same: it spends the entry of the first.
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		require.Equal(t, Retry, o.Flush(chunk, "tag"))
		s.refuse = nil
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		var want []int
		for _, n := range upTo(10) {
			want = append(want, n, n)
		}
		require.Equal(t, want, s.numbers(), "each twice, for there were two")
		require.True(t, o.ledger.Empty())
	})
}

func TestFlushTellsChunksOfAnotherTagApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, refuse: func(r putRecord) string {
			if r.n(t) == 1 {
				return throttledCode
			}
			return ""
		}}
		o := outputOf(t, s, "delivery_timeout", "0")
		require.Equal(t, Retry, o.Flush(numbered(3), "a"))
		require.Equal(t, Retry, o.Flush(numbered(3), "b"))
		s.refuse = nil
		require.Equal(t, OK, o.Flush(numbered(3), "b"))
		require.Equal(t, OK, o.Flush(numbered(3), "a"))
		require.Equal(t, []int{0, 0, 1, 1, 2, 2}, s.numbers())
	})
}

func TestFlushCountsADroppedRecordOnceThoughItsChunkComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, fail: func(ctx context.Context, records []putRecord) error {
			if len(records) == 1 && string(records[0].Data) == "poison" {
				return failed(service.Invalid)
			}
			return refusesPoison(ctx, records)
		}}
		s.refuse = func(r putRecord) string {
			if string(r.Data) == "late" && len(s.landed) < 2 {
				return throttledCode
			}
			return ""
		}
		o := outputOf(t, s, "delivery_timeout", "0", "log_key", "log")
		var c flbhost.Chunk
		c.Append(eventsAt, kv("log", "late"))
		c.Append(eventsAt, kv("other", 1))
		c.Append(eventsAt, kv("log", "poison"))
		c.Append(eventsAt, kv("log", "early"))
		c.Append(eventsAt, kv("log", "early"))
		require.Equal(t, Retry, o.Flush(c.Bytes(), "tag"))
		require.Equal(t, OK, o.Flush(c.Bytes(), "tag"))
		require.Equal(t, []string{"early", "early", "late"}, s.data())
		require.EqualValues(t, 1, o.Counts().Dropped[record.NoLogKey])
		require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
		require.EqualValues(t, 4, o.Counts().LedgerHits)
	})
}

func TestFlushOfAChunkThatCannotBeReadToItsEnd(t *testing.T) {
	good := numbered(3)
	for name, tail := range map[string]string{
		"random bytes":          "\xc1\xff\x00",
		"an event cut off":      string(good[:5]),
		"a body that is no map": "\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x00\xa1a",
		"a value within a body": "\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x00\x81\xa1a\xc1",
		"a body cut off":        "\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x00\x82\xa1a\x01",
	} {
		for _, options := range [][]string{{}, {"partition_key", "a"}, {"data_keys", "n"}} {
			t.Run(fmt.Sprint(name, options), func(t *testing.T) {
				s, log := &fakeStream{t: t}, &logText{}
				o := outputLogging(t, log, s, configOf(t, options...))
				require.Equal(t, Error, o.Flush(append(slices.Clone(good), tail...), "tag"))
				require.Equal(t, upTo(3), s.numbers(), "what came before is delivered")
				require.EqualValues(t, 1, o.Counts().Dropped[record.Malformed])
				require.Contains(t, log.String(), fmt.Sprintf("from byte %d of %d on", len(good), len(good)+len(tail)))
				require.Equal(t, 1, strings.Count(log.String(), "level=error"))
				require.Equal(t, OK, o.Flush(numbered(3), "tag"), "the next one is fine")
			})
		}
	}
}

func TestFlushOffersTheGoodPartOfAMalformedChunkAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, fail: func(context.Context, []putRecord) error { return failed(service.Denied) }}
		o := outputOf(t, s)
		chunk := append(numbered(3), 0xc1)
		require.Equal(t, Retry, o.Flush(chunk, "tag"))
		s.fail = nil
		s.refuse = func(r putRecord) string {
			if r.n(t) == 1 && len(s.requests) < 4 {
				return throttledCode
			}
			return ""
		}
		require.Equal(t, Error, o.Flush(chunk, "tag"))
		require.Equal(t, upTo(3), s.numbers())
		require.EqualValues(t, 1, o.Counts().Dropped[record.Malformed], "counted once")
	})
}

func TestFlushOfAnyBytesEndsWithACode(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	s := &fakeStream{t: t}
	o := outputOf(t, s, "time_key", "time", "partition_key", "a->b", "replace_dots", "_")
	good := numbered(20)
	for range 300 {
		chunk := slices.Clone(good)[:random.IntN(len(good))]
		for range random.IntN(4) {
			if len(chunk) > 0 {
				chunk[random.IntN(len(chunk))] = byte(random.Uint32())
			}
		}
		require.Contains(t, []Code{OK, Error}, o.Flush(chunk, strconv.Itoa(len(chunk))))
	}
}

// Records under random keys that meet with a full shard go to another one.
func TestRecordsUnderRandomKeysFindTheirWayPastAFullShard(t *testing.T) {
	for _, format := range []string{wire.JSON, wire.CBOR} {
		t.Run(format, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				full := func(r putRecord) bool { return aggregate.HashOf([]byte(r.PartitionKey)).Hi>>62 == 2 } // of four shards the third
				s := &fakeStream{t: t}
				s.refuse = func(r putRecord) string {
					if full(r) {
						return throttledCode
					}
					return ""
				}
				o := outputOf(t, s, "wire_format", format)
				require.Equal(t, OK, o.Flush(numbered(1000), "tag"))
				require.Equal(t, upTo(1000), s.numbers())
				for _, r := range s.landed {
					require.Regexp(t, "^[A-Za-z0-9]{8}$", r.PartitionKey)
				}
			})
		})
	}
}
