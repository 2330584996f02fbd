package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang/mock/gomock"
	"github.com/stretchr/testify/require"

	"fluent-bit-kinesis/kinesis/pace"
	"fluent-bit-kinesis/kinesis/service"
	"fluent-bit-kinesis/kinesis/wire"
)

//go:generate go tool mockgen -source poster.go -destination poster_mock_test.go -package kinesis -write_package_comment=false

// mocked runs a test with an instance whose client is a mock, on a clock of
// its own.
func mocked(t *testing.T, options []string, test func(t *testing.T, o *Output, client *MockposterMockRecorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client := NewMockposter(gomock.NewController(t))
		test(t, outputOf(t, client, options...), client.EXPECT())
	})
}

// batchOf is a batch of records of these data, with the ordinals 10, 11, ...
func (o *Output) batchOf(of *flush, data ...string) *batch {
	b := o.d.getBatch()
	for i, d := range data {
		b.add(recordOf(d, "k"), stripes{}, nil, of, uint32(10+i))
	}
	return b
}

// delivered delivers records of these data, and returns the ordinals that are
// left and why.
func (o *Output) delivered(ctx context.Context, data ...string) ([]uint32, error) {
	o.ctx = ctx
	f := &flush{}
	f.unsettled.Add(len(data))
	dl := o.d.newDelivery(&rest{})
	defer dl.end()
	dl.batches = append(dl.batches, o.batchOf(f, data...))
	dl.deliver(dl.batches[0])
	f.unsettled.Wait()
	return f.refused, f.err
}

// A carrying matches the body of a request that carries these data.
type carrying []string

func (c carrying) Matches(body any) bool {
	b := emptyBatch()
	for _, data := range c {
		b.add(recordOf(data, "k"), stripes{}, nil, nil, 0)
	}
	return bytes.Equal(b.body.Close(), body.([]byte)) // spans, and so bytes, are copied
}

func (c carrying) String() string { return fmt.Sprintf("carries %q", []string(c)) }

// expect has the client called with these data.
func (mr *MockposterMockRecorder) expect(data ...string) *gomock.Call {
	return mr.Post(gomock.Any(), carrying(data), len(data), gomock.Any())
}

type postFunc = func(ctx context.Context, body []byte, n int, into *wire.Answer) error

// codes answers with an error code for each record, "" where it is taken.
func codes(codes ...string) postFunc {
	return func(_ context.Context, _ []byte, _ int, into *wire.Answer) error { return answering(into, codes...) }
}

// failed answers that the request as a whole is not taken.
func failed(f service.Fault) *service.Error {
	return &service.Error{Fault: f, Status: 400, Code: "C", Message: "m"}
}

func TestDeliverSendsOnlyTheRefusedEntriesAgain(t *testing.T) {
	mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		gomock.InOrder(
			client.expect("a", "b", "c", "d", "e").DoAndReturn(codes("", throttledCode, "", failureCode, throttledCode)),
			client.expect("b", "d", "e").DoAndReturn(codes(failureCode, "", throttledCode)),
			client.expect("b", "e").DoAndReturn(codes("", "")),
		)
		left, _ := o.delivered(t.Context(), "a", "b", "c", "d", "e")
		require.Empty(t, left)
		require.EqualValues(t, 5, o.Counts().Accepted)
		require.EqualValues(t, 10, o.Counts().Bytes)
		require.EqualValues(t, 5, o.Counts().Retried)
		require.EqualValues(t, 2, o.Counts().Requests[requestPartial])
		require.EqualValues(t, 1, o.Counts().Requests[requestAccepted])
		require.Zero(t, o.retrying.Load())
	})
}

func TestDeliverLeavesWhatIsRefusedToTheEnd(t *testing.T) {
	mocked(t, []string{"experimental_concurrency", "1", "experimental_concurrency_retries", "3"}, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		gomock.InOrder(
			client.expect("a", "b", "c").DoAndReturn(codes(throttledCode, "", throttledCode)),
			client.expect("a", "c").DoAndReturn(codes(throttledCode, throttledCode)).Times(2),
			client.expect("a", "c").DoAndReturn(codes(throttledCode, failureCode)),
		)
		left, err := o.delivered(t.Context(), "a", "b", "c")
		require.Equal(t, []uint32{10, 12}, left)
		require.EqualError(t, err, "InternalFailure: message of InternalFailure")
		require.EqualValues(t, 1, o.Counts().Accepted)
		require.Zero(t, o.retrying.Load())

		client.expect("x", "y").DoAndReturn(codes("", ""))
		left, err = o.delivered(t.Context(), "x", "y")
		require.Empty(t, left, "nothing of the delivery before it is left in this one")
		require.NoError(t, err)
	})
}

func TestDeliverSendsAllAgainAfterAFaultThatPasses(t *testing.T) {
	for _, f := range []service.Fault{service.Unanswered, service.Throttled, service.Failing, service.Expired} {
		t.Run(f.String(), func(t *testing.T) {
			mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
				gomock.InOrder(
					client.expect("a", "b").Return(failed(f)).Times(2),
					client.expect("a", "b").DoAndReturn(codes(throttledCode, "")),
					client.expect("a").DoAndReturn(codes("")),
				)
				left, _ := o.delivered(t.Context(), "a", "b")
				require.Empty(t, left)
				require.EqualValues(t, 2, o.Counts().Accepted)
				require.EqualValues(t, 2, o.Counts().Requests[outcomeOf(f)])
			})
		})
	}
}

func TestDeliverGivesUpAfterItsAttemptsInTheBackground(t *testing.T) {
	for _, retries := range []int{0, 1, 10} {
		t.Run(fmt.Sprint(retries, " retries"), func(t *testing.T) {
			mocked(t, []string{"experimental_concurrency", "1", "experimental_concurrency_retries", fmt.Sprint(retries)}, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
				client.expect("a").Return(failed(service.Failing)).Times(retries + 1)
				left, err := o.delivered(t.Context(), "a")
				require.Equal(t, []uint32{10}, left)
				require.Equal(t, failed(service.Failing), err)
				require.EqualValues(t, retries, o.Counts().Retried)
			})
		})
	}
}

func TestDeliverHandsBackAtOnceWhatAnOperatorCanMend(t *testing.T) {
	mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		begin := time.Now()
		client.expect("a", "b").Return(failed(service.Denied))
		left, err := o.delivered(t.Context(), "a", "b")
		require.Equal(t, []uint32{10, 11}, left)
		require.EqualError(t, err, "C: m (HTTP status 400)")
		require.Zero(t, time.Since(begin))
		require.EqualValues(t, 1, o.Counts().Requests[requestDenied])
	})
}

func TestDeliverInTheBackgroundTriesThatAgain(t *testing.T) {
	mocked(t, []string{"experimental_concurrency", "1"}, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		gomock.InOrder(
			client.expect("a").Return(failed(service.Denied)).Times(4),
			client.expect("a").DoAndReturn(codes("")),
		)
		left, _ := o.delivered(t.Context(), "a")
		require.Empty(t, left)
	})
}

func TestDeliverDoesNotTryAgainWhatWasGivenUpUnsent(t *testing.T) {
	mocked(t, []string{"experimental_concurrency", "1"}, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		client.expect("a").Return(failed(service.Unsent))
		left, _ := o.delivered(t.Context(), "a")
		require.Equal(t, []uint32{10}, left)
	})
}

// othersAreTaken has the stream accept something of others a moment from now, so that
// the pacer holds nobody up.
func (o *Output) othersAreTaken() {
	time.AfterFunc(time.Microsecond, func() {
		o.d.pacer.Learn(pace.Outcome{Accepted: pace.Amount{Records: 1}})
	})
}

// Full jitter: any time up to a bound that doubles from 100 ms to 2 s.
func TestDeliverBacksOff(t *testing.T) {
	bounds := []time.Duration{100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000, 2000}
	mocked(t, []string{"delivery_timeout", "2m"}, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
		var attempts []time.Time
		client.expect("a").DoAndReturn(func(context.Context, []byte, int, *wire.Answer) error {
			attempts = append(attempts, time.Now())
			o.othersAreTaken()
			return failed(service.Failing)
		}).AnyTimes()
		const runs = 300
		shortest, longest := make([]time.Duration, len(bounds)), make([]time.Duration, len(bounds))
		for run := range runs {
			attempts = attempts[:0]
			_, _ = o.delivered(t.Context(), "a")
			require.Greater(t, len(attempts), len(bounds))
			for i := range bounds {
				waited := attempts[i+1].Sub(attempts[i])
				longest[i] = max(longest[i], waited)
				if run == 0 {
					shortest[i] = waited
				}
				shortest[i] = min(shortest[i], waited)
			}
		}
		for i, bound := range bounds {
			bound *= time.Millisecond
			require.LessOrEqual(t, longest[i], bound+time.Millisecond, "wait %d", i)
			require.Greater(t, longest[i], bound*8/10, "wait %d", i) // 300 times below it: once in 10^29
			require.Less(t, shortest[i], bound*2/10, "wait %d", i)
		}
	})
}

func TestDeliverEndsWithItsContext(t *testing.T) {
	t.Run("while it waits for the next attempt", func(t *testing.T) {
		mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
			defer cancel()
			client.expect("a", "b", "c").DoAndReturn(codes("", "InternalFailure", ""))
			left, err := o.delivered(ctx, "a", "b", "c")
			require.Equal(t, []uint32{11}, left)
			require.ErrorContains(t, err, "InternalFailure")
			require.Equal(t, time.Nanosecond, time.Since(begin))
			require.Zero(t, o.retrying.Load())
		})
	})
	t.Run("while a request hangs", func(t *testing.T) {
		mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			client.expect("a").DoAndReturn(func(ctx context.Context, _ []byte, _ int, _ *wire.Answer) error {
				<-ctx.Done()
				return failed(service.Unanswered)
			})
			left, err := o.delivered(ctx, "a")
			require.Equal(t, []uint32{10}, left)
			require.Error(t, err)
			require.Equal(t, time.Minute, time.Since(begin))
		})
	})
}

func TestDeliverCountsRequestsByTheirEnd(t *testing.T) {
	for outcome, answer := range map[requestOutcome]postFunc{
		requestAccepted:   codes("", ""),
		requestPartial:    codes("", throttledCode),
		requestThrottled:  func(context.Context, []byte, int, *wire.Answer) error { return failed(service.Throttled) },
		requestFailing:    func(context.Context, []byte, int, *wire.Answer) error { return failed(service.Failing) },
		requestUnanswered: func(context.Context, []byte, int, *wire.Answer) error { return failed(service.Unanswered) },
		requestDenied:     func(context.Context, []byte, int, *wire.Answer) error { return failed(service.Denied) },
	} {
		t.Run(outcomeNames[outcome], func(t *testing.T) {
			mocked(t, []string{"delivery_timeout", "0"}, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
				client.expect("a", "b").DoAndReturn(answer)
				_, _ = o.delivered(t.Context(), "a", "b")
				for other := range requestOutcomes {
					want := 0
					if other == outcome {
						want = 1
					}
					require.EqualValues(t, want, o.Counts().Requests[other], outcomeNames[other])
				}
			})
		})
	}
}

// A request that has its answer leaves its place in flight, whatever the answer is:
// what is tried again asks for another, and others may go meanwhile.
func TestARequestLeavesItsPlaceInFlightWithItsAnswer(t *testing.T) {
	for name, answer := range map[string]postFunc{
		"all is taken":       codes("", ""),
		"some is refused":    codes("", throttledCode),
		"all is refused":     codes(failureCode, failureCode),
		"nothing comes back": func(context.Context, []byte, int, *wire.Answer) error { return failed(service.Unanswered) },
	} {
		t.Run(name, func(t *testing.T) {
			mocked(t, nil, func(t *testing.T, o *Output, client *MockposterMockRecorder) {
				client.Post(gomock.Any(), gomock.Any(), 2, gomock.Any()).DoAndReturn(answer)
				f := &flush{}
				f.unsettled.Add(2)
				dl := o.d.newDelivery(&rest{})
				defer dl.end()
				b := o.batchOf(f, "a", "b")
				require.True(t, dl.admit(b))
				require.Equal(t, 1, o.d.pacer.State().InFlight)
				_ = dl.attempt(b)
				require.Zero(t, o.d.pacer.State().InFlight)
			})
		})
	}
}
