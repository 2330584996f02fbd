package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/golang/mock/gomock"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/service"
)

func TestIsolateHalvesUntilTheRecordAtFaultIsAlone(t *testing.T) {
	mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		gomock.InOrder(
			client.expect("a", "b", "c", "poison", "e").Return(failed(service.Invalid)),
			client.expect("a", "b").DoAndReturn(codes("", "")),
			client.expect("c", "poison", "e").Return(failed(service.Invalid)),
			client.expect("c").DoAndReturn(codes("")),
			client.expect("poison", "e").Return(failed(service.Invalid)),
			client.expect("poison").Return(failed(service.Invalid)),
			client.expect("e").DoAndReturn(codes("")),
		)
		left, _ := o.delivered(t.Context(), "a", "b", "c", "poison", "e")
		require.Empty(t, left)
		require.EqualValues(t, 4, o.Counts().Accepted)
		require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
		require.EqualValues(t, 4, o.Counts().Requests[requestInvalid])
		require.Zero(t, o.Counts().Retried)
	})
}

func TestIsolateTriesTheHalvesAgain(t *testing.T) {
	mocked(t, []string{"experimental_concurrency", "1", "experimental_concurrency_retries", "2"}, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		gomock.InOrder(
			client.expect("a", "b", "poison", "d").Return(failed(service.Throttled)),
			client.expect("a", "b", "poison", "d").Return(failed(service.Invalid)),
			client.expect("a", "b").DoAndReturn(codes(throttledCode, "")),
			client.expect("a").DoAndReturn(codes(throttledCode)), // the last attempt
			client.expect("poison", "d").Return(failed(service.Invalid)),
			client.expect("poison").Return(failed(service.Invalid)),
			client.expect("d").DoAndReturn(codes("")),
		)
		left, err := o.delivered(t.Context(), "a", "b", "poison", "d")
		require.Equal(t, []uint32{10}, left)
		require.ErrorContains(t, err, throttledCode)
		require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
		require.Zero(t, o.retrying.Load())
	})
}

func TestIsolateAfterSomeRecordsWereTaken(t *testing.T) {
	mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		gomock.InOrder(
			client.expect("a", "b", "c", "d").DoAndReturn(codes("", throttledCode, "", throttledCode)),
			client.expect("b", "d").Return(failed(service.Invalid)),
			client.expect("b").Return(failed(service.Invalid)),
			client.expect("d").DoAndReturn(codes("")),
		)
		left, _ := o.delivered(t.Context(), "a", "b", "c", "d")
		require.Empty(t, left)
		require.EqualValues(t, 3, o.Counts().Accepted)
		require.EqualValues(t, 1, o.Counts().Dropped[dropInvalid])
	})
}

// refusesPoison refuses requests with a record that has the word in it.
func refusesPoison(_ context.Context, records []putRecord) error {
	for _, r := range records {
		if bytes.Contains(r.Data, []byte("poison")) {
			return failed(service.Invalid)
		}
	}
	return nil
}

// Wherever the records at fault are, all others land, once each and in order,
// and the ordinals of those at fault are what the log names.
func TestIsolateFindsEveryRecordAtFault(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	check := func(n int, poisoned ...int) {
		synctest.Test(t, func(t *testing.T) {
			s, log := &fakeStream{t: t, fail: refusesPoison}, &logText{}
			o := outputLogging(t, log, s, configOf(t, "log_key", "log"))
			var want []string
			chunk := chunkOf(n, func(i int) fields {
				text := fmt.Sprint("line ", i)
				if slices.Contains(poisoned, i) {
					text = "poison"
				} else {
					want = append(want, text)
				}
				return fields{kv("log", text)}
			})
			require.Equal(t, OK, o.Flush(chunk, "tag"))
			require.Equal(t, fmt.Sprint(want), fmt.Sprint(s.data()), "of %d, poison at %d", n, poisoned)
			require.EqualValues(t, len(poisoned), o.Counts().Dropped[dropInvalid])
			require.EqualValues(t, n-len(poisoned), o.Counts().Accepted)
			require.LessOrEqual(t, len(s.requests), 1+2*len(poisoned)*bits.Len(uint(n)))
			if len(poisoned) > 0 {
				require.Contains(t, log.String(), fmt.Sprintf("record %d of a chunk is dropped", poisoned[0]))
			}
		})
	}
	for n := 1; n <= 9; n++ {
		for i := range n {
			check(n, i)
		}
	}
	check(9, upTo(9)...)
	check(500, 0)
	check(500, 499)
	for range 5 {
		poisoned := random.Perm(500)[:1+random.IntN(6)]
		slices.Sort(poisoned)
		check(500, poisoned...)
	}
}

// What a proxy finds too large is halved like what the service does, and a
// record that is too large for it alone goes back: an operator can mend that.
func TestWhatIsTooLargeOnTheWayGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, fail: func(_ context.Context, records []putRecord) error {
			for _, r := range records {
				if len(records) > 4 || bytes.Contains(r.Data, []byte("7")) {
					return &service.Error{Fault: service.Invalid, Status: http.StatusRequestEntityTooLarge}
				}
			}
			return nil
		}}
		o := outputOf(t, s)
		require.Equal(t, Retry, o.Flush(numbered(16), "tag"))
		require.EqualValues(t, 15, o.Counts().Accepted)
		require.EqualValues(t, 1, o.Counts().HandedBack)
		s.fail = nil
		require.Equal(t, OK, o.Flush(numbered(16), "tag"))
		require.Equal(t, upTo(16), s.numbers(), "each once")
	})
}

func TestIsolateInSeveralRequestsSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStream{t: t, fail: refusesPoison, latency: 1}
		o := outputOf(t, s, "partition_key", "key", "log_key", "log")
		const n = 3000
		var want []string
		chunk := chunkOf(n, func(i int) fields {
			text := fmt.Sprint("line ", i)
			if i%701 == 13 {
				text = "poison"
			} else {
				want = append(want, text)
			}
			return fields{kv("log", text), kv("key", i%97), kv("room", strings.Repeat("x", 500))}
		})
		require.Equal(t, OK, o.Flush(chunk, "tag"))
		got := s.data()
		slices.Sort(got)
		slices.Sort(want)
		require.Equal(t, want, got)
		require.EqualValues(t, 5, o.Counts().Dropped[dropInvalid])
		require.Greater(t, s.most, 1)
		require.Zero(t, s.overlaps)
	})
}

// unpackedPoison is refusesPoison for records that are compressed.
func unpackedPoison(s *fakeStream) func(context.Context, []putRecord) error {
	return func(ctx context.Context, records []putRecord) error {
		unpacked := slices.Clone(records)
		for i := range unpacked {
			unpacked[i].Data = s.unpacked(unpacked[i].Data)
		}
		return refusesPoison(ctx, unpacked)
	}
}
